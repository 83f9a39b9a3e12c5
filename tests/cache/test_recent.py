"""What the last run used is at hand in few files, and everything else is in the store."""

from __future__ import annotations

from floe_compiler.cache.recent import KIND, Recent
from floe_compiler.cache.store import Memory

NAME = "0" * 64
SMALL = ("small",)


class Counting(Memory):
    """A store that counts what is asked for besides what is at hand, by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get(self, kind: str, key: str) -> bytes | None:
        if kind != KIND:
            self.asked.append(kind)
        return super().get(kind, key)


def run(store: Memory, *keys: str) -> list[bytes | None]:
    """Return what a run gets that asks for these small entries, and puts those that are missing."""
    recent = Recent(store, NAME, SMALL)
    entries = [recent.get("small", key) for key in keys]
    for key, data in zip(keys, entries, strict=True):
        if data is None:
            recent.put("small", key, key.encode())
    recent.keep()
    return entries


def test_the_next_run_opens_few_files_for_all_that_the_last_one_used() -> None:
    store = Counting()
    assert run(store, "a", "b") == [None, None]
    store.asked.clear()
    assert run(store, "a", "b") == [b"a", b"b"]
    assert store.asked == []


def test_what_the_last_run_did_not_use_is_in_the_store() -> None:
    store = Counting()
    run(store, "a", "b")
    run(store, "b", "c")
    store.asked.clear()
    assert run(store, "a", "c") == [b"a", b"c"]
    assert store.asked == ["small"]


def test_a_run_of_a_small_part_leaves_the_rest_at_hand() -> None:
    store = Counting()
    run(store, "a", "b", "c", "d")
    run(store, "a")
    store.asked.clear()
    assert None not in run(store, "a", "b", "c", "d")
    assert store.asked == []


def test_few_new_entries_are_not_worth_writing_all_of_them() -> None:
    store = Counting()
    old = [f"{number:02x}" for number in range(100)]
    run(store, *old)
    for new in (["a", "b"], ["a", "b", "c"]):
        run(store, *old[: -len(new)], *new)
        store.asked.clear()
        assert None not in run(store, *old[: -len(new)], *new)
        assert store.asked == ["small"] * (0 if len(new) > 2 else 2)


def test_entries_of_other_kinds_are_left_to_the_store() -> None:
    store = Counting()
    recent = Recent(store, NAME, SMALL)
    assert recent.put("large", "a", b"a")
    recent.keep()
    assert Recent(store, NAME, SMALL).get("large", "a") == b"a"
    assert store.asked == ["large"]


def test_other_repositories_have_other_entries_at_hand() -> None:
    store = Counting()
    run(store, "a")
    store.asked.clear()
    assert Recent(store, "1" * 64, SMALL).get("small", "a") == b"a"
    assert store.asked == ["small"]


def test_what_was_put_is_what_the_next_run_gets_even_if_another_value_was_at_hand() -> None:
    store = Memory()
    run(store, "a")
    recent = Recent(store, NAME, SMALL)
    assert recent.get("small", "a") == b"a"
    recent.put("small", "a", b"mended")
    recent.keep()
    assert Recent(store, NAME, SMALL).get("small", "a") == b"mended"
