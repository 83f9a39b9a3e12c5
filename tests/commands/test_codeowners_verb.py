"""`floe-compile codeowners` writes the owners that documents name, and leaves all other lines alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cli import main
from floe_compiler.report.codeowners import BEGIN, END
from small_mesh import DOMAIN, PRODUCT, small_mesh

OWN = "# ours\n*.md @acme/writers\n"


@pytest.fixture(autouse=True)
def _mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = {"name": "orders", "version": "1.0.0"}
    changes = {
        DOMAIN: {"metadata": {"name": "sales", "owner": "sales-team"}},
        PRODUCT: {"metadata": {**head, "owner": "@acme/orders"}},
    }
    small_mesh(tmp_path, changes)
    monkeypatch.chdir(tmp_path)


def test_each_document_has_its_owner(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codeowners"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        BEGIN,
        "* @acme/platform",
        "/overlays/dev/ @acme/platform",
        "/domains/sales/ @sales-team",
        "/domains/sales/products/orders.yaml @acme/orders",
        "/output/",
        END,
    ]


def test_only_the_generated_block_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("CODEOWNERS").write_text(OWN)
    assert main(["codeowners", "--check"]) == 1
    assert "run: floe-compile codeowners --write" in capsys.readouterr().err
    assert Path("CODEOWNERS").read_text() == OWN
    assert main(["codeowners", "--write"]) == 0
    text = Path("CODEOWNERS").read_text()
    assert text.startswith(f"{OWN}\n{BEGIN}\n")
    Path("CODEOWNERS").write_text(f"{text}/docs/ @acme/writers\n".replace("@sales-team", "@former-team"))
    assert main(["codeowners", "--write"]) == 0
    assert Path("CODEOWNERS").read_text() == f"{text}/docs/ @acme/writers\n"
    assert main(["codeowners", "--check"]) == 0


def test_an_existing_file_is_updated_in_its_folder() -> None:
    Path(".github").mkdir()
    Path(".github/CODEOWNERS").touch()
    assert main(["codeowners", "--write"]) == 0
    assert BEGIN in Path(".github/CODEOWNERS").read_text()
    assert not Path("CODEOWNERS").exists()


@pytest.mark.git
def test_a_mesh_in_a_folder_of_its_repository_has_paths_from_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/.git/HEAD").write_text("ref: refs/heads/main\n")
    mesh = small_mesh(tmp_path / "repository/data/mesh", {})
    monkeypatch.chdir(mesh)
    assert main(["codeowners", "--write"]) == 0
    lines = (tmp_path / "repository/CODEOWNERS").read_text().splitlines()
    assert lines[1].startswith("/data/mesh/ @")
    assert [line.partition(" ")[0] for line in lines[2:4]] == ["/data/mesh/overlays/dev/", "/data/mesh/domains/sales/"]


def test_a_link_is_not_written_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "elsewhere").touch()
    Path("CODEOWNERS").symlink_to(tmp_path / "elsewhere")
    assert main(["codeowners", "--write"]) == 2
    assert "is not a plain file" in capsys.readouterr().err
    assert (tmp_path / "elsewhere").read_text() == ""
