"""A cache that forgets each entry once, so that it is computed again."""

from __future__ import annotations

from floe_compiler.cache.forgetting import Forgetting
from floe_compiler.cache.store import Memory


def filled(*keys: str) -> Memory:
    store = Memory()
    for key in keys:
        store.put("heads", key, key.encode())
    return store


def test_each_entry_of_the_kind_is_forgotten_once() -> None:
    store = filled("a", "b", "c")
    store.put("bodies", "a", b"text")
    cache = Forgetting(store, "heads", ())
    answers = []
    while not cache.has_forgotten_all:
        cache.forget(2)
        answers.append([cache.get("heads", key) for key in "abc"])
        assert cache.get("bodies", "a") == b"text"
    assert answers == [[None, None, b"c"], [b"a", b"b", None]]


def test_without_a_call_it_forgets_nothing() -> None:
    assert Forgetting(filled("a"), "heads", ()).get("heads", "a") == b"a"


def test_other_kinds_are_always_missing() -> None:
    cache = Forgetting(filled("a"), "bodies", ("heads",))
    assert cache.get("heads", "a") is None


def test_the_other_cache_gets_only_new_entries() -> None:
    class Counted(Memory):
        puts = 0

        def put(self, kind: str, key: str, data: bytes) -> bool:
            self.puts += 1
            return super().put(kind, key, data)

    store = Counted()
    cache = Forgetting(store, "heads", ())
    for data in (b"1", b"1", b"2"):
        assert cache.put("heads", "a", data)
    assert store.puts == 2
    assert store.get("heads", "a") == b"2"
