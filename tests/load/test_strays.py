"""A file among the inputs is read, listed, ignored, or a finding."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_compiler.load.authored import authored_files
from floe_compiler.load.input_tree import read_inputs

DOCUMENTS = (
    "platform-manifest.yaml",
    "domains/sales/domain.yaml",
    "domains/sales/products/orders.yaml",
    "overlays/dev/environment.yaml",
)
KUSTOMIZATION = "resources: [../../base, account.yaml]\npatches: [{path: patches/quota.yaml}]\n"


def write(root: Path, *files: str, text: str = "") -> None:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    write(tmp_path, *DOCUMENTS)
    return tmp_path


@pytest.fixture
def patched(mesh: Path) -> Path:
    write(mesh, "overlays/dev/kustomization.yaml", text=KUSTOMIZATION)
    write(mesh, "base/kustomization.yaml", text="components: [more]\n")
    write(mesh, "base/more/kustomization.yaml", text="resources:\n  - class.yaml\n")
    write(mesh, "overlays/dev/account.yaml", "overlays/dev/patches/quota.yaml", "base/more/class.yaml")
    return mesh


def strays(root: Path) -> dict[str, str]:
    return {stray.path: stray.hint for stray in authored_files(read_inputs(root)).strays}


def test_documents_and_what_kustomizations_list_are_read(patched: Path) -> None:
    assert strays(patched) == {}


def test_a_mesh_without_kustomizations_has_no_strays(mesh: Path) -> None:
    assert strays(mesh) == {}


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "domains/README.md",
        "domains/sales/CODEOWNERS",
        "domains/sales/LICENSE",
        "domains/sales/notes.txt",
        "domains/sales/docs/lineage.drawio",
        "domains/sales/products/.gitkeep",
        "domains/sales/products/.DS_Store",
        "domains/sales/products/._orders.yaml",
        "domains/sales/products/.orders.yaml.swp",
        "domains/sales/products/.#orders.yaml",
        "domains/sales/products/#orders.yaml#",
        "domains/sales/products/orders.yaml~",
        "domains/sales/products/orders.yaml.orig",
        "domains/sales/.yamllint",
        "domains/sales/.draft.yaml",
        "domains/.drafts/domain.yaml",
        "overlays/.idea/workspace.xml",
        "overlays/dev/README.md",
        "base/readme.MD",
        "docs/platform-manifest.yaml",
        "platform-manifest.yaml.bak",
        "platform-manifest.md",
    ],
)
def test_files_that_cannot_be_mistaken_for_inputs_are_ignored(mesh: Path, file: str) -> None:
    write(mesh, file)
    assert strays(mesh) == {}


@pytest.mark.parametrize(
    ("file", "expected_name"),
    [
        ("domains/sales/products/customers.YAML", "domains/sales/products/customers.yaml"),
        ("domains/sales/products/customers.Yml", "domains/sales/products/customers.yaml"),
        ("domains/sales/products/customers.yaml.txt", "domains/sales/products/customers.yaml"),
        ("domains/sales/products/customers", "domains/sales/products/customers.yaml"),
        ("domains/sales/products/.customers.yaml", "domains/sales/products/customers.yaml"),
        ("domains/sales/semantic/orders.yml", "domains/sales/semantic/orders.yaml"),
        ("domains/hr/Domain.yml", "domains/hr/domain.yaml"),
        ("domains/hr/domains.yaml", "domains/hr/domain.yaml"),
        ("domains/hr.yaml", "domains/hr/domain.yaml"),
        ("overlays/qa.yaml", "overlays/qa/environment.yaml"),
        ("overlays/qa/environments.yaml", "overlays/qa/environment.yaml"),
        ("overlays/dev/Kustomization", "overlays/dev/kustomization.yaml"),
        ("overlays/dev/Kustomization.yaml", "overlays/dev/kustomization.yaml"),
        ("overlays/dev/kustomization.yml", "overlays/dev/kustomization.yaml"),
        ("overlays/dev/kustomisation.yaml", "overlays/dev/kustomization.yaml"),
        ("base/kustomization.yml", "base/kustomization.yaml"),
    ],
)
def test_a_document_with_a_wrong_name_is_reported(mesh: Path, file: str, expected_name: str) -> None:
    write(mesh, file)
    assert strays(mesh) == {file: f"rename it to {expected_name}"}


@pytest.mark.parametrize("name", ["platform-manifest.yml", "Platform-Manifest.yaml", "platform_manifest.yaml"])
def test_a_manifest_with_a_wrong_name_is_reported(mesh: Path, name: str) -> None:
    write(mesh, name)
    assert strays(mesh) == {name: "remove it: platform-manifest.yaml is what is read"}
    (mesh / "platform-manifest.yaml").unlink()
    assert strays(mesh) == {name: "rename it to platform-manifest.yaml"}


@pytest.mark.parametrize(
    "file",
    [
        "domains/sales/domain.yml",
        "domains/sales/products/orders.json",
        "domains/sales/product/orders.yaml",
        "domains/sales/products/orders/model.sql",
        "domains/sales/semantic/views/orders.yaml",
        "domains/sales/semantic/orders.js",
        "domains/orders",
    ],
)
def test_unexpected_files_in_a_domain_are_reported(mesh: Path, file: str) -> None:
    write(mesh, file)
    assert list(strays(mesh)) == [file]
    assert strays(mesh)[file].startswith("in domains/ there are domains/<domain>/domain.yaml")


def test_a_folder_without_its_document_is_reported(mesh: Path) -> None:
    write(mesh, "domains/ops/products/costs.yaml", "overlays/qa/patch.yaml")
    (mesh / "domains/empty").mkdir()
    (mesh / "domains/.git").mkdir()
    assert strays(mesh) == {
        "domains/empty": "write domains/empty/domain.yaml, or remove the folder",
        "domains/ops": "write domains/ops/domain.yaml, or remove the folder",
        "overlays/qa": "write overlays/qa/environment.yaml, or remove the folder",
    }


def test_a_folder_is_reported_once_under_any_name(mesh: Path) -> None:
    (mesh / "overlays" / "kustomization.yaml").mkdir()
    (stray,) = authored_files(read_inputs(mesh)).strays
    assert stray.hint == "write overlays/kustomization.yaml/environment.yaml, or remove the folder"


def test_files_that_no_kustomization_lists_are_reported(patched: Path) -> None:
    write(patched, "overlays/dev/unused.yaml", "base/unused.json", "overlays/dev/patches/more.yaml")
    write(patched, "base/part/kustomization.yaml", "overlays/dev/environments.yaml")
    assert strays(patched) == {
        "base/part/kustomization.yaml": "list its folder in base/kustomization.yaml, or remove it",
        "base/unused.json": "list it in base/kustomization.yaml under resources or patches, or remove it",
        "overlays/dev/environments.yaml": (
            "list it in overlays/dev/kustomization.yaml under resources or patches, or remove it"
        ),
        "overlays/dev/patches/more.yaml": (
            "list it in overlays/dev/kustomization.yaml under resources or patches, or remove it"
        ),
        "overlays/dev/unused.yaml": (
            "list it in overlays/dev/kustomization.yaml under resources or patches, or remove it"
        ),
    }


def test_unexpected_files_beside_environments_are_reported(mesh: Path) -> None:
    write(mesh, "overlays/kustomization.yaml", "overlays/render.sh")
    hint = "in overlays/ there is a folder for each environment"
    assert strays(mesh) == {"overlays/kustomization.yaml": hint, "overlays/render.sh": hint}


def test_a_listed_file_may_have_any_name(patched: Path) -> None:
    write(patched, "base/more/kustomization.yaml", text="resources: [class.yaml, notes.txt]")
    write(patched, "base/more/notes.txt", "base/more/other.yaml")
    assert list(strays(patched)) == ["base/more/other.yaml"]


def test_patches_without_their_kustomization_are_reported(patched: Path) -> None:
    (patched / "overlays/dev/kustomization.yaml").unlink()
    hint = "list it in a new overlays/dev/kustomization.yaml under resources or patches, or remove it"
    assert strays(patched) == {"overlays/dev/account.yaml": hint, "overlays/dev/patches/quota.yaml": hint}


def test_a_kustomization_with_a_wrong_name_is_one_error(patched: Path) -> None:
    (patched / "overlays/dev/kustomization.yaml").rename(patched / "overlays/dev/Kustomization")
    assert list(strays(patched)) == ["overlays/dev/Kustomization"]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_folder_in_the_place_of_a_kustomization_is_reported(mesh: Path, make: Callable[[Path], None]) -> None:
    make(mesh / "overlays/dev/kustomization.yaml")
    assert strays(mesh) == {"overlays/dev/kustomization.yaml": "write a file in its place, or remove it"}


@pytest.mark.parametrize("text", ["resources: [acount.yaml]", "resources: [", "patches: [{path: 7}]", "- a\n", ""])
def test_errors_of_a_kustomization_are_reported_first(patched: Path, text: str) -> None:
    write(patched, "overlays/dev/kustomization.yaml", text=text)
    assert strays(patched) == {}


@pytest.mark.parametrize(
    "text", ["resources: 7", "components: a", "patches: {path: a}", "patches: [a]", "resources: [[]]"]
)
def test_kustomizations_of_any_shape(mesh: Path, text: str) -> None:
    write(mesh, "overlays/dev/kustomization.yaml", text=text)
    assert strays(mesh) == {}


@pytest.mark.parametrize("link", ["domains/sales/products", "domains/logistics", "overlays/dev/more", "overlays/qa"])
def test_links_are_not_followed(mesh: Path, link: str) -> None:
    path = mesh / link
    if path.exists():
        path.rename(mesh / "elsewhere")
    (mesh / "elsewhere").mkdir(exist_ok=True)
    path.symlink_to(mesh / "elsewhere")
    assert strays(mesh) == {link: "put what it leads to in its place, or remove it"}
    assert [stray.problem for stray in authored_files(read_inputs(mesh)).strays] == [
        f"{link} is a symbolic link, which is not followed"
    ]


def test_only_certificates_belong_in_trust(mesh: Path) -> None:
    write(mesh, "trust/root.pem", "trust/old-root.crt", "trust/README.md")
    assert strays(mesh) == {}
    write(mesh, "trust/root.cer", "trust/root.yaml", "trust/old/root.pem", "trust/.root.pem")
    hint = "in trust/ there are certificates, in files named *.pem or *.crt"
    assert strays(mesh) == dict.fromkeys(("trust/old/root.pem", "trust/root.cer", "trust/root.yaml"), hint)


@pytest.mark.parametrize("name", ["base", "crds", "domains", "overlays", "trust"])
def test_a_file_in_the_place_of_a_folder_is_reported(tmp_path: Path, name: str) -> None:
    write(tmp_path, "platform-manifest.yaml", name)
    assert strays(tmp_path) == {name: "make it a folder"}


@pytest.mark.parametrize(
    "text",
    [
        "resourcess: [../../base, account.yaml]\npatches: [{path: patches/quota.yaml}]\n",
        "resources: [../../base, account.yaml]\npatchess: [{path: patches/quota.yaml}]\n",
        "resources: [../../base, account.yaml]\npatchesStrategicMerge: [patches/quota.yaml]\n",
        "resources: [../../base, account.yaml]\npatches: [{pth: patches/quota.yaml}]\n",
    ],
)
def test_files_that_an_unknown_field_may_list_are_not_strays(patched: Path, text: str) -> None:
    write(patched, "overlays/dev/kustomization.yaml", text=text)
    assert not authored_files(read_inputs(patched)).strays
