"""A cache that forgets entries once, so that they are made again."""

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
    asked = []
    while not cache.has_forgotten_all:
        cache.forget(2)
        asked.append([cache.get("heads", key) for key in "abc"])
        assert cache.get("bodies", "a") == b"text"
    assert asked == [[None, None, b"c"], [b"a", b"b", None]]


def test_without_being_told_it_forgets_nothing() -> None:
    assert Forgetting(filled("a"), "heads", ()).get("heads", "a") == b"a"


def test_other_kinds_it_never_has() -> None:
    cache = Forgetting(filled("a"), "bodies", ("heads",))
    assert cache.get("heads", "a") is None


def test_the_other_cache_gets_what_is_new_only() -> None:
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
