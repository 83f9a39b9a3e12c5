"""The few words in which the models of custom resources are written; each returns a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
MAPPING: Schema = {"type": "object"}
NAME: Schema = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"}
KEY: Schema = {"type": "string", "pattern": r"^[-._a-zA-Z0-9]+$"}
DURATION: Schema = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}


def record(required: str = "", /, **properties: Schema) -> Schema:
    """Return the schema of a mapping with exactly these keys; `required` names the needed ones, with spaces between."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def listed(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def word(*words: str) -> Schema:
    """Return the schema of a string that is one of these words."""
    return {"type": "string", "enum": list(words)}


def resource(spec: Schema) -> Schema:
    """Return the schema of an object; its metadata is that of every Kubernetes object and is checked apart."""
    return record("apiVersion kind metadata spec", apiVersion=TEXT, kind=TEXT, metadata=MAPPING, spec=spec)
