"""The JSON Schemas: what editors offer, and what the first check of a document accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from floe_compiler.components import built_in, registry
from floe_compiler.model.field_docs import field_docs
from floe_compiler.model.inputs import SAME_EVERYWHERE, DataProduct, Environment, PlatformManifest
from floe_compiler.resolve.model_schemas import JsonSchema
from floe_compiler.resolve.schemas import make_schemas, schemas
from products import STEPS
from resolve.samples import REGISTRY
from tables import table

HEAD = {"apiVersion": "floe.dev/v1"}
OWNED = {"name": "x", "owner": "@acme/x"}
MANIFEST: dict[str, Any] = {
    **HEAD,
    "kind": "PlatformManifest",
    "metadata": {**OWNED, "version": "1.0.0"},
    "secrets": {"type": "generated"},
    "delivery": {"type": "flux", "repository": "https://example.com/x.git"},
}
ENVIRONMENT: dict[str, Any] = {
    **HEAD,
    "kind": "Environment",
    "metadata": OWNED,
    "cluster": {"name": "x"},
    "storage_class": "x",
}
DOMAIN: dict[str, Any] = {**HEAD, "kind": "Domain", "metadata": OWNED}
PRODUCT: dict[str, Any] = {
    **HEAD,
    "kind": "DataProduct",
    "metadata": {**OWNED, "version": "1.0.0"},
    "image": "x:1",
    "steps": STEPS,
}
IMAGES: dict[str, Any] = {
    **HEAD,
    "kind": "ProductImages",
    "metadata": OWNED,
    "images": {"sales": {"orders": "x:1"}},
}


def every() -> Mapping[str, JsonSchema]:
    """Return the schemas with all components."""
    return schemas(registry())


def small() -> Mapping[str, JsonSchema]:
    """Return the schemas with a few components."""
    return schemas(REGISTRY)


def fits(kind: str, document: dict[str, Any], among: Any = None) -> bool:
    return bool(Draft202012Validator((among or small())[kind]).is_valid(document))


@pytest.mark.parametrize("kind", ["PlatformManifest", "Environment", "Domain", "DataProduct", "ProductImages"])
def test_each_kind_has_a_valid_self_contained_schema(kind: str) -> None:
    schema = every()[kind]
    jsonschema_rs.meta.validate(schema)
    assert (schema["title"], schema["$schema"]) == (kind, "https://json-schema.org/draft/2020-12/schema")
    text = json.dumps(schema)
    used = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert used == set(schema["$defs"]), "exactly the definitions in use"
    assert "oneOf" not in text
    assert "discriminator" not in text


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("PlatformManifest", MANIFEST),
        ("Environment", ENVIRONMENT),
        ("Domain", DOMAIN),
        ("DataProduct", PRODUCT),
        ("ProductImages", IMAGES),
    ],
)
def test_a_complete_document_fits(kind: str, document: dict[str, Any]) -> None:
    assert fits(kind, document)
    for key in document:
        assert not fits(kind, {name: value for name, value in document.items() if name != key}), key
    assert not fits(kind, {**document, "more": 1})


@table("component", built_in(), ids=lambda component: f"{component.slot}-{component.type}")
def test_an_editor_knows_every_setting_of_every_component(component: Any) -> None:
    if component.slot == "database":
        return
    text = json.dumps(every()["PlatformManifest"]["$defs"])
    for name, doc in field_docs(component.config).items():
        assert f'"{name}"' in text
        assert json.dumps(doc)[1:-1] in text


@table(
    "slots, right",
    [
        ({"catalog": {"type": "alpha"}}, True),
        ({"catalog": {"type": "alpha", "replicas": 2, "inner": {}}}, True),
        ({"observability": {"collector": {"type": "alpha"}}}, True),
        ({"catalog": {"type": "gamma"}}, False),
        ({"catalog": {"replicas": 2}}, False),
        ({"catalog": {"type": "alpha", "replicas": "2"}}, False),
        ({"catalog": {"type": "alpha", "inner": {"kind": "huge"}}}, False),
        ({"catalog": {"type": "alpha", "more": 1}}, False),
        ({"catalog": "alpha"}, False),
        ({"observability": {"collecter": {"type": "alpha"}}}, False),
        ({"observability": {"collector": {}}}, False),
        ({"database": {"type": "postgresql"}}, False),
    ],
)
def test_slots_of_a_manifest_are_checked(slots: dict[str, Any], right: bool) -> None:
    assert fits("PlatformManifest", {**MANIFEST, **slots}) is right


@table(
    "override, right",
    [
        ({"catalog": {"replicas": 2}}, True),
        ({"catalog": {"type": "beta"}}, True),
        ({"observability": {"collector": {"replicas": 2}}}, True),
        ({"delivery": {"revision": "v1"}}, True),
        ({"secrets": {"type": "external-secrets"}}, True),
        ({"quota": {"pods": 3}}, True),
        ({}, True),
        ({"catalog": {"type": "gamma"}}, False),
        ({"delivery": {"revisoin": "v1"}}, False),
        ({"catalog": {"typ": "beta"}}, False),
        ({"catalog": {"inner": {}, "replicsa": 2}}, False),
        ({"metadata": {"name": "y"}}, False),
        ({"locks": []}, False),
        ({"kind": "PlatformManifest"}, False),
        ({"more": 1}, False),
        ({"placement": {"jobs": {"tolerations": [{}]}}}, False),
        ({"placement": {"jobs": {"tolerations": [{"key": "a"}]}}}, True),
    ],
)
def test_platform_overrides_of_an_environment_are_checked(override: dict[str, Any], right: bool) -> None:
    assert fits("Environment", {**ENVIRONMENT, "platform": override}) is right


@pytest.mark.parametrize(
    ("override", "right"),
    [
        ({"orchestrator": {"replicas": 2}}, True),
        ({"quota": {"cpu": "1"}}, True),
        ({"environments": ["dev"]}, True),
        ({"metadata": {"owner": "@acme/y"}}, False),
        ({"catalog": {"type": "alpha"}}, False),
        ({"more": 1}, False),
    ],
)
def test_settings_of_a_domain_in_an_environment_are_checked(override: dict[str, Any], right: bool) -> None:
    assert fits("Environment", {**ENVIRONMENT, "domains": {"sales": override}}) is right
    if "metadata" not in override:
        assert fits("Domain", {**DOMAIN, **override}) is right


@table(
    "overridden, right",
    [
        ({}, True),
        ({"image": "x:2", "enabled": False, "retries": 1, "timeout": "2h", "run_by": "kubernetes"}, True),
        ({"schedule": {"enabled": False}}, True),
        ({"schedule": None}, True),
        ({"steps": {"a": {"variables": {"A": "b"}, "resources": {"limits": {"cpu": "2"}}, "connects": []}}}, True),
        ({"steps": {"a": {"secrets": {"A": {"key": "b"}}, "script": "a.py", "select": ["a"]}}}, True),
        ({"steps": {"a": {"connects": [{"port": 443}]}}}, False),
        ({"steps": {"a": {"type": "dbt"}}}, False),
        ({"steps": {"a": {"name": "b"}}}, False),
        ({"steps": STEPS}, False),
        ({"retries": "1"}, False),
        ({"imgae": "x:2"}, False),
        *(({key: PRODUCT.get(key, [])}, False) for key in ("apiVersion", "kind", "metadata", "inputs", "outputs")),
    ],
)
def test_product_overrides_of_an_environment_are_checked(overridden: dict[str, Any], right: bool) -> None:
    document = {**ENVIRONMENT, "domains": {"sales": {"products": {"orders": overridden}}}}
    assert fits("Environment", document) is fits("Environment", document, every()) is right
    assert not fits("Domain", {**DOMAIN, "products": {"orders": overridden}})


def test_an_editor_knows_the_overridable_fields_of_a_product() -> None:
    domain = every()["Environment"]["$defs"]["DomainsOfEnvironment"]["additionalProperties"]
    product = domain["properties"]["products"]["additionalProperties"]["properties"]
    docs = field_docs(DataProduct)
    assert {key: setting["description"] for key, setting in product.items() if key != "steps"} == {
        key: docs[key] for key in docs if key not in (*SAME_EVERYWHERE, "steps")
    }


def test_keys_have_descriptions() -> None:
    for manifest in (
        small()["PlatformManifest"]["then"],
        small()["PlatformManifest"]["else"],
        small()["ParentManifest"],
    ):
        assert manifest["properties"]["locks"]["description"] == field_docs(PlatformManifest)["locks"]
    overrides = small()["Environment"]["$defs"]["PlatformOfEnvironment"]
    assert overrides["description"] == field_docs(Environment)["platform"]


EXTENDS = {"extends": {"path": "vendor/acme", "digest": f"sha256:{'0' * 64}"}}


@pytest.mark.parametrize("kind", ["PlatformManifest", "ParentManifest"])
def test_a_manifest_with_a_parent_may_omit_required_fields(kind: str) -> None:
    head = {key: value for key, value in MANIFEST.items() if key not in ("secrets", "delivery")}
    child = {**head, **EXTENDS}
    assert fits(kind, child)
    assert fits(kind, {**child, "catalog": {"replicas": 2}, "delivery": {"repository": "https://example.com/x.git"}})
    assert fits(kind, head) is (kind == "ParentManifest")
    for key in head:
        assert not fits(kind, {name: value for name, value in child.items() if name != key}), key
    assert not fits(kind, {**child, "more": 1})
    assert not fits(kind, {**child, "metadata": OWNED}), "a parent's name and version are not inherited"


@table(
    "path, right",
    [
        ("vendor/acme", True),
        ("vendor/acme_2.x-y", True),
        ("vendor", False),
        ("vendor/", False),
        ("vendor/..", False),
        ("vendor/.hidden", False),
        ("vendor/a/b", False),
        ("../vendor/acme", False),
        ("/vendor/acme", False),
        ("https://example.com/x.git", False),
    ],
)
def test_a_parent_is_right_below_vendor(path: str, right: bool) -> None:
    assert fits("PlatformManifest", {**MANIFEST, "extends": {**EXTENDS["extends"], "path": path}}) is right


def test_making_schemas_does_not_change_the_models() -> None:
    again = make_schemas(REGISTRY, described=True)
    assert again == schemas(REGISTRY)
    assert again is not schemas(REGISTRY)
    assert json.dumps(again) == json.dumps(schemas(REGISTRY)), "in the same order"
