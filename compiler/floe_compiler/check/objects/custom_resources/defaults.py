"""The defaults of a CustomResourceDefinition, which the API server sets before it validates an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.model.nested_fields import mapping


def with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return the value with the defaults of its structural schema; what is there is kept, and never changed in place.

    Source: apiextensions-apiserver, `pkg/apiserver/schema/defaulting/algorithm.go`.
    """
    if isinstance(value, dict):
        properties, others = mapping(schema, ("properties",)), mapping(schema, ("additionalProperties",))
        missing = {
            key: below["default"]
            for key, below in properties.items()
            if isinstance(below, dict) and "default" in below and _is_unset(value, key, below)
        }
        return {
            key: with_defaults(item, mapping(properties, (key,)) or others)
            for key, item in {**value, **missing}.items()
        }
    if isinstance(value, list):
        items = mapping(schema, ("items",))
        return [with_defaults(item, items) for item in value] if items else value
    return value


def has_defaults(schema: Any) -> bool:
    """Return whether there is a default anywhere in a structural schema."""
    if not isinstance(schema, dict):
        return False
    below = (*mapping(schema, ("properties",)).values(), schema.get("additionalProperties"), schema.get("items"))
    return "default" in schema or any(map(has_defaults, below))


def _is_unset(value: Mapping[str, Any], key: str, schema: Mapping[str, Any]) -> bool:
    return key not in value or (value[key] is None and not schema.get("nullable"))
