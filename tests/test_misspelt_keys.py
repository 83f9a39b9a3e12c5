"""A misspelt key is one mistake, whichever key of whichever authored file it is: it gives one error."""

from __future__ import annotations

import re
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from functools import reduce
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

DECIDING: tuple[DataPath, ...] = (("apiVersion",), ("kind",))


def mesh_of(file: str, root: Path) -> Path:
    """Make the reference mesh with one environment, to which the file belongs if it belongs to one."""
    top, environment, *_ = (*file.split("/"), "")
    overlay = f"overlays/{environment if top == 'overlays' else 'dev'}"
    for folder in ("base", "domains", overlay):
        shutil.copytree(REFERENCE / folder, root / folder)
    shutil.copy(REFERENCE / "platform-manifest.yaml", root)
    return root


def known_keys(data: Any, path: DataPath = ()) -> Iterator[DataPath]:
    """Yield the paths of all keys that nobody but a schema chooses."""
    if isinstance(data, dict):
        for key, value in data.items():
            if not path or path[-1] not in NAMED_BY_PEOPLE:
                yield (*path, key)
            yield from known_keys(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from known_keys(value, (*path, index))


def misspelt(data: Any, path: DataPath) -> Any:
    """Return the data with the last letter of the key at a path doubled."""
    first, remaining = path[0], path[1:]
    if isinstance(data, list):
        return [misspelt(item, remaining) if index == first else item for index, item in enumerate(data)]
    if remaining:
        return {key: misspelt(value, remaining) if key == first else value for key, value in data.items()}
    return {f"{key}{key[-1]}" if key == first else key: value for key, value in data.items()}


def together(paths: Iterable[DataPath]) -> Iterator[list[DataPath]]:
    """Yield groups of keys that have nothing to do with each other: of different mappings, none within another.

    Those that say what a document is are alone: without one, nothing else is told of it.
    """
    alone: list[list[DataPath]] = [[path] for path in DECIDING]
    rounds: list[list[DataPath]] = []
    for path in sorted((path for path in paths if path not in DECIDING), key=len):
        for chosen in rounds:
            if not any(
                path[: len(chosen_path)] == chosen_path or path[:-1] == chosen_path[:-1] for chosen_path in chosen
            ):
                chosen.append(path)
                break
        else:
            rounds.append([path])
    yield from (*alone, *rounds)


def text_of(data: Any) -> str:
    return str(yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False))


def places(node: yaml.Node | None, path: DataPath = ()) -> Iterator[tuple[DataPath, str]]:
    """Yield the path of each key with its line and column."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), f"{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            yield from places(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from places(value, (*path, index))


@pytest.mark.parametrize("file", FILES)
def test_any_misspelt_key_gives_one_error(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mesh = mesh_of(file, tmp_path)
    data = yaml.load((mesh / file).read_text(encoding="utf-8"), yaml.CSafeLoader)
    place_of = dict(places(yaml.compose(text_of(data), yaml.CSafeLoader)))
    groups = deque(together(known_keys(data)))
    while groups:
        paths = groups.popleft()
        (mesh / file).write_text(text_of(reduce(misspelt, paths, data)), encoding="utf-8")
        assert main(["check", "--root", str(mesh), "--quiet"]) == 1, [*map(show_path, paths)]
        places_ = re.findall(rf"^{file}:(\d+:\d+): error\[", capsys.readouterr().err, re.MULTILINE)
        known = [path for path in paths if place_of[path] in places_]
        if len(paths) == 1:
            assert len(places_) == 1, show_path(paths[0])
        elif known and len(known) == len(places_):
            later = [path for path in paths if path not in known]
            groups.extend([later] if later else [])  # A later stage tells them, once these are gone.
        else:  # Something else is told, such as what now is missing.
            groups.extend((paths[: len(paths) // 2], paths[len(paths) // 2 :]))
