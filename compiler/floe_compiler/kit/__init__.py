"""Pure builders that turn what components declare into Kubernetes objects."""
