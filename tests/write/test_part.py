"""A part of the output is written, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.write.output import check_output, write_output
from floe_compiler.write.part import Part
from write.tree import STORE, tree
from write.tree import write_output as write_whole

DIGESTS = {"dev": "1", "prod": "2"}
PART = Part.of({"dev": ("sales",), "prod": ()})


def files(text: str) -> dict[str, str]:
    names = (
        "dev/_cluster/namespace_finance",
        "dev/_cluster/namespace_sales",
        "dev/finance/a",
        "dev/sales/a",
        "prod/sales/a",
    )
    return {f"output/{name}.yaml": f"{text}\n" for name in names}


def own(text: str) -> dict[str, str]:
    return {path: text for path, text in files(text).items() if path in PART}


def test_files_of_a_part_are_selected() -> None:
    assert sorted(own("x")) == ["output/dev/_cluster/namespace_sales.yaml", "output/dev/sales/a.yaml"]
    assert "output/dev/sales/below/a.yaml" in PART
    assert "output/dev/_tests_sales/a.yaml" in PART
    assert "output/dev/sales-eu/a.yaml" not in PART


def test_only_the_part_and_its_lines_in_the_index_change(tmp_path: Path) -> None:
    write_whole(tmp_path, files("old"), DIGESTS)
    before = tree(tmp_path)
    report = write_output(tmp_path, own("new"), {"dev": "", "prod": ""}, STORE, complete=False, part=PART)
    assert (report.change, report.create, report.delete) == (tuple(sorted(own("x"))), (), ())
    after = tree(tmp_path)
    assert {path for path in after if after[path] != before.get(path)} == {*own("x"), "output/.floe/dev.index"}
    mixed = {**files("old"), **own("new")}
    assert not check_output(tmp_path, mixed, DIGESTS).stale, "the index is that of all files"
    assert not check_output(tmp_path, own("new"), DIGESTS, complete=False, part=PART).stale
    assert check_output(tmp_path, own("newer"), DIGESTS, complete=False, part=PART).stale


def test_files_of_the_part_are_created_and_deleted(tmp_path: Path) -> None:
    write_whole(tmp_path, files("old"), DIGESTS)
    new = {"output/dev/_cluster/namespace_sales.yaml": "old\n", "output/dev/sales/b.yaml": "b\n"}
    report = write_output(tmp_path, new, {"dev": ""}, STORE, complete=False, part=PART)
    assert (report.create, report.delete) == (("output/dev/sales/b.yaml",), ("output/dev/sales/a.yaml",))
    other_files = {path: text for path, text in files("old").items() if path != "output/dev/sales/a.yaml"}
    assert not check_output(tmp_path, {**other_files, **new}, DIGESTS).stale


def test_a_first_part_creates_its_own_index(tmp_path: Path) -> None:
    write_output(tmp_path, own("new"), {"dev": ""}, STORE, complete=False, part=PART)
    assert not check_output(tmp_path, own("new"), {"dev": ""}).stale


def test_errors_elsewhere_do_not_matter(tmp_path: Path) -> None:
    write_whole(tmp_path, files("old"), DIGESTS)
    edited = tmp_path / "output/dev/finance/a.yaml"
    edited.write_text("edited\n", encoding="utf-8")
    write_output(tmp_path, own("new"), {"dev": ""}, STORE, complete=False, part=PART)
    assert edited.read_text(encoding="utf-8") == "edited\n"


def test_a_domain_that_leaves_an_environment_needs_permission_for_its_namespace_only(tmp_path: Path) -> None:
    write_whole(tmp_path, files("old"), DIGESTS)
    with pytest.raises(StageFailed) as failed:
        write_output(tmp_path, {}, {"dev": ""}, STORE, complete=False, part=PART)
    diagnostics = {diagnostic.subject: diagnostic for diagnostic in failed.value.diagnostics}
    assert set(diagnostics) == {"output/dev/sales"}
    for diagnostic in diagnostics.values():
        assert diagnostic.rule.code == "W006"
        assert diagnostic.hint.endswith("--allow-delete dev/sales")
    allowed = write_output(tmp_path, {}, {"dev": ""}, STORE, False, ("dev/sales",), part=PART)
    assert allowed.delete == tuple(sorted(own("x")))
