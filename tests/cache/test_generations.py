"""What two compilations in a row have used is at hand; older things are asked for again."""

import os
import pickle
import sys
from pathlib import Path

import pytest

from floe_compiler.cache.generations import Generations
from floe_compiler.cache.store import Memory, Store


class Counted(Memory):
    """Knows what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.requested_keys: list[str] = []

    def get(self, kind: str, key: str) -> bytes | None:
        self.requested_keys.append(key)
        return super().get(kind, key)


def test_what_was_used_lately_is_at_hand() -> None:
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


def test_what_a_compilation_did_not_use_is_asked_for_again() -> None:
    store = Counted()
    cache = Generations(store)
    cache.put("heads", "a", b"1")
    cache.begin()
    cache.begin()
    assert cache.get("heads", "a") == b"1", "the other cache has it"
    assert store.requested_keys == ["a"]


def test_another_process_gets_the_other_cache(tmp_path: Path) -> None:
    copy = pickle.loads(pickle.dumps(Generations(Store(tmp_path))))
    assert copy.put("heads", "ab" * 32, b"1")
    assert Store(tmp_path).get("heads", "ab" * 32) == b"1"


def test_kinds_are_told_apart_and_nothing_is_made_up() -> None:
    cache = Generations(Memory())
    cache.put("heads", "a", b"1")
    assert cache.get("bodies", "a") is None
    assert cache.get("heads", "b") is None


def test_others_have_what_was_put_once_it_is_kept() -> None:
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
def test_what_another_process_puts_is_kept_at_once(tmp_path: Path) -> None:
    cache = Generations(Store(tmp_path))
    if (child := os.fork()) == 0:
        cache.put("heads", "a" * 64, b"1")
        os._exit(0)
    os.waitpid(child, 0)
    assert cache.get("heads", "a" * 64) == b"1"


def test_an_entry_is_at_hand_even_if_it_could_not_be_kept() -> None:
    class Full(Memory):
        def put(self, kind: str, key: str, data: bytes) -> bool:
            return False

    cache = Generations(Full())
    assert cache.put("heads", "a", b"1")
    assert cache.get("heads", "a") == b"1"
