"""A file is not read again only if the file system proves that it has not changed."""

import os
from pathlib import Path

import pytest

from floe_compiler.write import stats
from floe_compiler.write.stats import FileStat, add_written, conclusive_stat

MILLISECOND = 1_000_000
SHA = "a" * 64
NOW = 1_700_000_000_000_000_000


def stat_of(changed: int, modified: int = 0) -> os.stat_result:
    """Return the stat of a file with these times in nanoseconds."""
    values = (0o100644, 7, 1, 1, 0, 0, 5, 0, modified // 10**9, changed // 10**9)
    return os.stat_result(values, {"st_mtime_ns": modified, "st_ctime_ns": changed})


@pytest.mark.parametrize(
    ("changed", "modified", "conclusive"),
    [
        (NOW - 21 * MILLISECOND + 1, 0, True),
        (NOW - 19 * MILLISECOND + 1, 0, False),
        (NOW + MILLISECOND + 1, 0, False),
        (NOW - 2000 * MILLISECOND, 0, True),  # a file system with times in whole milliseconds or seconds
        (NOW - 1999 * MILLISECOND, 0, False),
        (NOW - 10**10 + 1, NOW - 19 * MILLISECOND, False),
        (NOW - 10**10 + 1, NOW + 10**12, False),  # set into the future
    ],
)
def test_recent_times_are_not_trusted(changed: int, modified: int, conclusive: bool) -> None:
    assert (conclusive_stat(stat_of(changed, modified), SHA, NOW) is not None) == conclusive


def test_where_ctime_is_the_creation_time_nothing_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "TELLING", False)
    assert conclusive_stat(stat_of(NOW - 10**10 + 1), SHA, NOW) is None


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


def test_a_change_is_noticed_even_with_the_same_size_and_mtime(file: Path) -> None:
    before, times = known(file), file.stat()
    while True:  # until the clock of the file system has advanced, as the guard ensures
        file.write_text("54321")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        if file.stat().st_ctime_ns != times.st_ctime_ns:
            break
    now = file.stat()
    assert (now.st_size, now.st_mtime_ns, now.st_ino) == (times.st_size, times.st_mtime_ns, times.st_ino)
    assert not before.matches(now)


def test_a_replaced_file_is_noticed(file: Path) -> None:
    before = known(file)
    replacement = file.with_name("other")
    replacement.write_text("54321")
    assert not before.matches(replacement.replace(file).stat())


@pytest.mark.parametrize("field", ["size", "modified", "changed", "inode"])
def test_every_field_counts(file: Path, field: str) -> None:
    before = known(file)
    values = {name: getattr(before, name) for name in before.__struct_fields__}
    assert not FileStat(**{**values, field: values[field] + 1}).matches(file.stat())


def test_stats_of_written_files_replace_cached_ones() -> None:
    old = FileStat(1, 1, 1, 1, "b" * 64)
    known_stats = {"output/dev/a": {"x.yaml": old, "y.yaml": old, "z.yaml": old}}
    written_stats = {
        "output/dev/a/x.yaml": FileStat.of(stat_of(NOW - 10**10 + 1), SHA),
        "output/dev/a/y.yaml": FileStat.of(stat_of(NOW), SHA),
        "output/dev/b/new.yaml": FileStat.of(stat_of(NOW - 10**10 + 1), SHA),
    }
    add_written(known_stats, written_stats, NOW)
    new = FileStat(5, 0, NOW - 10**10 + 1, 7, SHA)
    assert known_stats == {"output/dev/a": {"x.yaml": new, "z.yaml": old}, "output/dev/b": {"new.yaml": new}}
