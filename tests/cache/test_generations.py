"""What two compilations in a row have used is at hand; older things are asked for again."""

import pickle
from pathlib import Path

from floe_compiler.cache.generations import Generations
from floe_compiler.cache.store import Memory, Store


class Counted(Memory):
    """Knows what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get(self, kind: str, key: str) -> bytes | None:
        self.asked.append(key)
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
    assert store.asked == ["old"]


def test_what_a_compilation_did_not_use_is_asked_for_again() -> None:
    store = Counted()
    cache = Generations(store)
    cache.put("heads", "a", b"1")
    cache.begin()
    cache.begin()
    assert cache.get("heads", "a") == b"1", "the other cache has it"
    assert store.asked == ["a"]


def test_the_other_cache_gets_what_is_new_once_there_is_time() -> None:
    store = Memory()
    cache = Generations(store)
    cache.put("heads", "a", b"1")
    assert store.get("heads", "a") is None
    cache.keep()
    assert store.get("heads", "a") == b"1"


def test_another_process_gets_the_other_cache(tmp_path: Path) -> None:
    copy = pickle.loads(pickle.dumps(Generations(Store(tmp_path))))
    assert copy.put("heads", "ab" * 32, b"1")
    assert Store(tmp_path).get("heads", "ab" * 32) == b"1"


def test_kinds_are_told_apart_and_nothing_is_made_up() -> None:
    cache = Generations(Memory())
    cache.put("heads", "a", b"1")
    assert cache.get("bodies", "a") is None
    assert cache.get("heads", "b") is None


def test_an_entry_is_at_hand_even_if_it_could_not_be_kept() -> None:
    class Full(Memory):
        def put(self, kind: str, key: str, data: bytes) -> bool:
            return False

    cache = Generations(Full())
    assert cache.put("heads", "a", b"1")
    assert cache.get("heads", "a") == b"1"
