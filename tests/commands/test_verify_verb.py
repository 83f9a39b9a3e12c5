"""`floe-compile verify` passes only what a receipt names, or what the inputs compile to, and says how far that goes."""

import json
from pathlib import Path

import pytest

from commands.conftest import Floe
from floe_compiler.model.files import sha256
from write.tree import tree

SALES = "output/dev/floe-sales/configmap_sales.yaml"


def test_matching_digests_pass_with_a_note_on_their_limits(
    receipt: Path, repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(repository)
    assert floe("verify", str(receipt)) == 0
    assert tree(repository) == before
    assert capsys.readouterr().err == (
        "floe-compile: digests: dev: 3 inputs and 2 files are those of the receipt; whether one compiles to the other,"
        " --recompile shows\n"
    )


def test_compiling_again_passes_with_a_note(receipt: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    assert floe("verify", str(receipt), "--recompile") == 0
    assert capsys.readouterr().err == (
        "floe-compile: recompiled: dev: 3 inputs and 2 files are those of the receipt, and the inputs compile to them\n"
    )
    assert floe("verify") == 0
    assert capsys.readouterr().err == ("floe-compile: recompiled: dev, prod: 4 files are what the inputs compile to\n")


@pytest.mark.parametrize(("path", "code"), [(SALES, "W023"), ("domains/sales.yaml", "W024")])
def test_differing_files_are_named(
    receipt: Path, repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str], path: str, code: str
) -> None:
    (repository / path).write_text("mine\n")
    assert floe("verify", str(receipt)) == 1
    assert capsys.readouterr().err.startswith(
        f"{path}:1:1: error[{code}]: this file has another content than the receipt names\n"
    )


def forged(receipt: Path, repository: Path) -> None:
    """Edit a compiled file, and make index and receipt fit it."""
    index = repository / "output/.floe/dev.index"
    digests = sha256((repository / SALES).read_bytes()), sha256(index.read_bytes())
    (repository / SALES).write_text("mine\n")
    index.write_text(index.read_text().replace(digests[0], sha256(b"mine\n")))
    receipt.write_text(receipt.read_text().replace(digests[1], sha256(index.read_bytes())))


def test_a_forged_receipt_passes_by_digests_and_fails_when_compiled_again(
    receipt: Path, repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    forged(receipt, repository)
    assert floe("verify", str(receipt)) == 0
    assert floe("verify", str(receipt), "--recompile") == 1
    assert "output: error[W012]: 1 file differs from what the inputs compile to" in capsys.readouterr().err
    assert floe("verify") == 1


def test_another_compiler_with_the_same_output_is_reported(
    receipt: Path, floe: Floe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("floe_compiler.load.digests.compiler_digest", lambda: "0" * 64)
    assert floe("verify", str(receipt), "--recompile") == 0
    assert "(by another compiler than the receipt names)" in capsys.readouterr().err


def test_other_packages_are_told(receipt: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    said = json.loads(receipt.read_text())
    said["predicate"]["dependencies"][0]["uri"] += ".1"
    receipt.write_text(json.dumps(said))
    assert floe("verify", str(receipt), "--recompile") == 0
    assert capsys.readouterr().err.endswith("(with other packages than the receipt names)\n")


def test_a_receipt_that_cannot_be_read_is_wrong_usage(floe: Floe, capsys: pytest.CaptureFixture[str]) -> None:
    assert floe("verify", "none.json") == 2
    assert capsys.readouterr().err == "floe-compile: none.json: cannot be read: No such file or directory\n"


def test_names_in_a_receipt_are_escaped_for_the_terminal(
    receipt: Path, floe: Floe, capsys: pytest.CaptureFixture[str]
) -> None:
    statement = json.loads(receipt.read_text())
    statement["predicate"]["inputs"][0]["name"] = "domains/\x1b[2Jx.yaml"
    receipt.write_text(json.dumps(statement))
    assert floe("verify", str(receipt)) == 1
    assert "\x1b" not in capsys.readouterr().err
