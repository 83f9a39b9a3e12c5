"""An entry is correct or missing, whatever happens to its file, and no error with it stops a run."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from floe_compiler.cache.store import DIGEST_SIZE, FORMAT, KEPT_DAYS, Memory, Store
from floe_compiler.model.codec import digest_of

KEY, OTHER = digest_of("one"), digest_of("other")
DATA = b"some data"
DAY = 24 * 3600


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store with one entry."""
    store = Store(tmp_path / "cache")
    assert store.put("units", KEY, DATA)
    return store


def path_of(store: Store, kind: str = "units", key: str = KEY) -> Path:
    return store.folder / kind / key[:2] / key[2:]


def files_of(store: Store) -> list[str]:
    return sorted(path.relative_to(store.folder).as_posix() for path in store.folder.rglob("*") if path.is_file())


@settings(max_examples=settings().max_examples // 2)
@given(st.binary(max_size=2000))
def test_stored_entries_are_read_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = Store(tmp_path_factory.mktemp("cache"))
    store.put("units", KEY, data)
    assert store.get("units", KEY) == data
    assert store.get("units", OTHER) is None
    assert store.get("documents", KEY) is None
    store.put("units", KEY, data + b"!")
    assert store.get("units", KEY) == data + b"!"


def test_a_store_in_memory_behaves_the_same() -> None:
    store = Memory()
    assert store.put("units", KEY, DATA)
    assert store.get("units", KEY) == DATA
    assert store.get("units", OTHER) is None
    assert store.get("documents", KEY) is None


def test_every_truncated_entry_is_none(store: Store) -> None:
    path, content = path_of(store), path_of(store).read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert store.get("units", KEY) is None, length
    path.write_bytes(content + b"!")
    assert store.get("units", KEY) is None


def test_every_flipped_bit_is_noticed(store: Store) -> None:
    path, content = path_of(store), path_of(store).read_bytes()
    assert len(content) == len(FORMAT) + DIGEST_SIZE + len(DATA)
    for position in range(len(content)):
        for bit in range(8):
            path.write_bytes(content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :])
            assert store.get("units", KEY) is None, position


@pytest.mark.parametrize(("kind", "key"), [("units", OTHER), ("documents", KEY)])
def test_the_file_of_another_entry_is_none(store: Store, kind: str, key: str) -> None:
    store.put(kind, key, b"something else")
    path_of(store, kind, key).replace(path_of(store))
    assert store.get("units", KEY) is None


def in_the_way() -> list[tuple[str, Callable[[Path], object]]]:
    return [
        ("folder", lambda path: path.mkdir()),
        ("named pipe", lambda path: os.mkfifo(path)),
        ("device", lambda path: path.symlink_to("/dev/zero")),
        ("broken link", lambda path: path.symlink_to("nowhere")),
        ("circle of links", lambda path: path.symlink_to(path)),
        ("unreadable file", lambda path: path.touch(0)),
    ]


@pytest.mark.parametrize("make", [case[1] for case in in_the_way()], ids=[case[0] for case in in_the_way()])
def test_special_files_are_ignored_without_waiting(store: Store, make: Callable[[Path], object]) -> None:
    path_of(store).unlink()
    make(path_of(store))
    assert store.get("units", KEY) is None
    store.put("units", KEY, DATA)
    assert store.get("units", KEY) == (None if path_of(store).is_dir() else DATA)
    assert not [name for name in files_of(store) if name.endswith(".tmp")]


def test_a_pipe_that_somebody_writes_into_is_not_read(store: Store) -> None:
    path, content = path_of(store), path_of(store).read_bytes()
    path.unlink()
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    os.write(writer, content)
    assert store.get("units", KEY) is None
    os.close(writer)


def test_a_link_is_replaced_and_not_written_through(store: Store, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    path_of(store).unlink()
    path_of(store).symlink_to(precious)
    store.put("units", KEY, DATA)
    assert precious.read_text() == "precious"
    assert store.get("units", KEY) == DATA


def test_only_the_user_can_read_it(store: Store) -> None:
    assert stat.S_IMODE(path_of(store).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_of(store).parent.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("place", ["cache", "cache/units", f"cache/units/{KEY[:2]}"])
def test_an_unwritable_cache_is_not_an_error(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("in the way")
    store = Store(tmp_path / "cache")
    assert not store.put("units", KEY, DATA)
    assert store.get("units", KEY) is None
    store.prune()
    assert (tmp_path / place).read_text() == "in the way"


def test_a_full_disk_leaves_no_partial_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("floe_compiler.cache.store.os.replace", full)
    assert not store.put("units", OTHER, DATA)
    assert store.get("units", OTHER) is None
    assert store.get("units", KEY) == DATA
    assert files_of(store) == [f"units/{KEY[:2]}/{KEY[2:]}"]


WRITER = """
import sys
from pathlib import Path
from floe_compiler.cache.store import Store
from floe_compiler.model.codec import digest_of
store = Store(Path(sys.argv[1]))
for number in range(300):
    key = digest_of(str(number % 10))
    store.put("units", key, sys.argv[2].encode() * 1000)
    kept = store.get("units", key)
    assert kept in (b"a" * 1000, b"b" * 1000), kept
"""


def test_two_runs_may_write_the_same_entries_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    runs = [subprocess.Popen([*command, letter], stderr=subprocess.PIPE, text=True) for letter in "ab"]
    assert [run.communicate()[1] for run in runs] == ["", ""]
    assert len(files_of(Store(tmp_path))) == 10


def age(path: Path, days: float) -> None:
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))


def test_entries_unused_for_long_are_removed(store: Store) -> None:
    store.put("documents", OTHER, DATA)
    temporary = path_of(store).with_name(f"{OTHER[2:]}.1.1.tmp")  # of a run that was killed
    temporary.touch()
    age(path_of(store), KEPT_DAYS - 1)
    for path in (path_of(store, "documents", OTHER), temporary):
        age(path, KEPT_DAYS + 1)
    store.prune()
    assert files_of(store) == ["pruned", f"units/{KEY[:2]}/{KEY[2:]}"]


@pytest.mark.parametrize("name", ["notes.txt", "a" * 40, "a" * 63, "x.1.1.tmp"])
def test_only_files_with_the_names_of_entries_are_removed(tmp_path: Path, name: str) -> None:
    """The configured folder may be wrong, such as the home folder."""
    store = Store(tmp_path)
    files = [tmp_path / "units/ab" / name, tmp_path / "units/abc" / KEY[2:], tmp_path / "units" / KEY[2:]]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("precious")
        age(file, KEPT_DAYS + 1)
    store.prune()
    assert all(file.exists() for file in files)


@pytest.mark.parametrize("place", ["units", f"units/{KEY[:2]}"])
def test_nothing_behind_a_link_is_removed_or_written(tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    precious = elsewhere / path_of(Store(tmp_path / "cache")).relative_to(tmp_path / "cache" / place)
    precious.parent.mkdir(parents=True, exist_ok=True)
    precious.write_text("precious")
    age(precious, KEPT_DAYS + 1)
    link = tmp_path / "cache" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    store = Store(tmp_path / "cache")
    assert not store.put("units", KEY, DATA)
    store.prune()
    assert [path for path in elsewhere.rglob("*") if path.is_file()] == [precious]
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("make", [case[1] for case in in_the_way()], ids=[case[0] for case in in_the_way()])
def test_anything_in_the_place_of_the_stamp_is_tolerated(store: Store, make: Callable[[Path], object]) -> None:
    make(store.folder / "pruned")
    store.prune()
    assert store.get("units", KEY) == DATA


def test_used_entries_are_kept(store: Store) -> None:
    age(path_of(store), KEPT_DAYS - 1)
    assert store.get("units", KEY) == DATA
    assert path_of(store).stat().st_mtime > time.time() - DAY
    before = path_of(store).stat().st_mtime_ns
    assert store.get("units", KEY) == DATA
    assert path_of(store).stat().st_mtime_ns == before, "once a day is enough"


def test_a_damaged_entry_does_not_count_as_used(store: Store) -> None:
    path_of(store).write_bytes(b"spoilt")
    age(path_of(store), KEPT_DAYS - 1)
    store.get("units", KEY)
    assert path_of(store).stat().st_mtime < time.time() - DAY


def test_old_entries_are_removed_once_a_day(store: Store) -> None:
    store.prune()
    age(path_of(store), KEPT_DAYS + 1)
    store.prune()
    assert path_of(store).exists()
    age(store.folder / "pruned", 2)
    store.prune()
    assert not path_of(store).exists()
