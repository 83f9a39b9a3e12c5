"""Entries that one of the last two compilations used are in memory; older ones are read again."""

import os
import pickle
import sys
from pathlib import Path

import pytest

from floe_compiler.cache.generations import Generations
from floe_compiler.cache.store import Memory, Store


class Counted(Memory):
    """Records the requested keys."""

    def __init__(self) -> None:
        super().__init__()
        self.requested_keys: list[str] = []

    def get(self, kind: str, key: str) -> bytes | None:
        self.requested_keys.append(key)
        return super().get(kind, key)


def test_recently_used_entries_are_in_memory() -> None:
    store = Counted()
    store.put("heads", "old", b"1")
    cache = Generations(store)
    assert cache.get("heads", "old") == b"1"
    assert cache.put("heads", "new", b"2")
    for _ in range(3):
        cache.begin()
        assert cache.get("heads", "old") == b"1"
        assert cache.get("heads", "new") == b"2"
    assert store.requested_keys == ["old"]


def test_unused_entries_are_read_again() -> None:
    store = Counted()
    cache = Generations(store)
    cache.put("heads", "a", b"1")
    cache.begin()
    cache.begin()
    assert cache.get("heads", "a") == b"1", "the other cache has it"
    assert store.requested_keys == ["a"]


def test_a_pickled_cache_is_the_underlying_one(tmp_path: Path) -> None:
    copy = pickle.loads(pickle.dumps(Generations(Store(tmp_path))))
    assert copy.put("heads", "ab" * 32, b"1")
    assert Store(tmp_path).get("heads", "ab" * 32) == b"1"


def test_kinds_are_separate_and_missing_entries_stay_missing() -> None:
    cache = Generations(Memory())
    cache.put("heads", "a", b"1")
    assert cache.get("bodies", "a") is None
    assert cache.get("heads", "b") is None


def test_stored_entries_are_visible_to_others() -> None:
    store = Memory()
    cache = Generations(store)
    cache.put("heads", "a", b"1")
    assert store.get("heads", "a") is None
    cache.keep()
    assert store.get("heads", "a") == b"1"
    cache.put("heads", "b", b"2")
    cache.begin()
    assert store.get("heads", "b") == b"2"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_entries_of_another_process_are_stored_at_once(tmp_path: Path) -> None:
    cache = Generations(Store(tmp_path))
    if (child := os.fork()) == 0:
        cache.put("heads", "a" * 64, b"1")
        os._exit(0)
    os.waitpid(child, 0)
    assert cache.get("heads", "a" * 64) == b"1"


def test_an_entry_is_in_memory_even_if_it_could_not_be_stored() -> None:
    class Full(Memory):
        def put(self, kind: str, key: str, data: bytes) -> bool:
            return False

    cache = Generations(Full())
    assert cache.put("heads", "a", b"1")
    assert cache.get("heads", "a") == b"1"
