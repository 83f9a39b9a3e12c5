"""`floe-compile receipt` names what is current by digests, with the same bytes everywhere."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from commands.conftest import Floe
from floe_compiler.charts.helm import VARIABLE
from floe_compiler.cli import main
from small_mesh import small_mesh


def test_a_receipt_names_inputs_and_the_index(receipt: Path, repository: Path) -> None:
    statement = json.loads(receipt.read_text())
    assert [subject["name"] for subject in statement["subject"]] == ["output/.floe/dev.index"]
    names = [input_["name"] for input_ in statement["predicate"]["inputs"]]
    assert names == ["domains/finance.yaml", "domains/sales.yaml", "platform-manifest.yaml"]
    assert any(
        dependency["uri"].startswith("pkg:pypi/cdk8s@2.") for dependency in statement["predicate"]["dependencies"]
    )


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is not installed")
def test_sha256sum_verifies_the_output_without_this_tool(receipt: Path, repository: Path) -> None:
    [subject] = json.loads(receipt.read_text())["subject"]
    lines = f"{subject['digest']['sha256']}  {subject['name']}\n"
    for text in (lines, (repository / subject["name"]).read_text()):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet"], input=text, text=True, check=True)


def test_a_stale_output_gets_no_receipt(
    receipt: Path, repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "domains/sales.yaml").write_text("two\n")
    assert floe("receipt") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "output: error[W012]: 2 files differ" in captured.err


@pytest.mark.parametrize(
    ("chart", "helm_version", "named"),
    [
        ("vendor/charts/cache/1.0.0/Chart.yaml", "v4.0.1", ["pkg:generic/helm@v4.0.1"]),
        ("vendor/charts/cache/1.0.0/Chart.yaml", "", []),
        ("vendor/parent/README.md", "v4.0.1", []),
    ],
)
def test_helm_is_named_if_there_are_charts_and_it_is_installed(
    repository: Path,
    floe: Floe,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    chart: str,
    helm_version: str,
    named: list[str],
) -> None:
    program = repository / "helm"
    program.write_text(f"#!/bin/sh\necho {helm_version}\n")
    program.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(program))
    (repository / chart).parent.mkdir(parents=True)
    (repository / chart).touch()
    assert floe() == 0
    capsys.readouterr()
    assert floe("receipt") == 0
    uris = [dependency["uri"] for dependency in json.loads(capsys.readouterr().out)["predicate"]["dependencies"]]
    assert [uri for uri in uris if "helm" in uri] == named


@pytest.mark.git
def test_a_whole_mesh_has_the_same_receipt_in_any_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for folder in ("one", "two"):
        root = str(small_mesh(tmp_path / folder, {}))
        (tmp_path / folder / ".git").mkdir()
        (tmp_path / folder / ".git/HEAD").touch()
        assert main(["compile", "--root", root]) == 0
        capsys.readouterr()
        assert main(["receipt", "--root", root]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]
    (tmp_path / "r").write_text(texts[0])
    assert main(["verify", str(tmp_path / "r"), "--recompile", "--root", str(tmp_path / "two")]) == 0
    shutil.rmtree(tmp_path / "two/.git")  # as from an archive
    assert main(["verify", str(tmp_path / "r"), "--root", str(tmp_path / "two")]) == 0
