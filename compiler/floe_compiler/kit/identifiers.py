"""Names outside Kubernetes: namespaces and tables of a catalog, and jobs of an orchestrator."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Return a name as part of an Iceberg identifier or a variable's name, without hyphens, which SQL has to quote."""
    return name.replace("-", "_")
