"""`floe-compile product init` and `register` are `new product` and `compile` by other names."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cli import main
from small_mesh import small_mesh


@pytest.fixture
def mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(small_mesh(tmp_path, {}))
    return tmp_path


def test_a_product_is_created_and_registered(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["product", "init", "returns", "--domain", "sales"]) == 0
    assert (mesh / "domains/sales/products/returns.yaml").is_file()
    assert main(["product", "register"]) == 0
    assert (mesh / "output/dev/floe-sales-domain/cronjob.batch_returns.yaml").is_file()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "floe-compile: commit domains/ and output/ together; it is registered once that is applied"


def test_it_writes_what_new_product_writes(mesh: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert main(["product", "init", "returns", "--domain", "sales", "--owner", "@acme/returns"]) == 0
    other_mesh = small_mesh(tmp_path_factory.mktemp("other"), {})
    assert main(["new", "product", "sales/returns", "--owner", "@acme/returns", "--root", str(other_mesh)]) == 0
    path = "domains/sales/products/returns.yaml"
    assert (mesh / path).read_text() == (other_mesh / path).read_text()


def test_an_invalid_product_is_not_registered(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mesh / "domains/sales/products/orders.yaml").write_text("kind: [\n")
    assert main(["product", "register", "--root", str(mesh)]) == 1
    assert "commit" not in capsys.readouterr().err
    assert not (mesh / "output").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["init", "returns", "--domain", "sales:v1.0.0"], "write sales; its version is the one in this repository"),
        (["init", "orders", "--domain", "sales"], "domains/sales/products/orders.yaml exists"),
        (["init", "returns"], "the following arguments are required: --domain"),
        (["publish"], "invalid choice: 'publish'"),
        ([], "the following arguments are required: STEP"),
    ],
)
def test_wrong_usage_is_refused(
    arguments: list[str], message: str, mesh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["product", *arguments]) == 2
    assert message in capsys.readouterr().err
