"""What the shared services of environments resolve to, for a program that compiles again and again.

Most edits are of domains, and the shared services see little of these: which there are, and what they ask to be served.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.object_memory import Question, keep_answer, known_answer
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.known_parts import KnownParts, Name

Made = TypeVar("Made")

PARTS = ("merged", "shared")
"""The parts of a resolution that are remembered."""


class KnownPlatforms(KnownParts):
    """Knows these parts of earlier resolutions of the same documents besides those of domains, with their places."""

    def __init__(self, sources: Sources) -> None:
        documents = (*sources.manifests, *sources.environments.values(), *sources.images.values())
        rest = (sources.path, sorted(sources.obeyed.items()), sorted(sources.authorities.items()), sources.unlimited)
        omitted = (sorted(sources.omitted_domains), sorted(sources.omitted_environments))
        self._beside = digest_of(*(document.digest for document in documents), encode((rest, omitted)))
        self._made: dict[Question, object] = {}

    def get(self, name: Name, follows: Callable[[], object], make: Callable[[], Made]) -> Made:
        """Return a part of the resolution."""
        if name[0] not in PARTS:
            return make()
        question = (KnownPlatforms, name), digest_of(self._beside, encode(follows()))
        known: Made | None = known_answer(question)
        if known is None:
            known = self._made[question] = make()
        return known

    def keep(self) -> None:
        """Remember the parts that were made. They have no findings: those would be missing the next time."""
        for question, made in self._made.items():
            keep_answer(question, made)
