"""Hints and lists that stay short, however much there is to name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from floe_compiler.model.diagnostics import did_you_mean

_FEW = 12
_MANY = 300
SHOWN = 5
"""How many of a list a message shows."""


def near(word: str, known: Collection[str]) -> str:
    """Return a hint naming the known word nearest to `word`; if none is near, all of them where they are few.

    Among very many words none is looked for: that takes milliseconds, for each of as many mistakes.
    """
    if len(known) > _MANY:
        return ""
    hint = did_you_mean(word, known)
    return hint if len(known) <= _FEW or hint.startswith("did you mean") else ""


def some(items: Iterable[object]) -> str:
    """Return a list with commas; of a long one the beginning, and how many more there are."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return f"{', '.join(texts[:SHOWN])}{more}"
