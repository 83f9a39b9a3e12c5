"""The check of a release finds violations, in a repository of the test."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import release_check
from commands.conftest import IDENTITY
from floe_compiler.cli import main
from quick_program import quick_program
from release_check import ROOT, before, problems
from small_mesh import small_mesh

PYPROJECT = '[project]\nname = "floe-compile"\nversion = "0.2.1"\n'
CHANGELOG = "# Changelog\n\n## 0.2.1\n\n- less\n\n## 0.2.0\n\n- more\n"


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], check=True, cwd=root, capture_output=True)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = small_mesh(tmp_path_factory.mktemp("compiled") / "mesh", {})
    git(root, "init", "--quiet")
    assert main(["compile", "--root", str(root), "--quiet", "--no-cache"]) == 0
    return root


@pytest.fixture
def repository(compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with the release 0.2.0, before 0.2.1; its mesh is compiled."""
    monkeypatch.setattr(release_check, "FLOE", quick_program(tmp_path / "bin"))
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    root = shutil.copytree(compiled, tmp_path / "repository")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    commit(root)
    git(root, "tag", "v0.2.0")
    return root


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "a")


def test_a_patch_release_with_the_same_output_is_accepted(repository: Path) -> None:
    commit(repository)
    assert list(problems(repository, "v0.2.1")) == []
    assert not list((repository / ".git").glob("worktrees/*")), "nothing is left behind"


def test_a_patch_release_with_another_output_is_refused(repository: Path) -> None:
    """As if the release before had compiled another schedule."""
    file = next((repository / "output").rglob("cronjob.batch_orders.yaml"))
    file.write_text(file.read_text().replace("successfulJobsHistoryLimit: 3", "successfulJobsHistoryLimit: 4"))
    commit(repository)
    git(repository, "tag", "--force", "v0.2.0")
    (problem,) = problems(repository, "v0.2.1")
    assert problem.startswith("the mesh in . compiles differently with v0.2.0, so it is not a patch:\n")
    assert "cronjob.batch_orders.yaml" in problem


def test_a_minor_release_may_change_the_output(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_check, "changed_outputs", lambda *_: pytest.fail("there is nothing to compare with"))
    (repository / "pyproject.toml").write_text(PYPROJECT.replace("0.2.1", "0.3.0"), encoding="utf-8")
    assert list(problems(repository, "v0.3.0")) == ["CHANGELOG.md has no section ## 0.3.0"]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("v0.2", ["v0.2 is no tag of a release; write it such as v0.2.1"]),
        (
            "v1.0.0",
            ["pyproject.toml has version 0.2.1, and the tag is v1.0.0", "CHANGELOG.md has no section ## 1.0.0"],
        ),
    ],
)
def test_a_mismatch_with_the_tag_is_reported(repository: Path, tag: str, expected: list[str]) -> None:
    assert list(problems(repository, tag)) == expected


def test_the_release_before_is_found_by_its_number(repository: Path) -> None:
    for tag in ("v0.2.10", "v0.2.9", "v0.10.0", "v0.2.11-rc1", "vendor"):
        git(repository, "tag", tag)
    assert before(repository, (0, 2, 11)) == (0, 2, 10)
    assert before(repository, (0, 2, 0)) is None


def test_every_golden_tree_is_compared() -> None:
    """A tag has what its compiler made of them."""
    assert all((folder / "output").is_dir() for folder in ROOT.glob("tests/golden/*/"))
