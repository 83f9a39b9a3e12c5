"""Literal values of secrets in texts, such as `password: literal`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache

from floe_compiler.model.comments import without_comments
from floe_compiler.model.credentials import is_random_secret, names_secret, stands_for_itself

_KEY = r"""(?:\\[nrt]|(?<![\w.\\-])-*)(?P<key>[A-Za-z][\w.-]*)["']?"""
_VALUE = r"""(?P<quote>["']?)(?P<value>[^\s"',;)}\]]+)"""
# What may follow a value that ends its line or item: prose has another word there.
_END = r"""(?=["']?[ \t]*(?:$|[,;)}\]#]|\\n))"""
_ASSIGNMENTS = (
    re.compile(rf"{_KEY}=[ \t]*{_VALUE}"),  # of a shell: another word may follow
    re.compile(rf"{_KEY}[ \t]*(?:[ \t]=[ \t]*|:[ \t]+|:(?=[\"'])){_VALUE}{_END}", re.MULTILINE),
)
# Alone, these words usually name a secret.
_REFERENCES = frozenset({"credential", "credentials", "secret"})
_CODE = re.compile(r"[(\[]|^[A-Za-z_]\w*(?:\.\w+)+$")


def assigned_secrets(text: str, known: Collection[str]) -> Iterator[tuple[str, int]]:
    """Return the name and line of each secret that a text gives a literal value.

    Args:
        text: A configuration file, script or argument.
        known: Names of Secrets and their keys: a value that is one of them is a reference.
    """
    return ((key, line) for key, value, line in _assignments(text) if is_literal(value, known))


def is_literal(value: str, known: Collection[str]) -> bool:
    """Return whether a value is literal: not a variable, path, empty word, or name of a known secret."""
    is_variable = value.isupper() and names_secret(value)
    return stands_for_itself(value) and value not in known and not is_variable


@cache  # the same scripts, settings and variables are in every domain's objects
def _assignments(text: str) -> tuple[tuple[str, str, int], ...]:
    """Return name, value and line of each secret that a text gives a value."""
    text = without_comments(text)
    return tuple(
        (match["key"], match["value"], text.count("\n", 0, match.start()) + 1)
        for pattern in _ASSIGNMENTS
        for match in pattern.finditer(text)
        if _gives_secret(match["key"], match["value"]) and not _is_code(match)
    )


def _gives_secret(key: str, value: str) -> bool:
    return (names_secret(key) and key.lower() not in _REFERENCES) or is_random_secret(key, value)


def _is_code(match: re.Match[str]) -> bool:
    return not match["quote"] and bool(_CODE.search(match["value"]) or match["value"] == match["key"])
