"""The schema in a CustomResourceDefinition, as strict as the API server's field validation.

The definition may be malformed: a part that has the wrong type is read as empty. Kubernetes' own schema refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from floe_compiler.check.objects.custom_resources.cel_rules import RULES, unevaluated
from floe_compiler.check.objects.custom_resources.patterns import readable_pattern
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object

_DATA = ("default", "enum", "example", RULES)
"""The words of a schema with values instead of schemas."""

_STANDARD = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}


def definition_schemas(definition: Object) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Yield the schema of each version of a CustomResourceDefinition, by API version and kind."""
    spec = mapping(definition, ("spec",))
    kind = str(mapping(spec, ("names",)).get("kind", ""))
    for version, schema in _structural(spec):
        yield (f"{spec.get('group', '')}/{version}", kind), strict_schema(schema)


def unreadable_patterns(definition: Object) -> Iterator[tuple[DataPath, str]]:
    """Yield the patterns that cannot be checked: the path of the field in an object, and the pattern."""
    for _, schema in _structural(mapping(definition, ("spec",))):
        yield from _unreadable(schema, ())


def unevaluated_rules(definition: Object) -> Iterator[tuple[DataPath, str]]:
    """Yield the rules in CEL that cannot be evaluated: the path of the field in an object, and the rule."""
    for _, schema in _structural(mapping(definition, ("spec",))):
        yield from unevaluated(schema)


def strict_schema(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the structural schema of a custom resource as JSON Schema (draft 4) that refuses unknown keys.

    It also requires `spec` if anything in it is required, as controllers take a missing `spec` for an empty one.
    """
    strict = _strict(_with_readable_patterns(schema))
    strict["properties"] = {**mapping(strict, ("properties",)), **_STANDARD}
    if "$defs" in schema:
        strict["$defs"] = {name: _strict(part) for name, part in mapping(schema, ("$defs",)).items()}
    if mapping(strict, ("properties", "spec")).get("required"):
        strict["required"] = sorted({*strict.get("required", ()), "spec"})
    return strict


def definition_scope(definition: Object) -> tuple[tuple[str, str], bool]:
    """Return the group and kind that a CustomResourceDefinition defines, and whether its objects are namespaced."""
    spec = mapping(definition, ("spec",))
    kind = str(mapping(spec, ("names",)).get("kind", ""))
    return (str(spec.get("group", "")), kind), spec.get("scope") == "Namespaced"


def _structural(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the schema of each version that has one, with the version's name."""
    for version in mappings(spec, ("versions",)):
        schema = at(version, ("schema", "openAPIV3Schema"))
        if isinstance(schema, dict):
            yield str(version.get("name", "")), schema


def _unreadable(schema: Any, path: DataPath) -> Iterator[tuple[DataPath, str]]:
    if not isinstance(schema, dict):
        return
    if isinstance(pattern := schema.get("pattern"), str) and readable_pattern(pattern) is None:
        yield path, pattern
    for name, below in mapping(schema, ("properties",)).items():
        yield from _unreadable(below, (*path, name))
    yield from _unreadable(schema.get("additionalProperties"), (*path, "*"))
    yield from _unreadable(schema.get("items"), (*path, "*"))


def _strict(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict):
        return {}
    strict: dict[str, Any] = {
        key: value for key, value in schema.items() if key == RULES or not key.startswith("x-kubernetes-")
    }
    if isinstance(schema.get("properties"), dict):
        strict["properties"] = {name: _strict(item) for name, item in schema["properties"].items()}
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        strict["additionalProperties"] = _strict(schema["additionalProperties"])
    if isinstance(schema.get("items"), dict):
        strict["items"] = _strict(schema["items"])
    if schema.get("x-kubernetes-embedded-resource") and isinstance(strict.get("properties"), dict):
        strict["properties"].update(_STANDARD)
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("anyOf", None)  # means the same, if it is set
        strict["type"] = ["integer", "string"]
    strict.pop("required", None)
    if required := _required(schema):  # draft 4 does not allow an empty list
        strict["required"] = required
    if schema.get("nullable") and "type" in strict:
        strict["type"] = [*(items(strict, ("type",)) or [strict["type"]]), "null"]
    return strict


def _with_readable_patterns(value: Any) -> Any:
    """Return a schema, or a part of it, with each pattern in the form that the validator reads, or without it."""
    if isinstance(value, list):
        return [_with_readable_patterns(item) for item in value]
    if not isinstance(value, dict):
        return value
    readable_value = {key: item if key in _DATA else _with_readable_patterns(item) for key, item in value.items()}
    if isinstance(pattern := readable_value.get("pattern"), str):
        readable = readable_pattern(pattern)
        readable_value["pattern"] = readable
        if readable is None:
            del readable_value["pattern"]
    return readable_value


def _required(schema: Mapping[str, Any]) -> list[str]:
    """Return the required keys, without those with a default, as the API server sets defaults before it validates."""
    properties = mapping(schema, ("properties",))
    return [
        name
        for name in items(schema, ("required",))
        if isinstance(name, str) and "default" not in mapping(properties, (name,))
    ]
