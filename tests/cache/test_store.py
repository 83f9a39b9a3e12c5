"""Entries in a folder: what was put comes back, or nothing does."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from floe_compiler.cache.store import KEPT_DAYS, Memory, Store

KEY = "ab" + "c" * 62
DAY = 24 * 3600


@pytest.mark.parametrize("data", [b"", b"data", bytes(range(256)) * 1000])
def test_what_is_put_comes_back(data: bytes, tmp_path: Path) -> None:
    for store in (Memory(), Store(tmp_path / "folder")):
        assert store.get("heads", KEY) is None
        assert store.put("heads", KEY, data)
        assert store.get("heads", KEY) == data
        assert store.get("bodies", KEY) is None
        assert store.get("heads", KEY[::-1]) is None


def test_an_entry_gives_way_to_a_newer_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.put("heads", KEY, b"old")
    assert store.put("heads", KEY, b"new")
    assert store.get("heads", KEY) == b"new"


def test_an_entry_holds_for_its_kind_and_key_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("heads", KEY, b"data")
    other = KEY[:-1] + "d"
    content = (tmp_path / "heads/ab" / KEY[2:]).read_bytes()
    for path in (tmp_path / "bodies/ab" / KEY[2:], tmp_path / "heads/ab" / other[2:]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert store.get("bodies", KEY) is None
    assert store.get("heads", other) is None
    assert store.get("heads", KEY) == b"data"


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Store(tmp_path / "cache").put("heads", KEY, b"data")
    finally:
        os.umask(before)
    (entry,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


def aged(path: Path, days: float) -> float:
    """Let a file be that old; return its time."""
    then = time.time() - days * DAY
    os.utime(path, (then, then))
    return then


def entry(folder: Path, kind: str, key: str) -> Path:
    assert Store(folder).put(kind, key, b"data")
    return folder / kind / key[:2] / key[2:]


def test_what_nobody_uses_goes_and_what_stands_under_a_used_key_stays(tmp_path: Path) -> None:
    kept = [entry(tmp_path, "heads", KEY), entry(tmp_path, "bodies", KEY)]
    gone = [entry(tmp_path, "heads", KEY[::-1]), entry(tmp_path, "bodies", KEY[::-1])]
    for path in (kept[1], *gone):
        aged(path, KEPT_DAYS + 1)
    (tmp_path / "heads/aa/a-folder/within").mkdir(parents=True)
    aged(tmp_path / "heads/aa/a-folder", KEPT_DAYS + 1)
    Store(tmp_path).prune()
    assert [path.exists() for path in (*kept, *gone)] == [True, True, False, False]


def test_it_is_looked_for_once_a_day(tmp_path: Path) -> None:
    Store(tmp_path).prune()
    path = entry(tmp_path, "heads", KEY)
    aged(path, KEPT_DAYS + 1)
    Store(tmp_path).prune()
    assert path.exists()
    aged(tmp_path / "pruned", 2)
    Store(tmp_path).prune()
    assert not path.exists()


def test_what_is_read_counts_as_used_from_then_on(tmp_path: Path) -> None:
    path = entry(tmp_path, "heads", KEY)
    lately, long_ago = aged(path, 0.5), KEPT_DAYS - 1
    Store(tmp_path).get("heads", KEY)
    assert path.stat().st_mtime == pytest.approx(lately), "not written at every read"
    aged(path, long_ago)
    Store(tmp_path).get("heads", KEY)
    assert path.stat().st_mtime > time.time() - DAY
