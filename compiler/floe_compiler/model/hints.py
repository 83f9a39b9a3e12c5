"""Hints and lists of limited length."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from floe_compiler.model.annotations import EXTERNAL_REFERENCES
from floe_compiler.model.diagnostics import did_you_mean

_FEW = 12
_MANY = 300
SHOWN = 5
"""How many items of a list a message shows."""


def near(word: str, known: Collection[str]) -> str:
    """Return a hint with the known word nearest to `word`; if none is near and they are few, with all known words.

    Very many words are not searched, as that takes milliseconds for each mistake.
    """
    if len(known) > _MANY:
        return ""
    hint = did_you_mean(word, known)
    return hint if len(known) <= _FEW or hint.startswith("did you mean") else ""


def missing(kind: str, name: str, known: Collection[str]) -> str:
    """Return a hint for an object which is not in the output: the nearest of its kind, or how to say who creates it."""
    hint = near(name, known)
    if hint.startswith("did you mean"):
        return hint
    answer = f"if it is created outside the output, set the annotation {EXTERNAL_REFERENCES}: {kind}/{name}"
    return f"{hint}; {answer}" if hint else answer


def with_hint(text: str) -> tuple[str, str]:
    """Return the message and the hint of a text such as "x is not a label; did you mean y?"."""
    message, _, hint = text.partition("; ")
    return message, hint


def some(items: Iterable[object]) -> str:
    """Return the items with commas; of a long list, the first items and how many more there are."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return f"{', '.join(texts[:SHOWN])}{more}"
