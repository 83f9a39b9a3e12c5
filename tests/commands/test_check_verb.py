"""`floe-compile check` never writes, and passes only an output that is what the inputs compile to."""

import json
from pathlib import Path

import pytest

from commands.conftest import Floe
from write.tree import tree

SALES = "output/dev/floe-sales/configmap_sales.yaml"


@pytest.fixture
def compiled(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> Path:
    assert floe() == 0
    capsys.readouterr()
    return repository


def test_a_current_output_passes(compiled: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    assert floe("check") == 0
    assert capsys.readouterr() == ("", "floe-compile: output is current\n")


def test_a_stale_output_is_listed_and_not_changed(
    compiled: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    (compiled / "domains/sales.yaml").write_text("two\n")
    (compiled / "domains/new.yaml").write_text("one\n")
    before = tree(compiled)
    assert floe("check", "--env", "dev") == 1
    assert tree(compiled) == before
    captured = capsys.readouterr()
    assert captured.out == f"change  {SALES}\ncreate  output/dev/floe-new/configmap_new.yaml\n"
    assert "output: error[W012]: 2 files differ from what the inputs compile to" in captured.err


@pytest.mark.parametrize("path", [SALES, "output/.floe/dev.index"])
def test_a_missing_file_is_stale(compiled: Path, floe: Floe, path: str) -> None:
    (compiled / path).unlink()
    assert floe("check") == 1
    assert not (compiled / path).exists()


def test_an_edited_file_fails_and_is_named(compiled: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (compiled / SALES).write_text("mine\n")
    assert floe("check") == 1
    assert f"{SALES}:1:1: error[W003]" in capsys.readouterr().err


def test_a_check_writes_nothing(repository: Path, floe: Floe) -> None:
    before = sorted(repository.rglob("*"))
    assert floe("check") == 1
    assert sorted(repository.rglob("*")) == before


def test_warnings_do_not_fail_but_show(compiled: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (compiled / "domains/sales.yaml").write_text("warn\n")
    floe()
    capsys.readouterr()
    assert floe("check") == 0
    assert "R902" in capsys.readouterr().err


def test_json_lists_the_paths(compiled: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    (compiled / SALES).unlink()
    assert floe("check", "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["created"] == [SALES]
    assert [diagnostic["code"] for diagnostic in document["diagnostics"]] == ["W012"]


def test_a_summary_is_added_to_a_file(compiled: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    summary = compiled.parent / f"{compiled.name}-summary.md"
    summary.write_text("# A job\n\n")
    assert floe("check", "--summary", str(summary)) == 0
    assert summary.read_text().startswith("# A job\n\n### What was compiled\n")
    assert floe("check", "--summary", str(compiled)) == 2
    assert f"--summary {compiled}: Is a directory; name a file that can be written" in capsys.readouterr().err
