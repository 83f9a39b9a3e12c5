"""Names of things outside Kubernetes: namespaces and tables of a catalog, and jobs of an orchestrator."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Return a name as a part of an Iceberg identifier or of a variable's name: SQL has to quote hyphens."""
    return name.replace("-", "_")
