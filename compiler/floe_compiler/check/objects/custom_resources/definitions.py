"""The schema in a CustomResourceDefinition, as strict as the API server's field validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object

_STANDARD = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}


def definition_schemas(definition: Object) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Yield the schema of each version of a CustomResourceDefinition, by API version and kind."""
    spec = definition.get("spec", {})
    kind = spec.get("names", {}).get("kind", "")
    for version in spec.get("versions", ()):
        schema = version.get("schema", {}).get("openAPIV3Schema")
        if schema is not None:
            yield (f"{spec.get('group', '')}/{version.get('name', '')}", kind), strict_schema(schema)


def strict_schema(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the structural schema of a custom resource as JSON Schema (draft 4) that refuses unknown keys.

    It also requires `spec` if anything in it is required, as controllers take a missing `spec` for an empty one.
    """
    strict = _strict(schema)
    strict["properties"] = {**strict.get("properties", {}), **_STANDARD}
    if "$defs" in schema:
        strict["$defs"] = {name: _strict(part) for name, part in schema["$defs"].items()}
    if strict["properties"].get("spec", {}).get("required"):
        strict["required"] = sorted({*strict.get("required", ()), "spec"})
    return strict


def definition_scope(definition: Object) -> tuple[tuple[str, str], bool]:
    """Return the group and kind that a CustomResourceDefinition defines, and whether its objects are namespaced."""
    spec = mapping(definition, ("spec",))
    kind = str(mapping(spec, ("names",)).get("kind", ""))
    return (str(spec.get("group", "")), kind), spec.get("scope") == "Namespaced"


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    strict: dict[str, Any] = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if "properties" in schema:
        strict["properties"] = {name: _strict(item) for name, item in schema["properties"].items()}
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        strict["additionalProperties"] = _strict(schema["additionalProperties"])
    if isinstance(schema.get("items"), dict):
        strict["items"] = _strict(schema["items"])
    if schema.get("x-kubernetes-embedded-resource") and "properties" in strict:
        strict["properties"].update(_STANDARD)
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("anyOf", None)  # means the same, if it is set
        strict["type"] = ["integer", "string"]
    strict.pop("required", None)
    if required := _required(schema):  # draft 4 does not allow an empty list
        strict["required"] = required
    if schema.get("nullable") and "type" in strict:
        types = strict["type"]
        strict["type"] = [*([types] if isinstance(types, str) else types), "null"]
    return strict


def _required(schema: Mapping[str, Any]) -> list[str]:
    """Return the required keys, without those with a default, as the API server sets defaults before it validates."""
    properties = schema.get("properties", {})
    return [name for name in schema.get("required", ()) if "default" not in properties.get(name, {})]
