"""floe-compile: a declarative GitOps manifest compiler for data-mesh platforms."""
