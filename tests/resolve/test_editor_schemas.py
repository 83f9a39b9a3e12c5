"""The schemas for editors: they accept what compiles, and explain what a type decides."""

from __future__ import annotations

from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from floe_compiler.commands.schema import FOLDER, file_name
from floe_compiler.components import registry
from floe_compiler.load.authored import KINDS, kind_of
from floe_compiler.resolve.editor_schemas import for_editors
from floe_compiler.resolve.schemas import schemas
from floe_compiler.start.repository import EDITED
from tables import table

ROOT = Path(__file__).parents[2]
MESHES = [
    ROOT,
    *(file.parent for file in sorted(ROOT.glob("tests/*/*/platform-manifest.yaml")) if "errors" not in file.parts),
]


@cache
def described() -> dict[str, Any]:
    return {kind: for_editors(schema) for kind, schema in schemas(registry()).items()}


@cache
def validator(kind: str) -> Any:
    return jsonschema_rs.validator_for(described()[kind])


@table("mesh", MESHES, ids=lambda mesh: mesh.name)
def test_documents_that_compile_have_no_errors_in_an_editor(mesh: Path) -> None:
    files = [*mesh.glob("*.yaml"), *mesh.glob("overlays/**/*.yaml"), *mesh.glob("domains/**/*.yaml")]
    documents = {file: kind for file in files if (kind := kind_of(file.relative_to(mesh).as_posix()))}
    assert len(documents) >= 3
    for file, kind in documents.items():
        data = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
        assert [error.message for error in validator(kind).iter_errors(data)] == [], file


def orchestrator() -> dict[str, Any]:
    orchestrator_: dict[str, Any] = described()["Domain"]["properties"]["orchestrator"]
    return orchestrator_


def test_each_type_has_a_description() -> None:
    choice = orchestrator()["properties"]["type"]
    meanings = dict(zip(choice["enum"], choice["markdownEnumDescriptions"], strict=True))
    assert meanings["kubernetes"] == "Data products run as CronJobs."
    assert "\n- kubernetes: Data products run as CronJobs." in orchestrator()["description"]


def test_without_a_type_values_of_any_type_are_accepted() -> None:
    document = {"apiVersion": "floe.dev/v1", "kind": "Domain", "metadata": {"name": "sales", "owner": "a@example.com"}}
    check = validator("Domain").is_valid
    assert check({**document, "orchestrator": {"executor": "celery"}})
    assert check({**document, "orchestrator": {"concurrency": "Replace"}})
    assert not check({**document, "orchestrator": {"executor": "sidecar"}})
    assert not check({**document, "orchestrator": {"type": "dagster", "executor": "celery"}})


def test_a_key_that_means_the_same_to_all_types_is_explained_once() -> None:
    *_, typeless = described()["Domain"]["properties"]["compute"]["allOf"]
    keys = typeless["then"]["properties"]
    assert keys["account"]["description"].startswith("The account identifier")
    assert keys["role"]["description"].count("\n") == 0


@pytest.mark.parametrize("kind", KINDS)
def test_settings_of_editors_name_the_schema_of_each_file(kind: str) -> None:
    path = KINDS[kind].pattern.replace(r"([^/]+)", "name").replace("\\", "")
    assert kind_of(path) == kind
    assert [schema for schema, files in EDITED.items() if any(fnmatch(path, pattern) for pattern in files)] == [
        f"{FOLDER}/{file_name(kind)}"
    ]
