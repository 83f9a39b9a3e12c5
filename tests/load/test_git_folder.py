"""Where a mesh is in its Git repository follows from `.git` alone, so it is the same in every clone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from floe_compiler.load.digests import input_digests
from floe_compiler.load.git_folder import obeyed_files, path_in_git
from floe_compiler.load.input_tree import read_inputs

pytestmark = pytest.mark.git


def repository(folder: Path) -> Path:
    (folder / ".git").mkdir(parents=True)
    (folder / ".git/HEAD").write_text("ref: refs/heads/main\n")
    return folder


def test_a_mesh_may_be_at_the_top_below_it_or_outside_a_repository(tmp_path: Path) -> None:
    top = repository(tmp_path / "clone")
    (top / "teams/data mesh").mkdir(parents=True)
    assert path_in_git(top) == ""
    assert path_in_git(top / "teams/data mesh") == "teams/data mesh"
    assert path_in_git(tmp_path) is None


def test_the_nearest_repository_counts(tmp_path: Path) -> None:
    inner = repository(repository(tmp_path) / "vendor/inner")
    (inner / "mesh").mkdir()
    assert path_in_git(inner / "mesh") == "mesh"


def test_worktrees_and_submodules_are_repositories(tmp_path: Path) -> None:
    tree = repository(tmp_path) / "tree"
    (tree / "mesh").mkdir(parents=True)
    (tree / ".git").write_text("gitdir: ../.git/worktrees/tree\n")
    assert path_in_git(tree / "mesh") == "mesh"


def test_a_file_or_folder_named_git_alone_is_not_a_repository(tmp_path: Path) -> None:
    top = repository(tmp_path)
    (top / "mesh/.git").mkdir(parents=True)
    assert path_in_git(top / "mesh") == "mesh"
    (top / "other").mkdir()
    (top / "other/.git").write_text("notes\n")
    assert path_in_git(top / "other") == "other"


def test_a_link_leads_to_where_the_mesh_is(tmp_path: Path) -> None:
    top = repository(tmp_path / "clone")
    (top / "mesh").mkdir()
    (tmp_path / "link").symlink_to(top / "mesh")
    assert path_in_git(tmp_path / "link") == "mesh"


@pytest.mark.real
def test_git_itself_agrees(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "a/b").mkdir(parents=True)
    prefix = subprocess.run(
        ["git", "rev-parse", "--show-prefix"], cwd=tmp_path / "a/b", capture_output=True, check=True
    )
    assert path_in_git(tmp_path / "a/b") == prefix.stdout.decode().strip().rstrip("/")


def test_the_path_is_an_input(tmp_path: Path) -> None:
    places = ("a", "b", "clone/a", "elsewhere/a")
    for place in places:
        environment = tmp_path / place / "mesh/overlays/dev/environment.yaml"
        environment.parent.mkdir(parents=True)
        environment.write_text("kind: Environment\n")
    for top in ("a", "clone", "elsewhere"):
        repository(tmp_path / top)
    digests = [input_digests(read_inputs(tmp_path / place / "mesh"))["dev"] for place in places]
    assert digests[2] == digests[3], "not the folder of the clone"
    assert len({*digests}) == 3


def test_a_repository_in_the_output_is_an_input(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / "overlays/dev").mkdir(parents=True)
    (root / "overlays/dev/environment.yaml").write_text("kind: Environment\n")
    (root / "output/dev/a").mkdir(parents=True)
    (root / "output/dev/a/.git").write_text("of somebody\n")
    (root / "output/link").symlink_to(root)
    digests = [input_digests(read_inputs(root))["dev"]]
    for folder in ("output", "output/dev", "output/dev/a"):
        (root / folder / ".git").write_text("gitdir: ../.git/modules/x\n")
        digests.append(input_digests(read_inputs(root))["dev"])
    assert dict(obeyed_files(root)) == {"output/.git": "", "output/dev/.git": "", "output/dev/a/.git": ""}
    assert len({*digests}) == 4


def test_git_attributes_are_an_input(tmp_path: Path) -> None:
    root = repository(tmp_path) / "teams/mesh"
    (root / "overlays/dev").mkdir(parents=True)
    (root / "overlays/dev/environment.yaml").write_text("kind: Environment\n")
    (root / "output").mkdir()
    digests = [input_digests(read_inputs(root))["dev"]]
    for folder, name in ((tmp_path, ".gitignore"), (root.parent, ".gitattributes"), (root / "output", ".gitignore")):
        (folder / name).write_text("*.log\n")
        digests.append(input_digests(read_inputs(root))["dev"])
    (root / ".gitignore").symlink_to("elsewhere")

    assert dict(obeyed_files(root)) == {
        "../../.gitignore": "*.log\n",
        "../.gitattributes": "*.log\n",
        ".gitignore": None,
        "output/.gitignore": "*.log\n",
    }
    assert len({*digests}) == 4
