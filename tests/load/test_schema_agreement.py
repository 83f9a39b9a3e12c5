"""The fast schema check and the one that explains errors accept the same documents."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from floe_compiler.components import registry
from floe_compiler.load.authored import kind_of
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.structure import Structure
from floe_compiler.resolve.schemas import plain_schemas

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / "platform-manifest.yaml",
    *ROOT.glob("overlays/*/environment.yaml"),
    *ROOT.glob("overlays/*/images.yaml"),
    *ROOT.glob("domains/**/*.yaml"),
]
DOCUMENTS = [
    (kind, document.data)
    for path in sorted(FILES)
    if (kind := kind_of(path.relative_to(ROOT).as_posix()))
    for document in read_documents(path.read_text(), path.name)[0]
]
SCHEMAS = plain_schemas(registry())
STRUCTURES = {kind: Structure(schema) for kind, schema in SCHEMAS.items()}
VALIDATORS = {kind: Draft202012Validator(schema) for kind, schema in SCHEMAS.items()}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["a\n", "٣", "1e3", "10.0", "500m", "x" * 300, "2024-01-01", "İ", "-", ""]),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.text(max_size=4), SCALARS, max_size=2),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return [path, *(below_path for key, part in below for below_path in paths(part, (*path, key)))][0 if path else 1 :]


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, Any]:
    """Return the kind of a document of the reference mesh, and it with some values replaced, removed or added."""
    kind, document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(paths(document)))
        parent: Any = document
        for step in path[:-1]:
            parent = parent[step]
        change = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if change == "remove":
            del parent[path[-1]]
        elif change == "add" and isinstance(parent, dict):
            parent[draw(st.text(max_size=6))] = draw(VALUES)
        else:
            parent[path[-1]] = draw(VALUES)
        if not paths(document):
            break
    return kind, document


def test_documents_of_the_repository_fit() -> None:
    assert {*(kind for kind, _ in DOCUMENTS), "ParentManifest"} == SCHEMAS.keys()
    assert all(VALIDATORS[kind].is_valid(document) for kind, document in DOCUMENTS)


@given(edited())
def test_both_schema_checks_agree(changed: tuple[str, Any]) -> None:
    kind, document = changed
    mistakes = STRUCTURES[kind].mistakes(document, lambda _path: "")
    assert bool(mistakes) == (not VALIDATORS[kind].is_valid(document)), yaml.safe_dump(document)
