"""Which files are read, and which would be read by nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.load.authored import authored_files, environment_name, product_key


def write(root: Path, *files: str) -> None:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


KINDS = {
    "domains/sales/domain.yaml": "Domain",
    "domains/sales/products/orders.yaml": "DataProduct",
    "overlays/dev/environment.yaml": "Environment",
    "platform-manifest.yaml": "PlatformManifest",
}


def test_the_place_of_a_file_says_what_it_holds(tmp_path: Path) -> None:
    write(tmp_path, *KINDS)
    found = authored_files(tmp_path)
    assert found.kinds == KINDS
    assert list(found.kinds) == sorted(KINDS)
    assert found.strays == ()
    assert found.of_kind("DataProduct") == ("domains/sales/products/orders.yaml",)


def test_what_is_for_kustomize_or_nobody_is_left_alone(tmp_path: Path) -> None:
    others = (
        "base/kustomization.yaml",
        "overlays/dev/kustomization.yaml",
        "overlays/dev/more/environment.yaml",
        "domains/sales/README.md",
        "domains/.hidden/domain.yaml",
        "domains/sales/.draft.yaml",
        "overlays/.draft/environment.yaml",
        "docs/platform-manifest.yaml",
    )
    write(tmp_path, *KINDS, *others)
    found = authored_files(tmp_path)
    assert found.kinds == KINDS
    assert found.strays == ()


@pytest.mark.parametrize(
    ("file", "stray", "hint"),
    [
        ("domains/sales/domain.yml", "domains/sales/domain.yml", "rename it to domains/sales/domain.yaml"),
        ("domains/sales/products/a.json", "domains/sales/products/a.json", "in domains/ there are"),
        ("domains/sales/product/a.yaml", "domains/sales/product/a.yaml", "in domains/ there are"),
        ("domains/sales/products/a/b.yaml", "domains/sales/products/a/b.yaml", "in domains/ there are"),
        ("domains/ops/products/a.yaml", "domains/ops", "write domains/ops/domain.yaml, or remove the folder"),
        ("overlays/qa/patch.yaml", "overlays/qa", "write overlays/qa/environment.yaml, or remove the folder"),
    ],
)
def test_what_would_be_read_by_nothing(tmp_path: Path, file: str, stray: str, hint: str) -> None:
    write(tmp_path, *KINDS, file)
    found = authored_files(tmp_path)
    assert found.strays == (stray,)
    assert hint in found.expected(stray)


def test_an_empty_folder_says_nothing_either(tmp_path: Path) -> None:
    write(tmp_path, *KINDS)
    (tmp_path / "domains" / "ops").mkdir()
    (tmp_path / "domains" / ".git").mkdir()
    assert authored_files(tmp_path).strays == ("domains/ops",)


def test_a_link_that_leads_nowhere_is_not_overlooked(tmp_path: Path) -> None:
    write(tmp_path, *KINDS)
    (tmp_path / "domains/sales/products/lost.yaml").symlink_to("nowhere")
    assert "domains/sales/products/lost.yaml" in authored_files(tmp_path).kinds


def test_nothing_is_there(tmp_path: Path) -> None:
    assert authored_files(tmp_path).kinds == {}
    (tmp_path / "domains").write_text("", encoding="utf-8")
    assert authored_files(tmp_path).strays == ()


def test_names_from_paths() -> None:
    assert environment_name("overlays/dev/environment.yaml") == "dev"
    assert product_key("domains/sales/products/orders.v2.yaml") == ("sales", "orders.v2")
