"""The order of work if another process compiles some of the environments at the same time: theirs come last.

Then most of what they compile to is in the cache, and need not be made once more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from floe_compiler.model.sites import environment_of

Item = TypeVar("Item")


class Other(Protocol):
    """Another process that compiles the same inputs, and puts its results into the cache."""

    @property
    def environments(self) -> Collection[str]:
        """The environments that it compiles now; none if it does not."""

    def awaited(self) -> AbstractContextManager[None]:
        """Within this context, what the cache lacks may still come: asking for it takes as long."""


_other: Other | None = None


@contextmanager
def sharing_with(other: Other) -> Iterator[None]:
    """Share the work with another process until the end of the context."""
    global _other
    before, _other = _other, other
    try:
        yield
    finally:
        _other = before


def in_turns(items: Iterable[Item], site_of: Callable[[Item], str]) -> Iterator[list[Item]]:
    """Yield the items to ask the cache for, and to make if it lacks them: all at once, unless work is shared.

    `site_of` returns the environment of an item, or its cluster.
    """
    items = list(items)
    others = _other.environments if _other else ()
    if _other and others:
        later = [item for item in items if environment_of(site_of(item)) in others]
        yield [item for item in items if environment_of(site_of(item)) not in others]
        with _other.awaited():
            yield later
    else:
        yield items
