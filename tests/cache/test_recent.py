"""Entries that the last run used are in one file, and all others in the store."""

from __future__ import annotations

from floe_compiler.cache.recent import KIND, Recent
from floe_compiler.cache.store import Memory

NAME = "0" * 64
SMALL = ("small",)


class Counting(Memory):
    """A store that records the kinds of requested entries."""

    def __init__(self) -> None:
        super().__init__()
        self.requested_kinds: list[str] = []

    def get(self, kind: str, key: str) -> bytes | None:
        self.requested_kinds.append(kind)
        return super().get(kind, key)


def run(store: Memory, *keys: str) -> list[bytes | None]:
    """Return the entries that a run gets; it adds those that are missing."""
    recent = Recent(store, NAME, SMALL)
    entries = [recent.get("small", key) for key in keys]
    for key, data in zip(keys, entries, strict=True):
        if data is None:
            recent.put("small", key, key.encode())
    recent.keep()
    return entries


def test_the_next_run_reads_one_file_for_all_entries_of_the_last() -> None:
    store = Counting()
    assert run(store, "a", "b") == [None, None]
    store.requested_kinds.clear()
    assert run(store, "a", "b") == [b"a", b"b"]
    assert store.requested_kinds == [KIND]


def test_entries_that_the_last_run_did_not_use_are_in_the_store() -> None:
    store = Counting()
    run(store, "a", "b")
    run(store, "b", "c")
    store.requested_kinds.clear()
    assert run(store, "a", "c") == [b"a", b"c"]
    assert store.requested_kinds == [KIND, "small"]


def test_a_run_of_a_small_part_keeps_the_other_entries() -> None:
    store = Counting()
    run(store, "a", "b", "c", "d")
    run(store, "a")
    store.requested_kinds.clear()
    assert None not in run(store, "a", "b", "c", "d")
    assert store.requested_kinds == [KIND]


def test_a_few_new_entries_do_not_rewrite_the_file() -> None:
    store = Counting()
    old = [f"key {number}" for number in range(100)]
    run(store, *old)
    for new in (["a", "b"], ["a", "b", "c"]):
        run(store, *old[: -len(new)], *new)
        store.requested_kinds.clear()
        assert None not in run(store, *old[: -len(new)], *new)
        assert store.requested_kinds == [KIND, *["small"] * (0 if len(new) > 2 else 2)]


def test_entries_of_other_kinds_are_left_to_the_store() -> None:
    store = Counting()
    recent = Recent(store, NAME, SMALL)
    assert recent.put("large", "a", b"a")
    recent.keep()
    assert Recent(store, NAME, SMALL).get("large", "a") == b"a"
    assert store.requested_kinds == [KIND, KIND, "large"]


def test_other_repositories_have_their_own_file() -> None:
    store = Counting()
    run(store, "a")
    store.requested_kinds.clear()
    assert Recent(store, "1" * 64, SMALL).get("small", "a") == b"a"
    assert store.requested_kinds == [KIND, "small"]


def test_the_next_run_gets_the_last_stored_value() -> None:
    store = Memory()
    run(store, "a")
    recent = Recent(store, NAME, SMALL)
    assert recent.get("small", "a") == b"a"
    recent.put("small", "a", b"mended")
    recent.keep()
    assert Recent(store, NAME, SMALL).get("small", "a") == b"mended"
