"""Hints that stay short where there is much to choose from."""

from __future__ import annotations

from collections.abc import Collection

from floe_compiler.model.diagnostics import did_you_mean

_FEW = 12


def near(word: str, known: Collection[str]) -> str:
    """Return a hint naming the known word nearest to `word`; if none is near, all of them where they are few."""
    hint = did_you_mean(word, known)
    return hint if len(known) <= _FEW or hint.startswith("did you mean") else ""
