"""A file is not read again only if the file system proves that it has not changed."""

import os
from pathlib import Path

import pytest

from floe_compiler.write import stats
from floe_compiler.write.stats import FileStat, add_written, conclusive_stat

MILLISECOND = 1_000_000
SHA = "a" * 64
NOW = 1_700_000_000_000_000_000


def seen(changed: int, modified: int = 0) -> os.stat_result:
    """Return the stat of a file with these times in nanoseconds."""
    whole = (0o100644, 7, 1, 1, 0, 0, 5, 0, modified // 10**9, changed // 10**9)
    return os.stat_result(whole, {"st_mtime_ns": modified, "st_ctime_ns": changed})


@pytest.mark.parametrize(
    ("changed", "modified", "conclusive"),
    [
        (NOW - 21 * MILLISECOND + 1, 0, True),
        (NOW - 19 * MILLISECOND + 1, 0, False),
        (NOW + MILLISECOND + 1, 0, False),
        (NOW - 2000 * MILLISECOND, 0, True),  # a file system with whole milliseconds, or seconds
        (NOW - 1999 * MILLISECOND, 0, False),
        (NOW - 10**10 + 1, NOW - 19 * MILLISECOND, False),
        (NOW - 10**10 + 1, NOW + 10**12, False),  # set into the future
    ],
)
def test_times_that_are_too_young_say_nothing(changed: int, modified: int, conclusive: bool) -> None:
    assert (conclusive_stat(seen(changed, modified), SHA, NOW) is not None) == conclusive


def test_where_ctime_is_the_birth_of_a_file_nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "TELLING", False)
    assert conclusive_stat(seen(NOW - 10**10 + 1), SHA, NOW) is None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text("12345")
    return path


def known(path: Path) -> FileStat:
    stat_ = conclusive_stat(path.stat(), SHA, path.stat().st_ctime_ns + 10**10)
    assert stat_
    return stat_


def test_a_file_that_was_not_changed_matches(file: Path) -> None:
    assert known(file).matches(file.lstat())


def test_a_change_shows_though_size_and_mtime_are_set_back(file: Path) -> None:
    before, times = known(file), file.stat()
    while True:  # until the clock of the file system has moved on, as the guard makes sure of
        file.write_text("54321")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        if file.stat().st_ctime_ns != times.st_ctime_ns:
            break
    now = file.stat()
    assert (now.st_size, now.st_mtime_ns, now.st_ino) == (times.st_size, times.st_mtime_ns, times.st_ino)
    assert not before.matches(now)


def test_another_file_in_its_place_shows(file: Path) -> None:
    before = known(file)
    other = file.with_name("other")
    other.write_text("54321")
    assert not before.matches(other.replace(file).stat())


@pytest.mark.parametrize("field", ["size", "modified", "changed", "inode"])
def test_every_field_counts(file: Path, field: str) -> None:
    before = known(file)
    values = {name: getattr(before, name) for name in before.__struct_fields__}
    assert not FileStat(**{**values, field: values[field] + 1}).matches(file.stat())


def test_what_was_just_written_replaces_what_was_known() -> None:
    old = FileStat(1, 1, 1, 1, "b" * 64)
    known_stats = {"output/dev/a": {"x.yaml": old, "y.yaml": old, "z.yaml": old}}
    written = {
        "output/dev/a/x.yaml": FileStat.of(seen(NOW - 10**10 + 1), SHA),
        "output/dev/a/y.yaml": FileStat.of(seen(NOW), SHA),
        "output/dev/b/new.yaml": FileStat.of(seen(NOW - 10**10 + 1), SHA),
    }
    add_written(known_stats, written, NOW)
    new = FileStat(5, 0, NOW - 10**10 + 1, 7, SHA)
    assert known_stats == {"output/dev/a": {"x.yaml": new, "z.yaml": old}, "output/dev/b": {"new.yaml": new}}
