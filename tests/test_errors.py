"""Every error as users see it: a small mesh with changed files, and the text that compiling it prints.

A case is a folder in `tests/errors/`: the files that differ from `tests/meshes/small`, and `expected.txt`. A file that
is empty is deleted. Set UPDATE=1 to write `expected.txt` anew, and read what it says.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from floe_compiler.cli import main

HERE = Path(__file__).parent
BASE = HERE / "meshes" / "small"
CASES = sorted(path for path in (HERE / "errors").iterdir() if path.is_dir())
EXPECTED = "expected.txt"


def mesh_of(case: Path, root: Path) -> None:
    """Make the mesh of a case in the folder `root`."""
    shutil.copytree(BASE, root, dirs_exist_ok=True, copy_function=shutil.copyfile)
    for source in sorted(path for path in case.rglob("*") if path.is_file() and path.name != EXPECTED):
        target = root / source.relative_to(case)
        if source.stat().st_size == 0:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_error_is_reported_as_expected(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mesh_of(case, tmp_path)
    code = main(["check", "--root", str(tmp_path), "--quiet"])
    printed = capsys.readouterr()
    output = printed.err + printed.out
    expected = case / EXPECTED
    if os.environ.get("UPDATE"):
        expected.write_text(output, encoding="utf-8")
    assert code == 1
    assert output == expected.read_text(encoding="utf-8")
    assert "Traceback" not in output
    assert not (tmp_path / "output").exists(), "a failed compilation leaves nothing behind"
