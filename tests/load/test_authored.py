"""Which files are read, and as what."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_compiler.load.authored import authored_files, domain_key, environment_name
from floe_compiler.load.input_tree import read_inputs


def write(root: Path, *files: str) -> None:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


KINDS = {
    "domains/sales/domain.yaml": "Domain",
    "domains/sales/products/orders.yaml": "DataProduct",
    "domains/sales/semantic/orders.yaml": "SemanticModel",
    "overlays/dev/environment.yaml": "Environment",
    "overlays/dev/images.yaml": "ProductImages",
    "platform-manifest.yaml": "PlatformManifest",
}


def test_the_path_of_a_file_tells_its_kind(tmp_path: Path) -> None:
    write(tmp_path, *KINDS)
    authored = authored_files(read_inputs(tmp_path))
    assert authored.kinds == KINDS
    assert list(authored.kinds) == sorted(KINDS)
    assert authored.strays == ()
    assert authored.of_kind("DataProduct") == ("domains/sales/products/orders.yaml",)


def test_a_broken_link_is_reported(tmp_path: Path) -> None:
    write(tmp_path, *KINDS)
    (tmp_path / "domains/sales/products/lost.yaml").symlink_to("nowhere")
    assert "domains/sales/products/lost.yaml" in authored_files(read_inputs(tmp_path)).kinds


def test_an_empty_repository_has_no_documents(tmp_path: Path) -> None:
    assert authored_files(read_inputs(tmp_path)).kinds == {}
    assert authored_files(read_inputs(tmp_path)).strays == ()
    assert authored_files(read_inputs(tmp_path / "nowhere")).kinds == {}


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_folder_in_the_place_of_a_document_is_reported(tmp_path: Path, make: Callable[[Path], None]) -> None:
    write(tmp_path, *KINDS)
    make(tmp_path / "domains/sales/products/customers.yaml")
    assert "domains/sales/products/customers.yaml" in authored_files(read_inputs(tmp_path)).kinds


def test_names_follow_from_paths() -> None:
    assert environment_name("overlays/dev/environment.yaml") == "dev"
    assert domain_key("domains/sales/products/orders.v2.yaml") == ("sales", "orders.v2")
