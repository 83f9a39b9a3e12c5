"""`floe-compile new` adds to a mesh what compiles, and changes nothing that is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from floe_compiler.cli import main

SMALL = ("--orchestrator", "kubernetes", "--storage", "none")


@pytest.fixture(autouse=True)
def _in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def inputs_of(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small mesh as it is begun."""
    folder = tmp_path_factory.mktemp("begun")
    assert main(["init", str(folder), "--yes", "--name", "acme", *SMALL, "--environments", "dev"]) == 0
    return folder


@pytest.fixture
def mesh(begun: Path, tmp_path: Path) -> None:
    """Copy it here."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)


@pytest.mark.usefixtures("mesh")
def test_added_documents_compile(capsys: pytest.CaptureFixture[str]) -> None:
    for kind, name in (("domain", "legal"), ("product", "finance/revenue"), ("environment", "prod")):
        assert main(["new", kind, name]) == 0
        assert main(["codeowners", "--check"]) == 0
    assert Path("domains/finance/domain.yaml").is_file()
    assert main(["compile", "--quiet"]) == 0, capsys.readouterr().err
    assert Path("output/prod/floe-finance-domain/cronjob.batch_revenue.yaml").is_file()


@pytest.mark.usefixtures("mesh")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("domain", "sales"), "domains/sales/domain.yaml exists"),
        (("product", "sales/orders"), "domains/sales/products/orders.yaml exists"),
        (("environment", "dev"), "overlays/dev/environment.yaml exists"),
        (("product", "orders"), "new product orders: write DOMAIN/NAME, such as sales/orders"),
        (("domain", "sales/orders"), "new domain sales/orders: write its name alone"),
        (
            ("environment", "prod", "--cluster", "a=platform", "--cluster", "a=sales"),
            "--cluster a=sales: a is named before; write it once: --cluster a=platform,sales",
        ),
        (("domain", "platform"), '"platform" is what the shared services are called'),
        (("domain", ".."), '".." is not a DNS label'),
        (("environment", "../x"), '"../x" is not a DNS label'),
    ],
)
def test_invalid_additions_are_refused(
    words: tuple[str, str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = inputs_of(tmp_path)
    capsys.readouterr()
    assert main(["new", *words]) == 2
    assert capsys.readouterr().err.startswith(f"floe-compile: {message}")
    assert inputs_of(tmp_path) == before


@pytest.mark.usefixtures("mesh")
@pytest.mark.parametrize("text", [None, "* @acme/us\n"], ids=["no file", "lines of their own"])
def test_owners_are_written_only_where_they_are_kept(text: str | None) -> None:
    owners = Path("CODEOWNERS")
    owners.unlink()
    if text:
        owners.write_text(text)
    assert main(["new", "domain", "legal"]) == 0
    assert (owners.read_text() if owners.exists() else None) == text


def test_without_a_mesh_nothing_is_added(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "domain", "sales"]) == 2
    assert "begin with: floe-compile init" in capsys.readouterr().err


@pytest.mark.usefixtures("mesh")
def test_the_next_step_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    then = "Then: floe-compile diff shows what it compiles to, and floe-compile writes that.\n"
    capsys.readouterr()
    assert main(["new", "product", "sales/returns"]) == 0
    image = "  domains/sales/products/returns.yaml:8: the image with the product's dbt project\n"
    assert capsys.readouterr().out.endswith(f"Values that only you know:\n{image}{then}")
    assert main(["new", "domain", "legal"]) == 0
    assert capsys.readouterr().out == f"wrote domains/legal/domain.yaml\nwrote CODEOWNERS\n{then}"


@pytest.mark.parametrize(("delivery", "has_address"), [("argocd", True), ("flux", False)])
def test_only_argo_cd_needs_the_addresses_of_clusters(delivery: str, *, has_address: bool) -> None:
    assert main(["init", "--yes", *SMALL, "--environments", "dev", "--delivery", delivery]) == 0
    assert main(["new", "environment", "prod", "--cluster", "a=platform", "--cluster", "b=sales"]) == 0
    assert ("    server: " in Path("overlays/prod/environment.yaml").read_text()) is has_address
