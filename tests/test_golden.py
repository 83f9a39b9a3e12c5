"""Small meshes and all files that they compile to, for people to read.

A case is a folder in `tests/golden/` with a mesh, and what it compiles to under `output/`. Set UPDATE=1 to write what
changed, delete what is no longer compiled, and see in the diff what that means.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from floe_compiler.pipeline import compile_mesh

CASES = sorted(path for path in (Path(__file__).parent / "golden").iterdir() if path.is_dir())


def kept_files(case: Path) -> dict[str, str]:
    """Return the text of each file that is kept, by its path from the case's folder."""
    paths = sorted(path for path in (case / "output").rglob("*") if path.is_file())
    return {path.relative_to(case).as_posix(): path.read_bytes().decode() for path in paths}


def update(case: Path, files: Mapping[str, str]) -> None:
    """Make the kept files those given, touching only what differs."""
    expected_files = kept_files(case)
    for path in expected_files.keys() - files.keys():
        (case / path).unlink()
    for path, text in files.items():
        if expected_files.get(path) != text:
            (case / path).parent.mkdir(parents=True, exist_ok=True)
            (case / path).write_bytes(text.encode())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_mesh_compiles_to_its_golden_tree(case: Path) -> None:
    compiled = compile_mesh(case)
    if os.environ.get("UPDATE"):
        update(case, compiled.files)
    expected_files = kept_files(case)
    assert sorted(compiled.files) == sorted(expected_files), "files are missing from output/, or unexpected there"
    for path, text in compiled.files.items():
        assert text == expected_files[path], path
    assert compiled.warnings == ()


def test_an_update_writes_changed_files_and_deletes_others(tmp_path: Path) -> None:
    update(tmp_path, {"output/dev/a.yaml": "one\n", "output/dev/b.yaml": "two\n"})
    (tmp_path / "platform-manifest.yaml").touch()
    before = (tmp_path / "output/dev/a.yaml").stat().st_mtime_ns
    update(tmp_path, {"output/dev/a.yaml": "one\n"})
    assert kept_files(tmp_path) == {"output/dev/a.yaml": "one\n"}
    assert (tmp_path / "output/dev/a.yaml").stat().st_mtime_ns == before
    assert (tmp_path / "platform-manifest.yaml").exists()
