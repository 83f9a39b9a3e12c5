"""The published schemas of custom resources: data files; `schemas/README.md` lists their sources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from floe_compiler.check.objects.custom_resources.definitions import strict_schema

ADDED: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("external-secrets.io/v1", "ExternalSecret"): {
        "required": ["spec"],
        "properties": {
            "spec": {"properties": {"refreshInterval": {"pattern": r"^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$"}}}
        },
    },
}
"""Requirements of an operator that are not in its published definition, as another schema, by API version and kind.

External Secrets parses the interval with Go's `time.ParseDuration`, and its webhook refuses a resource without data.
"""

REMOVED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("external-secrets.io/v1beta1", kind): ("External Secrets 0.17", "external-secrets.io/v1")
    for kind in ("ClusterExternalSecret", "ClusterSecretStore", "ExternalSecret", "SecretStore")
}
"""Versions that an operator removed, by API version and kind: the release that removed it, and the version to use."""


def published_schema(api_version: str, kind: str) -> Mapping[str, Any] | None:
    """Return the published schema of a kind, as strict as the API server, or None if there is none."""
    path = schema_files().get((api_version, kind))
    if path is None:
        return None
    schema = strict_schema(json.loads(path.read_text("utf-8")))
    added = ADDED.get((api_version, kind))
    return {**schema, "allOf": [added]} if added else schema


@cache
def schema_files() -> Mapping[tuple[str, str], Path]:
    """Return the schema files by API version and kind, which are in their names `<group>/<kind>_<version>.json`."""
    folder = Path(str(resources.files(__package__) / "schemas"))
    files: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.glob("*/*.json")):
        kind, _, version = path.stem.partition("_")
        files[f"{path.parent.name}/{version}", kind] = path
    return files
