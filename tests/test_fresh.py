"""Generated files in the repository have the layout that Argo CD and Flux read; `make fresh` tells if one is stale."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

import fresh
from floe_compiler.commands.version import version
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.objects import ObjectId, identify
from floe_compiler.model.output_paths import CLUSTER_FOLDER, DELIVERY_FOLDER, file_name
from floe_compiler.write.index import parse_index

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "output"
FILES = sorted(path for path in OUTPUT.rglob("*") if path.is_file() and path.parent.name != ".floe")
PRODUCTION = [path for path in FILES if path.is_relative_to(OUTPUT / "prod")]
"""The files of the environment that has most: one program writes all."""

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


@cache
def identity(file: Path) -> ObjectId:
    """Return the identity of the one object in a file, which its first lines tell."""
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"^(---|\.\.\.)", text, re.MULTILINE), f"{file} has several documents"
    head = re.split(r"^(?!apiVersion:|kind:|metadata:)[\w\"]", text, maxsplit=1, flags=re.MULTILINE)[0]
    return identify(yaml.load(head, yaml.CSafeLoader))


def test_there_is_a_schema_of_each_kind_of_document() -> None:
    assert len(list((ROOT / "schemas").glob("*.schema.json"))) == 7


def test_nothing_lies_in_the_output_but_one_object_in_each_file() -> None:
    for file in FILES:
        assert file.suffix == ".yaml", "Argo CD would take a .json file for an object"
        assert file.name != "kustomization.yaml", "the folder would be taken for Kustomize's"
    assert len(PRODUCTION) > 500
    for file in PRODUCTION:
        assert file_name(identity(file)) == file.name


def test_the_folder_is_the_namespace() -> None:
    for file in PRODUCTION:
        if file.parent.name != DELIVERY_FOLDER:
            assert (identity(file).namespace or CLUSTER_FOLDER) == file.parent.name, file
    assert {file.relative_to(OUTPUT).parts[0] for file in FILES} == {
        path.parent.name for path in ROOT.glob("overlays/*/environment.yaml")
    }


def test_nothing_says_when_or_by_which_version_it_was_made() -> None:
    ours = version()
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert not TIME.search(text), file
        assert f"floe-compile {ours}" not in text, file
        assert f"floe-compile-{ours}" not in text, file
        assert "creationTimestamp" not in text, file
        assert str(ROOT) not in text, file


def test_the_index_owns_every_file_and_no_other() -> None:
    findings = Findings()
    indexes = sorted((OUTPUT / ".floe").glob("*.index"))
    listed = {path for one in indexes for path, _ in parse_index(one.stem, one.read_text(encoding="utf-8"), findings)}
    assert findings.diagnostics == []
    assert listed == {file.relative_to(ROOT).as_posix() for file in FILES}


def test_make_fresh_names_all_that_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fresh, "RULES", tmp_path / "rules.md")
    (tmp_path / "rules.md").write_text("# Rules of yesterday\n", encoding="utf-8")
    monkeypatch.setattr(fresh, "CHECKS", {"one": lambda: 0, "two": fresh.rules, "three": lambda: 2})
    assert fresh.main() == 1
    printed = capsys.readouterr()
    assert printed.err == "not current: two\nnot current: three\n"
    assert "-# Rules of yesterday\n" in printed.out
