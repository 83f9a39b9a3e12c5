"""Which key of a mapping an unknown one was meant to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from floe_compiler.model.diagnostics import likeness, near


def meant_keys(unknown: Collection[str], absent: Collection[str]) -> Mapping[str, str]:
    """Return, by unknown key, the known but absent one that it is probably a misspelling of.

    No two unknown keys have the same meaning: the most alike pairs are taken first.
    """
    pairs = [(likeness(known, word), word, known) for word in unknown for known in near(word, absent)]
    meant: dict[str, str] = {}
    for _, word, known in sorted(pairs, key=lambda pair: pair[0], reverse=True):
        if word not in meant and known not in meant.values():
            meant[word] = known
    return meant
