"""What a data product declares not to be a secret, although it looks like one: `not_secrets` in its file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from floe_compiler.model.document import DataPath

KEY = "not_secrets"


def key_of(path: DataPath) -> str:
    """Return the key that a value is written under: that of the list, for an item of a list."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def values_of(product: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values of a data product (its document as plain data) that are not secrets."""
    if names := product.get(KEY):
        yield from _values(product.get("steps", ()), names)


def without_values(text: str, values: Collection[str]) -> str:
    """Return a text without these values, where they stand alone, as they are or in JSON."""
    for value in values:
        for written in {value, json.dumps(value)[1:-1]}:
            text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", "", text)
    return text


def _values(data: Any, names: Collection[str], key: str = "") -> Iterator[str]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _values(value, names, str(name))
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _values(value, names, key)
    elif key in names and data not in ("", None):
        yield str(data)
