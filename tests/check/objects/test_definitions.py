"""Schemas of rendered CustomResourceDefinitions."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.check.objects.custom_resources.definitions import definition_schemas, unreadable_patterns
from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.model.document import show_path
from floe_compiler.model.kubernetes_schemas import kubernetes_schemas
from tables import table

TEXT = {"type": "string"}
RECORD = {"type": "object", "properties": {"a": TEXT}}


def definition(**versions: dict[str, Any]) -> dict[str, Any]:
    """Return a definition whose versions have these schemas of `spec`."""
    names = {"kind": "Toy", "plural": "toys"}
    items = [
        {"name": name, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}}}
        for name, schema in versions.items()
    ]
    return {"kind": "CustomResourceDefinition", "spec": {"group": "example.com", "names": names, "versions": items}}


def refused(schema: dict[str, Any], spec: Any) -> list[str]:
    """Return the places of violations in a toy with this spec."""
    kubernetes = kubernetes_schemas("1.34")
    assert kubernetes is not None
    schemas = Schemas(kubernetes, [definition(v1=schema)])
    toy = {"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "x"}, "spec": spec}
    return [show_path(violation.path) for violation in schemas.violations(toy)]


@table(
    "schema, spec, places",
    [
        (RECORD, {"a": "x"}, []),
        (RECORD, {"a": 1}, ["spec.a"]),
        (RECORD, {"b": "x"}, ["spec.b"]),
        (RECORD | {"x-kubernetes-preserve-unknown-fields": True}, {"b": "x"}, []),
        (RECORD | {"additionalProperties": TEXT}, {"b": "x"}, []),
        (RECORD | {"additionalProperties": TEXT}, {"b": 1}, ["spec.b"]),
        ({"type": "object"}, {"b": "x"}, []),
        ({"type": "object", "additionalProperties": RECORD}, {"k": {"b": 1}}, ["spec.k.b"]),
        ({"type": "array", "items": RECORD}, [{"a": "x"}, {"b": 1}], ["spec[1].b"]),
        (RECORD, None, ["spec"]),
        (RECORD | {"nullable": True}, None, []),
        ({"nullable": True}, None, []),
        ({"x-kubernetes-int-or-string": True}, "50%", []),
        ({"x-kubernetes-int-or-string": True}, True, ["spec"]),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, TEXT]}, True, ["spec"]),
        ({"x-kubernetes-int-or-string": True, "nullable": True}, None, []),
        (RECORD | {"required": ["a"]}, {}, ["spec.a"]),
        ({"type": "object", "properties": {"a": TEXT | {"default": "x"}}, "required": ["a"]}, {}, []),
        (RECORD | {"x-kubernetes-embedded-resource": True}, {"a": "x", "kind": "Pod", "metadata": {}}, []),
        (RECORD, {"a": "x", "kind": "Pod"}, ["spec.kind"]),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, {"kind": "Pod"}, []),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1, ["spec"]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 2, []),
        ({"type": "string", "enum": ["a", "b"]}, "c", ["spec"]),
        ({"type": "string", "pattern": "^a"}, "b", ["spec"]),
    ],
)
def test_a_definition_accepts_what_its_schema_accepts(schema: dict[str, Any], spec: Any, places: list[str]) -> None:
    assert refused(schema, spec) == places


def test_each_version_has_its_own_schema() -> None:
    schemas = dict(definition_schemas(definition(v1=RECORD, v2={"type": "object"})))
    assert schemas.keys() == {("example.com/v1", "Toy"), ("example.com/v2", "Toy")}
    assert "additionalProperties" not in schemas["example.com/v2", "Toy"]["properties"]["spec"]


@pytest.mark.parametrize(("required", "places"), [([], []), (["a"], ["spec"])])
def test_a_spec_with_required_fields_is_required(required: list[str], places: list[str]) -> None:
    kubernetes = kubernetes_schemas("1.34")
    assert kubernetes is not None
    schemas = Schemas(kubernetes, [definition(v1=RECORD | {"required": required})])
    toy = {"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "x"}}
    assert [show_path(violation.path) for violation in schemas.violations(toy)] == places


def test_a_version_without_a_schema_has_none() -> None:
    empty = definition(v1=RECORD)
    del empty["spec"]["versions"][0]["schema"]
    assert list(definition_schemas(empty)) == []


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("^(?i)(low|high)$", "HIGH", True),
        ("^(?i)(low|high)$", "higher", False),
        ("(?i)^low|high$", "xHIGH", True),
        ("(?im)^low$", "x\nLOW", True),
        (r"^\pL$", "1", True),
        ("(", "1", True),
    ],
)
def test_patterns_of_go_are_translated_or_skipped(pattern: str, value: str, fits: bool) -> None:
    assert refused({"type": "string", "pattern": pattern}, value) == ([] if fits else ["spec"])
    assert refused({"oneOf": [{"type": "string", "pattern": pattern}]}, value) == ([] if fits else ["spec"])


def test_patterns_that_are_skipped_are_named() -> None:
    items = {"type": "array", "items": {"type": "string", "pattern": r"\pL"}}
    schema = {"type": "object", "properties": {"a": {"pattern": "("}, "b": items, "c": {"pattern": "(?i)x"}}}
    patterns = [(show_path(path), pattern) for path, pattern in unreadable_patterns(definition(v1=schema))]
    assert patterns == [("spec.a", "("), ("spec.b.*", r"\pL")]


CHOICE = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "string", "default": "x"}, "b": {"type": "string"}, "c": RECORD},
    "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
}


@pytest.mark.parametrize(
    ("schema", "spec", "places"),
    [
        (CHOICE, {}, []),
        (CHOICE, {"a": None}, []),
        (CHOICE, {"b": "y"}, ["spec"]),
        ({"type": "object", "properties": {"c": CHOICE}}, {}, []),
        ({"type": "object", "properties": {"c": CHOICE}}, {"c": {}}, []),
        ({"type": "object", "properties": {"c": CHOICE | {"default": {}}}, "required": ["c"]}, {}, []),
        ({"type": "array", "items": CHOICE}, [{}], []),
        ({"type": "object", "additionalProperties": CHOICE}, {"k": {}}, []),
    ],
)
def test_defaults_are_set_before_an_object_is_judged(schema: dict[str, Any], spec: Any, places: list[str]) -> None:
    assert refused(schema, spec) == places


@pytest.mark.parametrize("odd", ["text", 1.5, [["x"]], [None], {"a": {"b": [1]}}, None, True])
def test_a_malformed_definition_has_no_schema_or_a_part(odd: Any) -> None:
    definition_ = definition(v1=RECORD)
    for place in (
        definition_["spec"],
        definition_["spec"]["names"],
        definition_["spec"]["versions"][0],
        *_schemas(definition_),
    ):
        for key in list(place):
            original = place[key]
            place[key] = odd
            kubernetes = kubernetes_schemas("1.34")
            assert kubernetes is not None
            schemas = Schemas(kubernetes, [definition_])
            schemas.violations({"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "x"}, "spec": {}})
            list(unreadable_patterns(definition_))
            place[key] = original


def _schemas(definition_: dict[str, Any]) -> list[dict[str, Any]]:
    top = definition_["spec"]["versions"][0]["schema"]
    schema = top["openAPIV3Schema"]
    return [top, schema, schema["properties"], schema["properties"]["spec"]]
