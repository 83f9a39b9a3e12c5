"""A receipt has the same bytes wherever it is made, and its content is not trusted when it is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.files import sha256
from floe_compiler.write.index import render_index
from floe_compiler.write.receipt import Compiler, Digest, Receipt, index_digests, read_receipt

A, B = sha256(b"a"), sha256(b"b")
COMPILER = Compiler("1.2.3", Digest(B))


def receipt(inputs: dict[str, str]) -> Receipt:
    return Receipt.of({"prod": A}, inputs, COMPILER, {"pkg:pypi/x": "1", "pkg:generic/helm": "v4.0.0"}, "mesh")


def test_it_is_an_in_toto_statement_about_the_index() -> None:
    assert json.loads(receipt({"platform-manifest.yaml": B}).text()) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "output/.floe/prod.index", "digest": {"sha256": A}}],
        "predicateType": "https://floe.dev/receipt/v1",
        "predicate": {
            "compiler": {"version": "1.2.3", "digest": {"sha256": B}},
            "dependencies": [{"uri": "pkg:generic/helm@v4.0.0"}, {"uri": "pkg:pypi/x@1"}],
            "inputs": [{"name": "platform-manifest.yaml", "digest": {"sha256": B}}],
            "path": "mesh",
        },
    }


def test_the_order_of_inputs_does_not_matter() -> None:
    assert receipt({"a": A, "b": B}).text() == receipt({"b": B, "a": A}).text()


def test_a_written_receipt_is_read_back(tmp_path: Path) -> None:
    receipt_ = receipt({"a": A, "b": B})
    (tmp_path / "r").write_text(receipt_.text())
    read = read_receipt(tmp_path / "r")
    assert read == receipt_
    assert (read.outputs, read.inputs) == ({"prod": A}, {"a": A, "b": B})


def test_the_digest_of_an_index_is_that_of_its_file() -> None:
    files = {"output/dev/x/b.yaml": B, "output/dev/x/a.yaml": A, "output/prod/x/a.yaml": A}
    assert index_digests(files) == {
        "dev": sha256(render_index([("output/dev/x/a.yaml", A), ("output/dev/x/b.yaml", B)]).encode()),
        "prod": sha256(render_index([("output/prod/x/a.yaml", A)]).encode()),
    }


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(receipt({"a": A}).text()), **changes})


def subject(*names: str, digest: str = A) -> str:
    return changed(subject=[{"name": name, "digest": {"sha256": digest}} for name in names])


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{\n "a": }', "r:2:7", "it is not JSON: Expecting value"),
        ("\udcff", "r:1:1", "it is not JSON"),
        ("[" * 100_000, "r:1:1", "it is not JSON"),
        ("[]", "r:1:1", "it is not of this form: Expected `object`, got `array`"),
        (changed(predicate={}), "r:1:1", "missing required field `compiler` - at `$.predicate`"),
        (changed(predicateType="https://slsa.dev/provenance/v1"), "r:1:1", "its types are"),
        (changed(subject=[]), "r:1:1", "it names no output"),
        (subject("output/.floe/../../../etc/passwd.index"), "r:1:1", "is not the index of an environment"),
        (subject("/etc/passwd"), "r:1:1", "is not the index of an environment"),
        (subject("output/.floe/dev.index\n"), "r:1:1", "is not the index of an environment"),
        (subject("output/.floe/dev.index", "output/.floe/dev.index"), "r:1:1", "it names output/.floe/dev.index twice"),
        (subject("output/.floe/dev.index", digest=A.upper()), "r:1:1", "has no SHA-256 digest"),
    ],
)
def test_an_invalid_receipt_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, place: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r").write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(StageFailed) as failed:
        read_receipt(Path("r"))
    [diagnostic] = failed.value.diagnostics
    assert diagnostic.rule.code == "W022"
    assert str(diagnostic.span) == place
    assert message in diagnostic.message


def test_a_file_too_large_for_a_receipt_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "r").open("wb") as file:
        file.truncate(64_000_001)
    with pytest.raises(StageFailed, match="1 problem") as failed:
        read_receipt(tmp_path / "r")
    assert "64000001 bytes" in failed.value.diagnostics[0].message
