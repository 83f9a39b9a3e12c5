"""What Kubernetes' OpenAPI documents do not say of its own kinds. `README.md` lists the sources of the data files."""
