"""`floe-compile new` adds to a mesh what compiles, and changes nothing that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cli import main


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture
def mesh() -> None:
    """Begin a small mesh."""
    main(["init", "--yes", "--storage", "none", "--environments", "dev"])


@pytest.mark.usefixtures("mesh")
def test_what_is_added_compiles(capsys: pytest.CaptureFixture[str]) -> None:
    for kind, name in (("domain", "legal"), ("product", "finance/revenue"), ("environment", "prod")):
        assert main(["new", kind, name]) == 0
    assert Path("domains/finance/domain.yaml").is_file()
    assert main(["compile", "--quiet"]) == 0, capsys.readouterr().err
    assert Path("output/prod/floe-finance-domain/deployment.apps_code-revenue.yaml").is_file()


@pytest.mark.usefixtures("mesh")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("domain", "sales"), "domains/sales/domain.yaml exists"),
        (("product", "sales/orders"), "domains/sales/products/orders.yaml exists"),
        (("environment", "dev"), "overlays/dev/environment.yaml exists"),
        (("product", "orders"), "floe-compile new product orders: write DOMAIN/NAME"),
        (("domain", "sales/orders"), "floe-compile new domain sales/orders: write its name alone"),
        (("domain", ".."), '".." is not a DNS label'),
        (("environment", "../x"), '"../x" is not a DNS label'),
    ],
)
def test_what_cannot_be_added(
    words: tuple[str, str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = written(tmp_path)
    capsys.readouterr()
    assert main(["new", *words]) == 2
    assert capsys.readouterr().err.startswith(f"floe-compile: {message}")
    assert written(tmp_path) == before


def test_nothing_is_added_to_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "domain", "sales"]) == 2
    assert "begin with: floe-compile init" in capsys.readouterr().err
