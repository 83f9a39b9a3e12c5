"""Readable paths of fields, the same in differences and explanations."""

from __future__ import annotations

import re
from typing import Any

from floe_compiler.model.document import DataPath
from floe_compiler.report.alignment import MERGE_KEYS, by_merge_key

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*|\[.*\]", re.DOTALL)


def show_field(path: DataPath, manifest: Any) -> str:
    """Return a path in an object's data such as `spec.containers[app].image` or `data["app.yaml"]`."""
    keys: list[str] = []
    value, field = manifest, ""
    for step in path:
        if isinstance(step, str):
            keys.append(step)
            field = step
        else:
            named = by_merge_key(value, MERGE_KEYS.get(field, ()))
            keys.append([*named][step] if named else f"[{step}]")
            field = ""
        value = value[step]
    return show_keys(tuple(keys))


def show_keys(keys: tuple[str, ...]) -> str:
    """Return keys, and list items such as `[app]`, as a path."""
    text = ""
    for key in keys:
        if key.startswith("["):
            text += key
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f'["{key}"]'
    return text
