"""`--output`: the output in another repository, or in a branch for each environment; tested with the real Git."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands.conftest import IDENTITY
from floe_compiler.cli import main
from floe_compiler.model.yaml_text import from_yaml
from small_mesh import ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

pytestmark = [pytest.mark.real, pytest.mark.git]

REPOSITORY = "https://git.example/acme/deployments.git"
APPLICATION = "output/{}/_delivery/application.argoproj.io_small-{}-platform.yaml"
CRON_JOB = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Return Git in a folder, to be called with the folder and words."""
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)

    def run(folder: Path, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, cwd=folder).stdout

    for name in ("mesh", "deployments"):
        (tmp_path / name).mkdir()
        run(tmp_path / name, "init", "--quiet", "--initial-branch", "main")
    return run


@pytest.fixture
def mesh(tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a mesh in its own repository, as the working folder, beside an empty repository `deployments`."""
    delivery = {"type": "argocd", "repository": REPOSITORY}
    root = small_mesh(tmp_path / "mesh", {MANIFEST: {"delivery": delivery}})
    commit(git, root)
    monkeypatch.chdir(root)
    return root


def commit(git: Git, folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "state")


def edit(mesh: Path) -> None:
    text = (mesh / PRODUCT).read_text()
    assert "0 6 * * *" in text
    (mesh / PRODUCT).write_text(text.replace("0 6 * * *", "0 7 * * *"))


def files(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in paths if ".git" not in path.parts}


def source(folder: Path, environment: str = "dev") -> dict[str, Any]:
    """Return what Argo CD applies the platform of an environment from."""
    manifest = from_yaml((folder / APPLICATION.format(environment, environment)).read_text())
    source_: dict[str, Any] = manifest["spec"]["source"]
    return source_


def test_another_repository_has_the_output(
    mesh: Path, git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deployments = tmp_path / "deployments"
    (deployments / "README.md").write_text("Only what is compiled is delivered.\n")
    before, elsewhere = files(mesh), ("--output", "../deployments")
    assert main(["compile", *elsewhere]) == 0
    assert f"dev: 20 files in {deployments}: 20 created" in capsys.readouterr().err
    assert files(mesh) == before, "nothing is written beside the inputs"
    assert {path.partition("/")[0] for path in files(deployments)} == {"README.md", "output"}
    assert source(deployments)["repoURL"] == REPOSITORY
    assert source(deployments)["path"] == "output/dev/floe-platform"
    commit(git, deployments)
    assert main(["check", *elsewhere]) == 0
    assert main(["check"]) == 1, "there is none beside the inputs"
    capsys.readouterr()

    edit(mesh)
    assert main(["check", *elsewhere]) == 1
    error = capsys.readouterr().err
    assert "../deployments/output: error[W012]" in error
    for verb in (["diff"], ["diff", "--from-output"]):
        assert main([*verb, *elsewhere]) == 0
        assert '~ spec.schedule: "0 6 * * *" -> "0 7 * * *"' in capsys.readouterr().out
    assert main(["explain", f"../deployments/{CRON_JOB}:spec.schedule", *elsewhere]) == 0
    assert PRODUCT in capsys.readouterr().out
    page = tmp_path / "report.html"
    assert main(["report", "--html", str(page), "--explain", "0", *elsewhere]) == 0
    assert "1 changed" in capsys.readouterr().err
    assert main(["compile", *elsewhere]) == 0
    assert git(deployments, "status", "--porcelain").split() == ["M", "output/.floe/dev.index", "M", CRON_JOB]
    capsys.readouterr()
    assert main(["receipt", *elsewhere]) == 0
    receipt = tmp_path / "receipt.json"
    receipt.write_text(capsys.readouterr().out)
    assert main(["verify", str(receipt), "--recompile", *elsewhere]) == 0
    assert main(["verify", str(receipt)]) == 1, "the output is not beside the inputs"


def test_a_folder_of_another_repository_is_delivered_from_there(mesh: Path, tmp_path: Path) -> None:
    (tmp_path / "deployments/teams/mesh").mkdir(parents=True)
    assert main(["compile", "--output", "../deployments/teams/mesh"]) == 0
    assert source(tmp_path / "deployments/teams/mesh")["path"] == "teams/mesh/output/dev/floe-platform"


def test_each_environment_has_a_branch(
    mesh: Path, git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("dev", "prod"):
        document = from_yaml((mesh / ENVIRONMENT).read_text())
        document["metadata"] = {**document["metadata"], "name": name}
        document["cluster"] = {**document["cluster"], "name": name, "server": f"https://{name}.example:6443"}
        document["platform"] = {"delivery": {"revision": f"env/{name}"}}
        (mesh / f"overlays/{name}").mkdir(exist_ok=True)
        (mesh / f"overlays/{name}/environment.yaml").write_text(json.dumps(document, indent=2))
    commit(git, mesh)
    for name in ("dev", "prod"):
        git(mesh, "worktree", "add", "--quiet", "--detach", f"../{name}")
        git(tmp_path / name, "switch", "--quiet", "--orphan", f"env/{name}")
        assert main(["compile", "--env", name, "--output", f"../{name}"]) == 0
        commit(git, tmp_path / name)
        assert source(tmp_path / name, name)["targetRevision"] == f"env/{name}"
    listed = git(mesh, "ls-tree", "-r", "--name-only", "env/prod").splitlines()
    assert {"/".join(path.split("/")[:2]) for path in listed} == {"output/.floe", "output/prod"}
    assert git(mesh, "status", "--porcelain") == ""

    edit(mesh)
    capsys.readouterr()
    assert main(["compile", "--env", "prod", "--output", "../prod"]) == 0
    assert git(tmp_path / "dev", "status", "--porcelain") == "", "the other branch stays as it is"
    changed = "output/prod/floe-sales-domain/cronjob.batch_orders.yaml"
    assert git(tmp_path / "prod", "diff", "--name-only").split() == ["output/.floe/prod.index", changed]
    assert main(["diff", "env/dev", "--env", "dev", "--output", "../dev"]) == 0
    assert "dev: 1 changed" in capsys.readouterr().err


def test_files_are_checked_in_the_repository_of_the_output(
    mesh: Path, git: Git, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deployments = tmp_path / "deployments"
    (mesh / ".gitignore").write_text("output/\n")
    assert main(["compile", "--output", "../deployments"]) == 0
    assert "C208" not in capsys.readouterr().err
    (deployments / ".gitignore").write_text("# mine\noutput/dev/\n")
    assert main(["compile", "--output", "../deployments"]) == 0
    assert "../deployments/.gitignore:2:1: warning[C208]" in capsys.readouterr().err


def test_owners_of_environments_own_their_output(mesh: Path, git: Git, tmp_path: Path) -> None:
    assert main(["codeowners", "--write", "--output", "../deployments"]) == 0
    lines = (tmp_path / "deployments/CODEOWNERS").read_text().splitlines()
    owner = from_yaml((mesh / ENVIRONMENT).read_text())["metadata"]["owner"]
    assert lines[1:-1] == [f"/output/dev/ {owner}", f"/output/.floe/dev.index {owner}"]
    assert main(["codeowners", "--check", "--output", "../deployments"]) == 0
    assert not (mesh / "CODEOWNERS").exists()


def test_the_repository_itself_may_be_the_output(mesh: Path) -> None:
    assert main(["compile", "--output", "."]) == 0
    assert main(["check"]) == 0


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("../nowhere", "there is no such folder"),
        ("../file", "there is no such folder"),
        ("../other-mesh", "has a platform-manifest.yaml of its own"),
        ("domains/sales", "domains/ is a part of the mesh"),
        ("output", "output/ is a part of the mesh"),
        ("../foreign", "its output/ has files, and floe-compile did not write them"),
    ],
)
def test_a_wrong_folder_is_refused(
    mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str, words: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "other-mesh").mkdir()
    (tmp_path / "other-mesh/platform-manifest.yaml").touch()
    (mesh / "output").mkdir()
    (tmp_path / "foreign/output").mkdir(parents=True)
    (tmp_path / "foreign/output/report.txt").touch()
    before = files(tmp_path)
    assert main(["compile", "--output", folder]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"floe-compile: --output {folder}: ")
    assert words in error
    assert files(tmp_path) == before


def test_a_mesh_in_the_output_is_refused(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "output").mkdir()
    mesh.rename(tmp_path / "output/mesh")
    assert main(["compile", "--root", str(tmp_path / "output/mesh"), "--output", str(tmp_path)]) == 2
    assert "the mesh itself is in its output/" in capsys.readouterr().err


def test_links_in_the_folder_are_refused(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "deployments/output").symlink_to(tmp_path / "away")
    assert main(["compile", "--output", "../deployments"]) == 1
    assert "../deployments/output: error[W010]" in capsys.readouterr().err
    assert not list((tmp_path / "away").iterdir())


def test_pipes_in_the_folder_are_refused(mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deployments/output/dev").mkdir(parents=True)
    (tmp_path / "deployments/output/.floe").mkdir()
    os.mkfifo(tmp_path / "deployments/output/dev/pipe.yaml")
    assert main(["compile", "--output", "../deployments"]) == 1
    assert "../deployments/output/dev/pipe.yaml: error[W010]" in capsys.readouterr().err


def test_a_file_that_would_be_delivered_is_refused(
    mesh: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", "--output", "../deployments"]) == 0
    (tmp_path / "deployments/output/dev/floe-platform/own.yaml").write_text("kind: Pod\n")
    assert main(["compile", "--output", "../deployments"]) == 1
    assert "../deployments/output/dev/floe-platform/own.yaml:1:1: error[W015]" in capsys.readouterr().err
