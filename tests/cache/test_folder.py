"""Where the cache lies is for the user to say; without one, nothing stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cache.folder import VARIABLE, opened
from floe_compiler.model.codec import digest_of

KEY = digest_of("key")


def test_an_option_beats_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "variable"))
    with opened(None) as store:
        assert store.folder == tmp_path / "variable"
    with opened(str(tmp_path / "option")) as store:
        assert store.folder == tmp_path / "option"


@pytest.mark.parametrize("value", [None, ""])
def test_without_either_it_is_the_cache_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    with opened(None) as store:
        assert store.folder.name == "floe-compile"
        assert store.folder.is_relative_to(tmp_path)


def test_a_relative_folder_stays_where_it_was_when_the_run_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened("here") as store:
        monkeypatch.chdir("/")
        store.put("units", KEY, b"data")
    assert (tmp_path / "here/units").is_dir()


def test_it_is_there_for_the_next_run_and_looked_through_at_the_end(tmp_path: Path) -> None:
    with opened(str(tmp_path)) as store:
        store.put("units", KEY, b"data")
    with opened(str(tmp_path)) as store:
        assert store.get("units", KEY) == b"data"
    assert (tmp_path / "pruned").is_file()


def test_without_a_cache_the_work_is_the_same_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with opened(str(tmp_path / "unused"), use=False) as store:
        store.put("units", KEY, b"data")
        assert store.get("units", KEY) == b"data"
    assert list(tmp_path.iterdir()) == []
