"""A mesh in a folder of its Git repository is delivered from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.cli import main
from floe_compiler.model.yaml_text import from_yaml
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation
from small_mesh import MANIFEST, SMALL, small_mesh

pytestmark = pytest.mark.git

ARGO = {"type": "argocd", "repository": "https://git.example/acme/data.git"}
FLUX = ARGO | {"type": "flux"}


def mesh(root: Path, folder: str, delivery: dict[str, Any], *, git: bool = True) -> Path:
    """Make a mesh in a folder of a repository."""
    if git:
        (root / ".git").mkdir(parents=True)
        (root / ".git/HEAD").touch()
    return small_mesh(root / folder, {MANIFEST: {"delivery": delivery}})


KNOWN = Memory()
"""What does not depend on where a mesh is."""


def paths(root: Path, cache: Memory = KNOWN) -> set[str]:
    """Return the folders, from the top of the repository, that the delivery of a mesh applies."""
    return applied(compile_mesh(root, cache=cache))


def applied(compiled: Compilation) -> set[str]:
    patterns = set()
    for path in (path for path in compiled.files if "/_delivery/" in path):
        manifest = from_yaml(compiled.files[path])
        if manifest["kind"] == "Application":
            patterns.add(manifest["spec"]["source"]["path"])
        elif manifest["kind"] == "Kustomization":
            patterns.add(manifest["spec"]["path"].removeprefix("./"))
        elif manifest["kind"] == "GitRepository":
            patterns |= {f"{directory} *" for directory in manifest["spec"]["sparseCheckout"]}
    return patterns


def folders(prefix: str) -> set[str]:
    return {f"{prefix}output/dev/{name}" for name in ("_cluster", "floe-platform", "floe-sales-domain")}


def test_argo_cd_applies_folders_from_the_top(tmp_path: Path) -> None:
    root = mesh(tmp_path, "teams/mesh", ARGO)
    assert paths(root) == folders("teams/mesh/")
    assert all((tmp_path / path).parent.is_relative_to(root) for path in paths(root))


def test_flux_fetches_and_applies_folders_from_the_top(tmp_path: Path) -> None:
    assert paths(mesh(tmp_path, "teams/mesh", FLUX)) == folders("teams/mesh/") | {"teams/mesh/output/dev *"}


def test_at_the_top_nothing_is_added(tmp_path: Path) -> None:
    assert paths(mesh(tmp_path, "", ARGO)) == folders("")


@pytest.mark.parametrize(("path", "prefix"), [("mesh", "mesh/"), (".", "")])
@pytest.mark.parametrize("git", [True, False])
def test_a_configured_path_has_precedence(tmp_path: Path, path: str, prefix: str, git: bool) -> None:
    compiled = compile_mesh(mesh(tmp_path, "copy", ARGO | {"path": path}, git=git), cache=KNOWN)
    assert applied(compiled) == folders(prefix)
    assert compiled.warnings == ()


def test_outside_of_git_a_warning_names_the_assumption(tmp_path: Path) -> None:
    compiled = compile_mesh(mesh(tmp_path, "mesh", ARGO, git=False), cache=KNOWN)
    (warning,) = compiled.warnings
    assert (warning.rule.code, warning.rule.severity) == ("R021", "warning")
    assert warning.span is not None
    assert warning.span.file == MANIFEST
    assert applied(compiled) == folders("")


def test_results_of_another_place_are_not_used(tmp_path: Path) -> None:
    cache = Memory()
    assert paths(mesh(tmp_path / "one", "a", ARGO), cache) == folders("a/")
    assert paths(mesh(tmp_path / "two", "b", ARGO), cache) == folders("b/")
    assert paths(mesh(tmp_path / "three", "", ARGO), cache) == folders("")


def test_the_mesh_of_this_test_is_not_its_own_repository() -> None:
    assert not (SMALL / ".git").exists()


def test_git_attributes_above_the_mesh_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    top = tmp_path / "clone"
    root = mesh(top, "teams/mesh", FLUX)
    cache = ["--cache", str(tmp_path / "cache")]
    assert main(["--root", str(root), *cache]) == 0
    (top / ".gitattributes").write_text("*.png filter=lfs\nteams/** filter=lfs\n")
    capsys.readouterr()

    assert main(["--root", str(root), *cache]) == 1

    output = capsys.readouterr().err
    assert "../../.gitattributes:2:1: error[C207]: filter lets Git store other bytes of output/dev/_cluster/" in output
    (top / ".gitattributes").unlink()
    (root / ".gitignore").write_text("*-domain/\n")
    assert main(["check", "--root", str(root), *cache]) == 0
    assert ".gitignore:1:1: warning[C208]: Git ignores output/dev/floe-sales-domain/" in capsys.readouterr().err


@pytest.mark.parametrize("tool", [ARGO, FLUX], ids=["argocd", "flux"])
@pytest.mark.parametrize("git", [True, False])
def test_an_artifact_begins_with_the_output(tmp_path: Path, tool: dict[str, Any], git: bool) -> None:
    root = mesh(tmp_path, "teams/mesh", tool | {"repository": "oci://ghcr.io/acme/mesh"}, git=git)
    compiled = compile_mesh(root, cache=KNOWN)
    assert applied(compiled) == folders("")
    assert compiled.warnings == ()
