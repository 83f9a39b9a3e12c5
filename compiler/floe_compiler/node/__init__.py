"""Node.js, and the process in which it runs cdk8s."""
