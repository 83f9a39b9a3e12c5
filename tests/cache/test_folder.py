"""The folder of the cache."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from floe_compiler.cache.folder import VARIABLE, opened


def test_the_option_comes_before_the_variable_and_this_before_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name, appauthor: str(tmp_path / "user" / name))
    monkeypatch.setenv(VARIABLE, "variable")
    with opened("option") as cache:
        assert cache.folder == tmp_path / "option"
    with opened(None) as cache:
        assert cache.folder == tmp_path / "variable"
    monkeypatch.setenv(VARIABLE, "")
    with opened(None) as cache:
        assert cache.folder == tmp_path / "user/floe-compile"


def test_without_a_cache_a_temporary_one_is_removed_even_after_an_error(tmp_path: Path) -> None:
    used = []

    def interrupted() -> None:
        with opened(str(tmp_path), use=False) as cache:
            used.append(cache.folder)
            assert cache.put("heads", "a" * 64, b"data")
            assert cache.get("heads", "a" * 64) == b"data"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not used[0].exists()
    assert not [*tmp_path.iterdir()]
