"""A misspelt key is one mistake, whichever key of whichever authored file it is: it gives one error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.cli import main
from floe_compiler.model.document import DataPath, show_path

REFERENCE = Path(__file__).parents[1]
FILES = (
    "platform-manifest.yaml",
    "overlays/prod/environment.yaml",
    "domains/sales/domain.yaml",
    "domains/sales/products/customer-360.yaml",
    "overlays/prod/kustomization.yaml",
    "overlays/dev/kustomization.yaml",
)
NAMED_BY_PEOPLE = frozenset({"labels", "mirrors", "variables", "secrets"})
"""Mappings whose keys are any names."""


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    for folder in ("base", "overlays", "domains"):
        shutil.copytree(REFERENCE / folder, tmp_path / folder)
    shutil.copy(REFERENCE / "platform-manifest.yaml", tmp_path)
    return tmp_path


def known_keys(data: Any, path: DataPath = ()) -> Iterator[DataPath]:
    """Yield the paths of all keys that nobody but a schema chooses; of those that items of a list share, the first."""
    if isinstance(data, dict):
        for key, value in data.items():
            if not path or path[-1] not in NAMED_BY_PEOPLE:
                yield (*path, key)
            yield from known_keys(value, (*path, key))
    elif isinstance(data, list):
        shared = {}
        for index, value in enumerate(data):
            for key in known_keys(value):
                shared.setdefault(tuple(part for part in key if isinstance(part, str)), (*path, index, *key))
        yield from shared.values()


def misspelt(data: Any, path: DataPath) -> Any:
    """Return the data with the last letter of the key at a path doubled."""
    first, rest = path[0], path[1:]
    if isinstance(data, list):
        return [misspelt(one, rest) if index == first else one for index, one in enumerate(data)]
    if rest:
        return {key: misspelt(value, rest) if key == first else value for key, value in data.items()}
    return {f"{key}{key[-1]}" if key == first else key: value for key, value in data.items()}


@pytest.mark.parametrize("file", FILES)
def test_any_misspelt_key_gives_one_error(file: str, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = yaml.load((mesh / file).read_text(encoding="utf-8"), yaml.CSafeLoader)
    several = {}
    for path in known_keys(data):
        (mesh / file).write_text(
            yaml.dump(misspelt(data, path), Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8"
        )
        assert main(["check", "--root", str(mesh), "--quiet"]) == 1, show_path(path)
        told = [line for line in capsys.readouterr().err.splitlines() if ": error[" in line]
        if len(told) != 1:
            several[show_path(path)] = told
    assert several == {}
