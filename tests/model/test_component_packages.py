"""Components of packages are found as soon as these are installed, without a search each time."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import pytest

from floe_compiler.model.component_packages import ENTRY_POINTS, component_packages


def install(folder: Path, name: str) -> Path:
    """Install a package that announces a component of its name."""
    package = folder / f"{name}-1.0.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
    (package / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{name} = {name}:COMPONENT\n")
    return package


def announced() -> list[str]:
    return [point.value for point in component_packages() if point.name in ("first", "second")]


def test_packages_may_be_installed_and_removed_while_the_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "second")
    assert announced() == ["second:COMPONENT"]
    package = install(tmp_path, "first")
    assert announced() == ["first:COMPONENT", "second:COMPONENT"]
    shutil.rmtree(package)
    assert announced() == ["second:COMPONENT"]


def test_packages_are_read_once_if_none_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "first")
    read = component_packages()

    def again(**_: object) -> None:
        raise AssertionError("they are read again")

    monkeypatch.setattr(metadata, "entry_points", again)
    assert component_packages() == read
