"""Readable data paths: list items are shown by name if they have one."""

from __future__ import annotations

import re
from typing import Any

from floe_compiler.model.document import DataPath


def show_place(path: DataPath, manifest: Any) -> str:
    """Return a path in an object's data, such as `spec.template.spec.containers[web].image`."""
    text = ""
    for step, label in zip(path, labels(path, manifest), strict=True):
        text += f".{label}" if text and isinstance(step, str) else label
    return text


def place_below(place: str, key: str) -> str:
    """Return the path of a key below a path, both as messages show them."""
    return f'{place}["{key}"]' if re.search(r"\s", key) else f"{place}.{key}"


def labels(path: DataPath, manifest: Any) -> tuple[str, ...]:
    """Return the steps of a path as text: keys, and items of lists by name or position (`[web]`, `[0]`)."""
    steps, value = [], manifest
    for step in path:
        value = _below(value, step)
        steps.append(step if isinstance(step, str) else f"[{item_name(value) or step}]")
    return tuple(steps)


def item_name(value: Any) -> str:
    """Return the name of a list's item; a whole object has it in its metadata."""
    if not isinstance(value, dict):
        return ""
    metadata = value.get("metadata")
    named = metadata if isinstance(metadata, dict) else value
    return str(named.get("name", ""))


def _below(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None
