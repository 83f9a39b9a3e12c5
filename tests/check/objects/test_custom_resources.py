"""Our models of custom resources, compared with the operators' own definitions where these are at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.check.objects.custom_resources import SCHEMAS
from floe_compiler.check.objects.kubernetes_schemas import known_versions, kubernetes_schemas
from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.model.objects import Object

DEFINITIONS = Path(__file__).parents[3] / "shared" / "crds"


def definition(api_version: str, kind: str) -> Mapping[str, Any]:
    group, _, version = api_version.partition("/")
    path = DEFINITIONS / group / f"{kind.lower()}_{version}.json"
    if not path.is_file():
        pytest.skip(f"the definition of {api_version} {kind} is not at hand")
    found: Mapping[str, Any] = json.loads(path.read_text())
    return found


def strayed(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield where our schema allows what theirs does not know, asks for what theirs does not, or has another type."""
    if "properties" in ours:
        for name, schema in ours["properties"].items():
            if name not in theirs.get("properties", {}):
                yield f"{path}.{name} is unknown there"
            else:
                yield from strayed(schema, theirs["properties"][name], f"{path}.{name}")
        yield from (
            f"{path}.{name} is optional there" for name in set(ours["required"]) - set(theirs.get("required", ()))
        )
    if "items" in ours:
        yield from strayed(ours["items"], theirs.get("items", {}), f"{path}[]")
    if isinstance(ours.get("type"), str) and theirs.get("type", ours["type"]) != ours["type"]:
        yield f"{path} is of type {theirs['type']} there"
    if "enum" in ours and set(ours["enum"]) != set(theirs.get("enum", ours["enum"])):
        yield f"{path} has other words there"


@pytest.mark.parametrize(("api_version", "kind"), SCHEMAS)
def test_our_models_know_nothing_that_the_definitions_do_not(api_version: str, kind: str) -> None:
    theirs = definition(api_version, kind)["properties"]["spec"]
    assert list(strayed(SCHEMAS[api_version, kind]["properties"]["spec"], theirs)) == []


@pytest.mark.parametrize(("api_version", "kind"), SCHEMAS)
def test_our_models_ask_for_what_the_definitions_ask_for(api_version: str, kind: str) -> None:
    theirs = definition(api_version, kind)["properties"]["spec"]

    def missing(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str) -> Iterator[str]:
        if "properties" not in ours:
            return
        yield from (f"{path}.{name}" for name in set(theirs.get("required", ())) - set(ours["required"]))
        for name in ours["properties"].keys() & theirs.get("properties", {}).keys():
            yield from missing(ours["properties"][name], theirs["properties"][name], f"{path}.{name}")

    assert list(missing(SCHEMAS[api_version, kind]["properties"]["spec"], theirs, "")) == []


GOOD: list[Object] = [
    {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": "SecretStore", "name": "vault"},
            "target": {"name": "db", "creationPolicy": "Owner", "template": {"type": "Opaque", "data": {"a": "x"}}},
            "data": [{"secretKey": "a", "remoteRef": {"key": "x", "property": "y", "decodingStrategy": "None"}}],
            "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "x"}}}],
        },
    },
    {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "spec": {"provider": {"vault": {"server": "https://vault.example.com"}}},
    },
    {
        "apiVersion": "generators.external-secrets.io/v1alpha1",
        "kind": "Password",
        "spec": {"length": 32, "digits": 4, "symbols": 0, "allowRepeat": True, "noUpper": False},
    },
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "spec": {
            "sourceRepos": ["https://example.com/x.git"],
            "destinations": [{"server": "https://kubernetes.default.svc", "namespace": "a"}],
            "clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "a*"}],
        },
    },
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "spec": {
            "project": "acme",
            "source": {"repoURL": "x", "path": "y", "targetRevision": "main", "directory": {"recurse": True}},
            "destination": {"name": "prod", "namespace": "a"},
            "syncPolicy": {
                "automated": {"prune": True},
                "retry": {"limit": 5},
                "syncOptions": ["ServerSideApply=true"],
            },
            "ignoreDifferences": [{"kind": "Deployment", "jsonPointers": ["/spec/replicas"]}],
        },
    },
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "spec": {
            "goTemplate": True,
            "generators": [{"git": {"repoURL": "x", "revision": "main", "directories": [{"path": "output/prod/*"}]}}],
            "syncPolicy": {"preserveResourcesOnDeletion": True},
            "template": {
                "metadata": {"name": "x"},
                "spec": {"project": "acme", "destination": {"server": "x"}},
            },
        },
    },
    {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "spec": {"interval": "5m", "url": "https://example.com/x.git", "ref": {"branch": "main"}},
    },
    {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "spec": {
            "interval": "60m",
            "path": "./output/prod/a",
            "prune": True,
            "wait": True,
            "timeout": "5m",
            "sourceRef": {"kind": "GitRepository", "name": "x"},
            "dependsOn": [{"name": "cluster"}],
        },
    },
]


@pytest.mark.parametrize("manifest", GOOD, ids=lambda one: one["kind"])
def test_what_users_write_fits_and_a_typing_mistake_does_not(manifest: Object) -> None:
    kubernetes = kubernetes_schemas("1.34")
    assert kubernetes is not None
    schemas = Schemas(kubernetes, ())
    named = {**manifest, "metadata": {"name": "x", "namespace": "a"}}
    assert schemas.violations(named) == ()
    (violation,) = schemas.violations({**named, "spec": {**manifest["spec"], "mistake": 1}})
    assert violation.path == ("spec", "mistake")


def test_the_oldest_and_the_newest_version_have_their_schemas() -> None:
    for version in (known_versions()[0], known_versions()[-1], "1.34"):
        found = kubernetes_schemas(version)
        assert found is not None
        assert ("apps/v1", "Deployment") in found.kinds
    assert kubernetes_schemas("0.1") is None
    assert known_versions().index("1.9" if "1.9" in known_versions() else "1.25") == 0
