"""Hints and lists of limited length."""

from __future__ import annotations

from collections.abc import Collection, Iterable

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


def some(items: Iterable[object]) -> str:
    """Return the items with commas; of a long list, the first items and how many more there are."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return f"{', '.join(texts[:SHOWN])}{more}"
