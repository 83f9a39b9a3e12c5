"""The head of an object: version, kind and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.model.objects import Object


def manifest(
    api_version: str,
    kind: str,
    name: str,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    *,
    namespace: str = "",
    **body: Any,
) -> Object:
    """Return an object; empty labels and annotations are left out, and `body` follows the metadata.

    Its chart adds the namespace and common labels. `namespace` is for an object outside the chart's namespace.
    """
    metadata: Object = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(sorted(labels.items()))
    if annotations:
        metadata["annotations"] = dict(sorted(annotations.items()))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def present(**fields: Any) -> Object:
    """Return the fields that have a value, without None and empty strings, lists and mappings."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, ())}
