"""Node.js, and cdk8s in it. Nothing heavy is imported here, so that a run can start it first of all."""
