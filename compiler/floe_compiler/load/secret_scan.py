"""Secret values in authored documents: they would end up in Git for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_compiler.load.rules import SECRET_VALUE
from floe_compiler.model.credentials import names_secret, secret_in
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import DataPath, Document, show_path

HINT = "put it into the secret store and refer to it: secrets: {VARIABLE: {secret: <name>, key: <key>}}"
REFERENCES = frozenset({"secret", "secrets", "keys", "store", "pull_secret"})
"""Keys below which names of secrets stand, not their values."""


def secret_values(document: Document) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each value that looks like a secret, never showing it."""
    for path, value in _texts(document.data):
        kind = secret_in(value)
        if not kind and _names_value(path):
            kind = "the value of a secret"
        if kind:
            message = f"{show_path(path)} looks like {kind}"
            yield Diagnostic(SECRET_VALUE, message, document.span(path), hint=HINT)


def _names_value(path: DataPath) -> bool:
    keys = [str(step) for step in path]
    return names_secret(keys[-1]) and not REFERENCES.intersection(keys)


def _texts(data: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index))
    elif isinstance(data, str) and data:
        yield path, data
