"""What another process compiles comes last, and may be waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from floe_compiler.pipeline.turns import in_turns, sharing_with

SITES = ["prod/eu", "dev", "qa", "prod/us"]


class Other:
    """A process that compiles some environments."""

    def __init__(self, *environments: str) -> None:
        self.environments = environments
        self.is_awaited = False

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Note that this process waits."""
        self.is_awaited = True
        yield
        self.is_awaited = False


def parts() -> list[list[str]]:
    return list(in_turns(SITES, str))


def test_alone_all_come_at_once() -> None:
    assert parts() == [SITES]


def test_if_the_other_compiles_nothing_all_come_at_once() -> None:
    with sharing_with(Other()):
        assert parts() == [SITES]


def test_environments_of_the_other_come_last_in_each_of_their_clusters() -> None:
    other = Other("prod")
    with sharing_with(other):
        waits = [(part, other.is_awaited) for part in in_turns(SITES, str)]
    assert waits == [(["dev", "qa"], False), (["prod/eu", "prod/us"], True)]
    assert not other.is_awaited
    assert parts() == [SITES]
