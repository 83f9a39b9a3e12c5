"""With any well-formed YAML value anywhere, the program ends with errors that have a place, or with success."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_compiler.cli import main
from hostile_values import (
    AUTHORED,
    KUSTOMIZATION,
    MERGE_PATCH,
    OBJECTS,
    STEPS,
    WIDE,
    anything_in,
    as_yaml,
    changed,
    documents_of,
    mesh_with_objects,
    paths,
    renamed,
)
from small_mesh import small_mesh

WHOLE_OUTPUT = ("W012",)
"""Concerns the whole output, not a line."""

few = settings(
    max_examples=settings().max_examples // 7,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mesh")


def judge(root: Path) -> None:
    """Check the mesh, as users do."""
    answer, messages = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(answer), contextlib.redirect_stderr(messages):
        code = main(["check", "--root", str(root), "--format", "json", "--jobs", "1"])
    assert code in (0, 1), messages.getvalue()
    for diagnostic in json.loads(answer.getvalue())["diagnostics"]:
        if diagnostic["severity"] == "error" and diagnostic["code"] not in WHOLE_OUTPUT:
            assert diagnostic["span"], diagnostic
            assert (root / diagnostic["span"]["file"]).exists(), diagnostic


@few
@given(st.lists(st.sampled_from(OBJECTS).flatmap(anything_in), min_size=1, max_size=8), st.booleans())
def test_any_value_in_hand_written_objects_is_handled(root: Path, objects: list[Any], patched: bool) -> None:
    steps, patch = (STEPS, MERGE_PATCH) if patched else ({}, None)
    judge(mesh_with_objects(root, renamed(objects), {**KUSTOMIZATION, **steps}, patch))


@few
@given(anything_in({**KUSTOMIZATION, **STEPS}), anything_in(MERGE_PATCH))
def test_any_value_in_kustomizations_and_patches_is_handled(root: Path, kustomization: Any, patch: Any) -> None:
    judge(mesh_with_objects(root, [OBJECTS[0], OBJECTS[5]], kustomization, patch))


@few
@given(st.sampled_from(list(AUTHORED)).flatmap(lambda file: st.tuples(st.just(file), anything_in(AUTHORED[file]))))
def test_any_value_in_documents_is_handled(tmp_path_factory: pytest.TempPathFactory, edited: tuple[str, Any]) -> None:
    file, data = edited
    root = small_mesh(tmp_path_factory.mktemp("mesh"), {})
    (root / file).write_text(as_yaml(data), encoding="utf-8")
    judge(root)


WIDE_DOCUMENTS = documents_of(WIDE)


def test_the_mesh_with_every_input_compiles(tmp_path: Path) -> None:
    shutil.copytree(WIDE, tmp_path, dirs_exist_ok=True)
    assert main(["--root", str(tmp_path), "--quiet"]) == 0


@settings(few, max_examples=settings().max_examples // 16)
@given(
    st.sampled_from(list(WIDE_DOCUMENTS)).flatmap(
        lambda file: st.tuples(st.just(file), anything_in(WIDE_DOCUMENTS[file]))
    )
)
def test_any_value_in_documents_with_every_input_is_handled(
    tmp_path_factory: pytest.TempPathFactory, edited: tuple[str, Any]
) -> None:
    file, data = edited
    root = tmp_path_factory.mktemp("mesh")
    shutil.copytree(WIDE, root, dirs_exist_ok=True)
    (root / file).write_text(as_yaml(data), encoding="utf-8")
    judge(root)


def found_in(root: Path, capsys: pytest.CaptureFixture[str], *objects: Any) -> list[tuple[str, str]]:
    """Return code and file of each finding about these objects."""
    mesh_with_objects(root, [*objects], KUSTOMIZATION, None)
    assert main(["check", "--root", str(root), "--format", "json"]) == 1
    diagnostics = json.loads(capsys.readouterr().out)["diagnostics"]
    return [(diagnostic["code"], diagnostic["span"]["file"]) for diagnostic in diagnostics if diagnostic["span"]]


DEFINITION, WIDGET = (manifest for manifest in OBJECTS if manifest["kind"] in ("CustomResourceDefinition", "Widget"))
SOUND_DEFINITION = {**DEFINITION, "metadata": {"name": "widgets.acme.example"}}


def test_a_key_that_is_too_long_for_yaml_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    widget = {**WIDGET, "spec": {**WIDGET["spec"], "more": {"\u2028" * 168: "x"}}}
    assert ("W020", "base/objects.yaml") in found_in(tmp_path, capsys, SOUND_DEFINITION, widget)


def test_a_pattern_that_only_go_can_read_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = next(path for path in paths(SOUND_DEFINITION) if path[-1:] == ("pattern",))
    diagnostics = found_in(tmp_path, capsys, changed(SOUND_DEFINITION, path, r"^\pL$"), WIDGET)
    assert diagnostics.count(("C007", "base/objects.yaml")) == 1
    assert "C001" not in dict(diagnostics)
