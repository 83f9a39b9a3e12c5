"""`--domain`: one domain is compiled, whatever is wrong with others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from floe_compiler.cli import main
from small_mesh import DOMAIN, small_mesh


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    """Return a mesh with its output and another domain, `finance`, whose file has been broken since."""
    root = small_mesh(tmp_path, {})
    shutil.copytree(root / "domains/sales", root / "domains/finance")
    domain_file = root / "domains/finance/domain.yaml"
    domain_file.write_text(
        domain_file.read_text(encoding="utf-8").replace("name: sales", "name: finance"), encoding="utf-8"
    )
    assert main(["compile", "--root", str(root), "--quiet"]) == 0
    with domain_file.open("a", encoding="utf-8") as file:
        file.write("quoat: 1\n")
    with (root / DOMAIN).open("a", encoding="utf-8") as file:
        file.write("quota: {pods: 60}\n")
    return root


def test_only_the_domain_is_written_and_the_whole_still_fails(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quotas = {name: mesh / f"output/dev/floe-{name}-domain/resourcequota_quota.yaml" for name in ("sales", "finance")}
    before = quotas["finance"].read_bytes()
    assert main(["check", "--root", str(mesh), "--domain", "sales"]) == 1, "its output is not current"
    assert main(["compile", "--root", str(mesh), "--domain", "sales"]) == 0
    assert 'domain "finance" is left out, as it has an error (L105)' in capsys.readouterr().err
    assert 'pods: "60"' in quotas["sales"].read_text(encoding="utf-8")
    assert quotas["finance"].read_bytes() == before
    assert main(["check", "--root", str(mesh), "--domain", "sales"]) == 0
    assert main(["check", "--root", str(mesh)]) == 1
    assert main(["compile", "--root", str(mesh), "--domain", "finance"]) == 1
    assert "domains/finance/domain.yaml:6:1: error[L105]" in capsys.readouterr().err


def test_an_unknown_domain_is_wrong_usage(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "--root", str(mesh), "--domain", "slaes"]) == 2
    assert 'there is no domain "slaes"; did you mean "sales"?' in capsys.readouterr().err


def test_the_difference_of_one_domain_is_shown(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--root", str(mesh), "--from-output"]) == 1, "the other domain is wrong"
    capsys.readouterr()
    assert main(["diff", "--root", str(mesh), "--from-output", "--domain", "sales"]) == 0
    printed = capsys.readouterr()
    assert "ResourceQuota quota" in printed.out
    assert "finance" not in printed.out, "what was not compiled is not deleted"
    assert "1 changed" in printed.err
