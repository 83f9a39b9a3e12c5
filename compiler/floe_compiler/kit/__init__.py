"""Pure functions that turn the facts that components declare into Kubernetes objects."""
