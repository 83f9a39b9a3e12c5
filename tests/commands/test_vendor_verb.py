"""`floe-compile vendor` copies the parents of a manifest and locks them, or does nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from floe_compiler.cli import main
from floe_compiler.load.parents import digest_of_manifest
from floe_compiler.pipeline import compile_mesh
from small_mesh import SMALL, small_mesh

MANIFEST = "platform-manifest.yaml"
HEAD = 'apiVersion: floe.dev/v1\nkind: PlatformManifest\nmetadata:\n  name: %s\n  version: 1.0.0\n  owner: "@acme/%s"\n'

Vendor = Callable[..., tuple[int, str]]


@pytest.fixture
def mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the small mesh; the folders beside it hold two manifests that may be parents."""
    for name in ("corporate", "retail"):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text(HEAD % (name, name), encoding="utf-8")
    root = small_mesh(tmp_path / "mesh", {})
    (root / MANIFEST).write_text((SMALL / MANIFEST).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def vendor(mesh: Path, capsys: pytest.CaptureFixture[str]) -> Vendor:
    def run(*arguments: str | Path) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["vendor", *map(str, arguments)])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_parent_is_copied_and_locked(mesh: Path, vendor: Vendor) -> None:
    before = files(mesh)
    content = (mesh.parent / "corporate" / MANIFEST).read_bytes()
    digest = digest_of_manifest(content)
    expected = f"{MANIFEST} extends corporate\n  path: vendor/corporate\n  digest: {digest}\n"
    assert vendor("../corporate") == (0, expected)
    block = f"extends:\n  path: vendor/corporate\n  digest: {digest}\n".encode()
    text = before[MANIFEST].replace(b"orchestrator:", block + b"orchestrator:", 1)
    assert files(mesh) == {**before, MANIFEST: text, f"vendor/corporate/{MANIFEST}": content}
    assert compile_mesh(mesh).files


def test_vendoring_twice_changes_nothing(mesh: Path, vendor: Vendor) -> None:
    vendor("../corporate")
    after = files(mesh)
    assert vendor("../corporate")[0] == 0
    assert files(mesh) == after


def test_parents_of_a_parent_are_vendored_too(mesh: Path, vendor: Vendor) -> None:
    retail = mesh.parent / "retail"
    assert vendor("../corporate", "--root", retail)[0] == 0
    (retail / "domains/secret").mkdir(parents=True)
    (retail / "domains/secret/notes.txt").write_text("not copied", encoding="utf-8")
    code, output = vendor("../retail")
    assert (code, output.splitlines()[0]) == (0, f"{MANIFEST} extends retail -> corporate")
    assert [path for path in files(mesh) if path.startswith("vendor/")] == [
        f"vendor/retail/{MANIFEST}",
        f"vendor/retail/vendor/corporate/{MANIFEST}",
    ]
    compile_mesh(mesh)


def test_a_newer_version_replaces_the_copy(mesh: Path, vendor: Vendor) -> None:
    retail = mesh.parent / "retail"
    vendor("../corporate", "--root", retail)
    vendor("../retail", "--name", "parent_1")
    (retail / MANIFEST).write_text(HEAD % ("retail-2", "retail") + "quota: {pods: 70}\n", encoding="utf-8")
    assert vendor("../retail")[0] == 0
    assert [path for path in files(mesh) if path.startswith("vendor/")] == [f"vendor/parent_1/{MANIFEST}"]
    assert not (mesh / "vendor/parent_1/vendor").exists(), "the former parent's parent is gone"
    compile_mesh(mesh)


def test_a_parent_already_in_vendor_is_only_locked(mesh: Path, vendor: Vendor) -> None:
    """As a Git submodule is."""
    copy = mesh / "vendor/corporate"
    (copy / ".git").mkdir(parents=True)
    (copy / MANIFEST).write_text(HEAD % ("corporate", "corporate"), encoding="utf-8")
    (copy / "README.md").write_text("ours", encoding="utf-8")
    before = files(mesh)
    assert vendor("vendor/corporate")[0] == 0
    assert {path for path, content in files(mesh).items() if before.get(path) != content} == {MANIFEST}
    (copy / MANIFEST).write_text(HEAD % ("corporate", "corporate") + "quota: {pods: 70}\n", encoding="utf-8")
    assert vendor(copy)[0] == 0
    compile_mesh(mesh)


def test_a_submodule_is_not_overwritten(mesh: Path, vendor: Vendor) -> None:
    (mesh / "vendor/corporate/.git").mkdir(parents=True)
    before = files(mesh)
    code, output = vendor("../corporate")
    assert code == 2
    assert output == (
        "floe-compile: vendor/corporate is a repository of its own; update it with git, then: "
        "floe-compile vendor vendor/corporate\n"
    )
    assert files(mesh) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("catalogue: {type: polaris}\n", "error[L105]: catalogue is not a known key"),
        (
            "extends: {path: vendor/above, digest: sha256:%s}\n" % ("0" * 64),
            "error[L190]: vendor/corporate/vendor/above",
        ),
        ("a: [\n", "error[L"),
    ],
)
def test_nothing_is_written_if_a_parent_has_errors(more: str, message: str, mesh: Path, vendor: Vendor) -> None:
    source = mesh.parent / "corporate" / MANIFEST
    source.write_text(source.read_text(encoding="utf-8") + more, encoding="utf-8")
    before = files(mesh)
    code, printed = vendor("../corporate")
    assert code == 1
    assert printed.startswith("vendor/")
    assert message in printed
    assert files(mesh) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["../nothing"], "there is no platform-manifest.yaml and no Chart.yaml in ../nothing"),
        (["."], "must have a platform-manifest.yaml of its own, which extends the one in another folder"),
        (["../corporate", "--root", ".."], "must have a platform-manifest.yaml of its own"),
        (["../corporate", "--name", "a/b"], "vendor/a/b cannot be a folder in vendor/; give it another name: --name"),
        (["../corporate", "--name", "../x"], "vendor/../x cannot be a folder in vendor/"),
        ([], "the following arguments are required: SOURCE"),
    ],
)
def test_wrong_usage_is_refused(arguments: list[str], message: str, mesh: Path, vendor: Vendor) -> None:
    before = files(mesh)
    code, printed = vendor(*arguments)
    assert code == 2
    assert message in printed
    assert files(mesh) == before


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("oci://ghcr.io/acme/platform", "has no tag; write one, such as oci://ghcr.io/acme/platform:prod (only"),
        ("oci://ghcr.io/acme/Platform:1", '"acme/Platform" cannot be the name of a repository'),
    ],
)
def test_without_helm_a_place_for_helm_is_reported(
    source: str, message: str, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOE_COMPILE_HELM", "no-such-helm")
    code, printed = vendor(source)
    assert (code, message in printed) == (2, True), printed


def test_nothing_is_written_through_a_link(mesh: Path, vendor: Vendor) -> None:
    (mesh.parent / "outside").mkdir()
    (mesh / "vendor").symlink_to(mesh.parent / "outside")
    code, output = vendor("../corporate")
    assert (code, output) == (2, "floe-compile: vendor is a symbolic link; put a folder in its place\n")
    assert list((mesh.parent / "outside").iterdir()) == []


def test_for_a_manifest_that_cannot_be_edited_the_text_to_write_is_shown(mesh: Path, vendor: Vendor) -> None:
    (mesh / MANIFEST).write_text("{metadata: {name: x}}\n", encoding="utf-8")
    before = files(mesh)
    code, output = vendor("../corporate")
    assert code == 2
    assert "cannot be edited: begin a line with `metadata:`; or write by hand: extends: {path: vendor/corp" in output
    assert files(mesh) == before
