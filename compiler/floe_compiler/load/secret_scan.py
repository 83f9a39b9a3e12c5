"""Secret values in authored documents: they would end up in Git forever."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from floe_compiler.load.rules import SECRET_VALUE
from floe_compiler.model.assigned_secrets import assigned_secrets
from floe_compiler.model.credentials import (
    LOGIN,
    PASSWORD_IN_URL,
    holds_secret,
    is_random_secret,
    may_show_secret,
    option_of_secret,
    secret_in,
    stands_for_itself,
)
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import DataPath, Document, show_path


def secret_values(document: Document) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each value that looks like a secret, never showing it."""
    for path, value, before in _scalars(document.data):
        kind = secret_in(str(value))
        if not kind and (_is_secret(path, str(value)) or _is_option_value(before, str(value))):
            kind = "the value of a secret"
        if kind:
            message = f"{show_path(path)} looks like {kind}"
            yield Diagnostic(SECRET_VALUE, message, document.span(path), hint=_hint(kind, path), secret=True)


def _is_secret(path: DataPath, value: str) -> bool:
    """Return whether a value is that of a secret, by the keys that lead to it, or by a description that says so."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    # What other texts say is looked at when it is rendered.
    described = key == "description" and any(assigned_secrets(value, ()))
    return described or holds_secret(path) or is_random_secret(key, value)


def may_assign_secret(document: Document) -> bool:
    """Tell whether a text in a document may give a secret a value, as a script does; rather too often than not.

    What comes of it is refused when the rendered objects are checked, which know the names of Secrets: these are no
    values.
    """
    scalars = [(path, str(value)) for path, value, _ in _scalars(document.data)]
    keys = {str(step) for path, _ in scalars for step in path}
    return any(map(may_show_secret, (*keys, *(value for _, value in scalars))))


def _hint(kind: str, path: DataPath) -> str:
    """Return the hint for a secret: how to refer to it at this location."""
    if "steps" in path and "connects" not in path:
        name = next((key for above, key in pairwise(path) if above in ("variables", "secrets")), "VARIABLE")
        return f"put it into the secret store and refer to it: secrets: {{{name}: {{secret: <name>, key: <key>}}}}"
    if kind == PASSWORD_IN_URL:
        return "leave it out of the URL, and give it to the program that reads the URL as a secret"
    if kind == LOGIN:
        return "leave the user and the password out, and give them to the program as a secret"
    form = "credentials: {type: secret, name: <name>}" if "credentials" in path else "secret: {name: <name>}"
    return f"put it into the secret store and name the secret instead: {form}"


def _is_option_value(before: object, value: str) -> bool:
    return option_of_secret(before) and not value.startswith("-") and stands_for_itself(value)


def _scalars(
    data: Any, path: DataPath = (), before: object = None
) -> Iterator[tuple[DataPath, str | int | float, object]]:
    """Yield every text and number that is not empty, with its path, and the item before it in its list."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _scalars(value, (*path, key))
    elif isinstance(data, list):
        for index, (previous, value) in enumerate(pairwise([None, *data])):
            yield from _scalars(value, (*path, index), previous)
    elif isinstance(data, str | int | float) and not isinstance(data, bool) and data != "":
        yield path, data, before
