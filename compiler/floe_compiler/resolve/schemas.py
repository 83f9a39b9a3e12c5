"""The JSON Schemas of the authored documents: for editors (`schemas/`), and for the first check of what was written.

They are generated from the models and the components, so that they include the settings of new components.
Settings that a weaker layer may complete are not required in them; the models see the merged whole later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from floe_compiler.model.field_docs import DescribedJsonSchema
from floe_compiler.model.inputs import (
    SAME_EVERYWHERE,
    Clusters,
    DataProduct,
    Domain,
    Environment,
    PlatformManifest,
    ProductImages,
)
from floe_compiler.model.layout import KINDS
from floe_compiler.model.plan import Component
from floe_compiler.model.schema_words import DISCRIMINATOR, NOT_HERE, REFERENCE
from floe_compiler.model.sites import CLUSTER, CLUSTERS, OF_ENVIRONMENT, RUNS
from floe_compiler.resolve.model_schemas import JsonSchema, by_type, tidy
from floe_compiler.resolve.rollout import SETTINGS
from floe_compiler.resolve.scopes import IDENTITY, INHERITED
from floe_compiler.resolve.semantic_schema import SEMANTIC_MODEL
from floe_compiler.resolve.slots import Registry, slot_path, slots, types

DIALECT = "https://json-schema.org/draft/2020-12/schema"
OVERRIDE = ".override"
"""Suffix of the definitions of which every key may be left out, as another layer may give it."""

REQUIRED = ("apiVersion", "kind", "metadata")
"""The keys that a manifest needs by itself, also if it is completed by others."""

STEP_IDENTITY = ("name", DISCRIMINATOR)
"""The keys of a product's step that an environment cannot override."""

ONLY_OF_SEVERAL = {
    **dict.fromkeys(OF_ENVIRONMENT, "with one cluster, it belongs beside `cluster:`"),
    RUNS: "everything runs in the only cluster; remove it, or write several `clusters:`",
    **dict.fromkeys(("region", "reached_at"), "it is about several clusters, under `clusters:`; remove it"),
}
"""The keys that one of several `clusters` has, and the only `cluster` does not."""

PLATFORM_OF, DOMAINS_OF = "PlatformOfEnvironment", "DomainsOfEnvironment"
"""The definitions of what an environment says of the platform and of its domains."""

PARENT = "ParentManifest"
"""The name of the schema of a manifest that others extend, which need not be complete."""


def schemas(registry: Registry) -> Mapping[str, JsonSchema]:
    """Return the schema of each kind of document."""
    return _made_once(tuple(registry.values()), described=True)


def plain_schemas(registry: Registry) -> Mapping[str, JsonSchema]:
    """Return the schema of each kind of document without the descriptions of its keys, which takes half the time."""
    return _made_once(tuple(registry.values()), described=False)


@lru_cache(maxsize=8)  # a process that compiles several times has the same components
def _made_once(components: tuple[Component[Any], ...], *, described: bool) -> Mapping[str, JsonSchema]:
    registry = Registry(imported=components)
    return _documents(registry, *_model_schemas_once(_models(registry), described=described))


def make_schemas(registry: Registry, *, described: bool) -> Mapping[str, JsonSchema]:
    """Return the schema of each kind of document, made anew."""
    return _documents(registry, *_model_schemas(_models(registry), described=described))


def _models(registry: Registry) -> tuple[type[BaseModel], ...]:
    configs = [component.config for component in registry.values()]
    models: list[type[BaseModel]] = [
        PlatformManifest,
        Environment,
        Clusters,
        Domain,
        DataProduct,
        ProductImages,
        *configs,
    ]
    return tuple(dict.fromkeys(models))


def _model_schemas(
    models: tuple[type[BaseModel], ...], *, described: bool
) -> tuple[Mapping[Any, JsonSchema], JsonSchema]:
    """Return the schema of each model, which refers to one of the definitions; and these."""
    kinds: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in models]
    generator = DescribedJsonSchema if described else GenerateJsonSchema
    return models_json_schema(kinds, schema_generator=generator)


_model_schemas_once = lru_cache(maxsize=8)(_model_schemas)
"""Most of the time that schemas take: components with the same settings share it, whatever else they do."""


def _documents(
    registry: Registry, by_model: Mapping[Any, JsonSchema], generated: JsonSchema
) -> Mapping[str, JsonSchema]:
    """Return the schema of each kind of document, given those of the models."""
    definitions = {name: tidy(schema) for name, schema in generated["$defs"].items()}
    definitions["Cluster"] = _without(definitions["Cluster"], ONLY_OF_SEVERAL)
    definitions |= {f"{name}{OVERRIDE}": _override(schema, definitions) for name, schema in definitions.items()}
    references = {key: by_model[component.config, "validation"]["$ref"] for key, component in registry.items()}
    by_slot = _slots(registry, slots(registry), references, definitions)
    own = _slots(registry, slots(registry, "domain"), references, definitions)

    definitions["RolledOutChange"] = _with_settings(definitions, own)
    manifest = _with_slots(definitions["PlatformManifest"], by_slot)
    platform = _with_slots(definitions[f"PlatformManifest{OVERRIDE}"], _slots_override(by_slot))
    platform["properties"] = {key: value for key, value in platform["properties"].items() if key not in IDENTITY}
    domain = _with_slots(definitions["Domain"], _slots_override(own))
    inner = _with_slots(definitions[f"Domain{OVERRIDE}"], _slots_override(own))
    inner["properties"] = {key: value for key, value in inner["properties"].items() if key not in IDENTITY}
    inner["properties"] |= {"products": _products(definitions)}
    environment = dict(definitions["Environment"])
    domains = environment["properties"]["domains"] | {"additionalProperties": inner}
    described = environment["properties"]["platform"] | platform | _description(environment["properties"]["platform"])
    described.pop("additionalProperties", None)
    described["additionalProperties"] = False
    # Referred to, as the schema of an environment has both in two forms.
    definitions |= {PLATFORM_OF: described, DOMAINS_OF: domains}
    referred = {"platform": {"$ref": f"{REFERENCE}{PLATFORM_OF}"}, "domains": {"$ref": f"{REFERENCE}{DOMAINS_OF}"}}
    environment["properties"] = environment["properties"] | referred
    part = {**platform, "properties": {**manifest["properties"], **platform["properties"]}, "required": list(REQUIRED)}
    documents = {
        # What a child leaves out may be in its parent.
        "PlatformManifest": {"if": {"required": ["extends"]}, "then": part, "else": manifest},
        PARENT: part,
        "Environment": {
            "if": {"required": [CLUSTERS]},
            "then": _with_clusters(environment, definitions),
            "else": _without(environment, {"links": "it is about several clusters, under `clusters:`; remove it"}),
        },
        "Domain": domain,
        "DataProduct": definitions["DataProduct"],
        "ProductImages": definitions["ProductImages"],
        "SemanticModel": SEMANTIC_MODEL,
    }
    return {kind: _complete(kind, documents[kind], definitions) for kind in KINDS}


def _without(schema: JsonSchema, hints: Mapping[str, str]) -> JsonSchema:
    """Return the schema of a mapping that does not have these keys, each with a hint for who writes it."""
    properties = {key: value for key, value in schema["properties"].items() if key not in hints}
    return schema | {"properties": properties, NOT_HERE: dict(hints)}


def _with_clusters(environment: JsonSchema, definitions: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the schema of an environment with `clusters`, in which each says what one `cluster` has beside it."""
    moved = (CLUSTER, *OF_ENVIRONMENT)
    properties = {key: value for key, value in environment["properties"].items() if key not in moved}
    required = [key for key in environment["required"] if key not in moved]
    of_each = definitions["PlacedCluster"]["properties"].keys() - properties.keys()
    hints = dict.fromkeys(sorted(of_each), "each of several clusters has its own: write it in `clusters:`")
    hints[CLUSTER] = "write one `cluster:`, or several `clusters:`"
    return environment | {
        "properties": properties | {CLUSTERS: definitions["Clusters"]["properties"][CLUSTERS]},
        "required": [*required, CLUSTERS],
        NOT_HERE: hints,
    }


def _with_settings(definitions: Mapping[str, JsonSchema], own: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the schema of a change that is rolled out, with the settings that a domain inherits."""
    change, domain = definitions["RolledOutChange"], definitions[f"Domain{OVERRIDE}"]
    inherited = {key: domain["properties"][key] for (key,) in INHERITED}
    settings = _with_slots(domain | {"properties": inherited}, _slots_override(own))
    everywhere = definitions["PlatformManifest"]["properties"].keys() - settings["properties"].keys()
    hints = dict.fromkeys(sorted(everywhere), "it is not of single domains, so no ring can have it alone")
    settings |= {**_description(change["properties"][SETTINGS]), "minProperties": 1, NOT_HERE: hints}
    return change | {"properties": change["properties"] | {SETTINGS: settings}}


def _products(definitions: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the schema of what an environment says of data products, by name; and of their steps, by theirs."""
    override = definitions[f"DataProduct{OVERRIDE}"]
    properties = {key: value for key, value in override["properties"].items() if key not in SAME_EVERYWHERE}
    choices = definitions["DataProduct"]["properties"]["steps"]["items"]["allOf"]
    kinds = [choice["then"]["$ref"].removeprefix(REFERENCE) for choice in choices]
    properties_of_steps = {
        key: value for kind in kinds for key, value in definitions[f"{kind}{OVERRIDE}"]["properties"].items()
    }
    step = {key: value for key, value in properties_of_steps.items() if key not in STEP_IDENTITY}
    properties["steps"] = {
        "type": "object",
        "description": "Changes of steps, by the name of the step.",
        "additionalProperties": {
            "type": "object",
            "properties": step,
            "additionalProperties": False,
            NOT_HERE: dict.fromkeys(STEP_IDENTITY, "a step has the same name and type in every environment; remove it"),
        },
    }
    return {
        "type": "object",
        "description": "Overrides of data products in this environment, by the product's name.",
        "additionalProperties": {
            **override,
            "properties": properties,
            NOT_HERE: {key: f"a product has the same {key} in every environment; remove it" for key in SAME_EVERYWHERE},
        },
    }


def _description(schema: Mapping[str, Any]) -> JsonSchema:
    return {"description": schema["description"]} if "description" in schema else {}


def _override(schema: Any, definitions: Mapping[str, JsonSchema]) -> Any:
    """Return a schema in which every key of every mapping may be left out."""
    if isinstance(schema, list):
        return [_override(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    override: JsonSchema = {}
    for key, value in schema.items():
        if key == "$ref":
            override[key] = f"{value}{OVERRIDE}"
        elif key == "if":
            override[key] = {**value, "required": [DISCRIMINATOR]}  # an absent type may be any
        elif key == "items":
            # Lists are replaced whole, so what is in them must be complete.
            override[key] = value
        elif key != "required":
            override[key] = _override(value, definitions)
    return _with_keys_of_all_types(override, definitions)


def _with_keys_of_all_types(schema: JsonSchema, definitions: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return a choice by type that also refuses, where there is no type, the keys that none of the types has.

    Another layer may give the type. But a misspelt `type` must be found here: without it, the settings would be taken
    for those of the type that the other layer gives. Any other schema is returned as it is.
    """
    choices = [
        choice["then"]["$ref"].removeprefix(REFERENCE).removesuffix(OVERRIDE) for choice in schema.get("allOf", ())
    ]
    if not choices:
        return schema
    known = sorted({key for name in choices for key in definitions[name].get("properties", {})})
    typeless = {
        "if": {"not": {"required": [DISCRIMINATOR]}},
        "then": {"properties": {key: {} for key in known}, "additionalProperties": False},
    }
    return {**schema, "allOf": [*schema["allOf"], typeless]}


def _slots(
    registry: Registry,
    names: Iterable[str],
    references: Mapping[tuple[str, str], str],
    definitions: Mapping[str, JsonSchema],
) -> Mapping[str, JsonSchema]:
    overrides = {
        slot: by_type({kind: f"{references[slot, kind]}{OVERRIDE}" for kind in types(registry, slot)}) for slot in names
    }
    return {slot: _with_keys_of_all_types(schema, definitions) for slot, schema in overrides.items()}


def _slots_override(by_slot: Mapping[str, JsonSchema]) -> Mapping[str, JsonSchema]:
    return {
        slot: {key: value for key, value in schema.items() if key != "required"} for slot, schema in by_slot.items()
    }


def _with_slots(schema: JsonSchema, by_slot: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the schema of a document with its slots; nested slots are in a mapping of their own."""
    properties = dict(schema["properties"])
    for slot, value in by_slot.items():
        group, *rest = (str(step) for step in slot_path(slot))
        if not rest:
            properties[group] = value
            continue
        described = f"The components of `{group}`, each with a `type` of its own."
        empty = {"description": described, "type": "object", "properties": {}, "additionalProperties": False}
        parent = properties.setdefault(group, empty)
        properties[group] = parent | {"properties": parent["properties"] | {rest[0]: value}}
    return schema | {"properties": properties}


def _complete(kind: str, schema: JsonSchema, definitions: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the schema with just those definitions that it uses."""
    used: dict[str, JsonSchema] = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = definitions[name]
            waiting += _references(definitions[name])
    return {
        "$schema": DIALECT,
        "title": kind,
        **schema,
        "$defs": {name: used[name] for name in sorted(used)},
    }


def _references(schema: Any) -> Iterable[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.removeprefix(REFERENCE)
            else:
                yield from _references(value)
