"""The JSON Schemas of the inputs: printed, written, and compared with those that are committed."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from floe_compiler.cli import main

FILES = [
    "data-product",
    "domain",
    "environment",
    "parent-manifest",
    "platform-manifest",
    "product-images",
    "semantic-model",
]


def run(root: Path, *arguments: str) -> int:
    return main(["schema", *arguments, "--root", str(root)])


def test_one_kind_is_printed_as_a_valid_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "DataProduct") == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema_rs.meta.validate(schema)
    assert "steps" in schema["required"]


def test_without_a_kind_it_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    kinds = "PlatformManifest, ParentManifest, Environment, Domain, DataProduct, ProductImages, SemanticModel"
    assert f"({kinds}), or write all with --write" in err


def test_written_schemas_are_current(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--write") == 0
    assert sorted(path.name for path in (tmp_path / "schemas").iterdir()) == [f"{name}.schema.json" for name in FILES]
    assert capsys.readouterr().out.count("wrote schemas/") == len(FILES)
    assert run(tmp_path, "--check") == 0
    assert run(tmp_path, "--write") == 0
    assert capsys.readouterr().out == "", "nothing is written twice"


def test_stale_missing_and_leftover_schemas_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "--write")
    schemas = tmp_path / "schemas"
    (schemas / "domain.schema.json").write_text("{}\n")
    (schemas / "environment.schema.json").unlink()
    (schemas / "former.schema.json").write_text("{}\n")
    capsys.readouterr()
    assert run(tmp_path, "--check") == 1
    assert capsys.readouterr().out == "".join(
        f"not current: schemas/{name}.schema.json\n" for name in ("domain", "environment", "former")
    )
    assert not (schemas / "environment.schema.json").exists(), "a check writes nothing"
    assert run(tmp_path, "--write") == 0
    assert not (schemas / "former.schema.json").exists()
    assert run(tmp_path, "--check") == 0


def test_an_unknown_kind_is_wrong_usage_with_a_guess(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "DataProdukt") == 2
    assert 'did you mean "DataProduct"?' in capsys.readouterr().err


def test_schemas_that_cannot_be_written_are_not_reported_as_a_bug(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "schemas").write_text("a file")
    assert main(["schema", "--write", "--root", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"floe-compile: cannot read or write {tmp_path}/schemas: File exists\n"
