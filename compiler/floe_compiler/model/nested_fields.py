"""Lookups in plain data by path. For missing parts and parts of another type, they return empty values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_compiler.model.document import DataPath


def at(data: Any, path: DataPath) -> Any:
    """Return the value under these keys; None if it is missing."""
    for step in path:
        if not isinstance(data, dict):
            return None
        data = data.get(step)
    return data


def mapping(data: Any, path: DataPath) -> dict[str, Any]:
    """Return the mapping under these keys; empty if it is missing or not a mapping."""
    for step in path:  # as `at`: it is called a hundred times for each object
        if not isinstance(data, dict):
            return {}
        data = data.get(step)
    return data if isinstance(data, dict) else {}


def items(data: Any, path: DataPath) -> list[Any]:
    """Return the list under these keys; empty if it is missing or not a list."""
    value = at(data, path)
    return value if isinstance(value, list) else []


def mappings(data: Any, path: DataPath) -> list[dict[str, Any]]:
    """Return the mappings in the list under these keys."""
    return [item for item in items(data, path) if isinstance(item, dict)]


def with_value(data: Any, path: DataPath, value: Any) -> Any:
    """Return plain data with another value at `path`; missing mappings are created. All else is shared, not copied."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, list | tuple):
        return [with_value(item, rest, value) if index == step else item for index, item in enumerate(data)]
    fields = data if isinstance(data, Mapping) else {}
    return {**fields, step: with_value(fields.get(step), rest, value)}
