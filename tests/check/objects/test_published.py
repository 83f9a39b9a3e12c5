"""The published schemas of custom resources: which exist, and what they accept and refuse."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.check.objects.custom_resources.published import ADDED, REMOVED, published_schema, schema_files
from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.check.objects.violations import Violation
from floe_compiler.model.document import show_path
from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas
from floe_compiler.model.objects import Object
from tables import table

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
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "spec": {
            "project": "acme",
            "destination": {"name": "prod", "namespace": "a"},
            "sourceHydrator": {
                "drySource": {"repoURL": "x", "path": "y", "targetRevision": "main"},
                "syncSource": {"targetBranch": "prod", "path": "y"},
            },
        },
    },
    {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "spec": {
            "interval": "60m",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "x"},
            "ignore": [{"paths": ["/spec/replicas"], "target": {"kind": "Deployment"}}],
        },
    },
    {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "spec": {"interval": "5m", "url": "oci://registry.example.com/x", "ref": {"tag": "1.0.0"}},
    },
    {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "spec": {
            "interval": "5m",
            "chartRef": {"kind": "OCIRepository", "name": "x"},
            "values": {"anything": {"goes": [1]}},
        },
    },
]


def violations(manifest: Object) -> tuple[Violation, ...]:
    kubernetes = kubernetes_schemas("1.34")
    assert kubernetes is not None
    return Schemas(kubernetes, ()).violations({**manifest, "metadata": {"name": "x", "namespace": "a"}})


def example(kind: str, **spec: Any) -> Object:
    """Return the first good resource of a kind, with some fields of its spec changed."""
    manifest = copy.deepcopy(next(example_ for example_ in GOOD if example_["kind"] == kind))
    manifest["spec"] |= spec
    return manifest


@table("manifest", GOOD, ids=lambda manifest: manifest["kind"])
def test_valid_resources_fit_and_typing_mistakes_do_not(manifest: Object) -> None:
    assert violations(manifest) == ()
    (violation,) = violations({**manifest, "spec": {**manifest["spec"], "mistake": 1}})
    assert violation.path == ("spec", "mistake")


@pytest.mark.parametrize(
    ("manifest", "place", "message", "hint"),
    [
        (example("Application", sorce={}), "spec.sorce", "is not a known key", 'did you mean "source"?'),
        (
            example("ApplicationSet", generators=[{"git": {"repoURL": "x", "revision": "x", "revison": "y"}}]),
            "spec.generators[0].git.revison",
            "is not a known key",
            'did you mean "revision"?',
        ),
        (example("Application", source={"path": "x"}), "spec.source.repoURL", "is missing", ""),
        (example("Application", project=1), "spec.project", "must be a string", ""),
        (
            example("ApplicationSet", strategy={"rollingSync": {"steps": [{"maxUpdate": []}]}}),
            "spec.strategy.rollingSync.steps[0].maxUpdate",
            "must be an integer or a string",
            "",
        ),
        (
            example("ExternalSecret", target={"creationPolicy": "Never"}),
            "spec.target.creationPolicy",
            "must be one of Owner, Orphan, Merge, None",
            "",
        ),
        (
            example("ClusterSecretStore", provider={"valt": {}}),
            "spec.provider.valt",
            "is not a known key",
            'did you mean "vault"?',
        ),
    ],
)
def test_a_mistake_is_one_violation_with_the_fix(manifest: Object, place: str, message: str, hint: str) -> None:
    (violation,) = violations(manifest)
    assert (show_path(violation.path), violation.message, violation.hint) == (place, message, hint)


@table(
    "manifest", [manifest for manifest in GOOD if manifest["kind"] != "Password"], ids=lambda manifest: manifest["kind"]
)
def test_a_resource_without_a_spec_is_refused(manifest: Object) -> None:
    (violation,) = violations({key: value for key, value in manifest.items() if key != "spec"})
    assert (violation.path, violation.message) == (("spec",), "is missing")


def test_a_status_is_refused() -> None:
    (violation,) = violations({**example("Application"), "status": {"health": {}}})
    assert (violation.path, violation.message) == (("status",), "is not a known key")


def test_a_required_field_with_a_default_may_be_left_out() -> None:
    assert violations(example("Password")) == ()
    bare = {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password", "spec": {"digits": 3}}
    assert violations(bare) == ()


@pytest.mark.parametrize(("interval", "fits"), [("1h0m0s", True), ("0", True), ("1.5h", True), ("1 hour", False)])
def test_the_interval_of_an_external_secret_is_a_duration(interval: str, fits: bool) -> None:
    violations_ = violations(example("ExternalSecret", refreshInterval=interval))
    assert [violation.path for violation in violations_] == ([] if fits else [("spec", "refreshInterval")])


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("argoproj.io/v1alpha1", "application"),
        ("argoproj.io/v1", "Application"),
        ("argoproj.io/v1alpha1", "../argoproj.io/Application"),
        ("", ""),
        ("example.com/v1", "Toy"),
    ],
)
def test_other_kinds_have_no_schema(api_version: str, kind: str) -> None:
    assert published_schema(api_version, kind) is None


def test_only_schemas_of_kinds_in_use_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    text = Path.read_text

    def read_text(path: Path, *args: Any, **choices: Any) -> str:
        read.append(path.name)
        return text(path, *args, **choices)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert published_schema("argoproj.io/v1alpha1", "AppProject")
    assert read == ["AppProject_v1alpha1.json"]


@table("api_version, kind", schema_files())
def test_every_schema_compiles(api_version: str, kind: str) -> None:
    kubernetes = kubernetes_schemas("1.34")
    assert kubernetes is not None
    assert Schemas(kubernetes, ()).knows(api_version, kind)


@table("api_version, kind", schema_files())
def test_every_schema_refuses_unknown_keys_at_its_top(api_version: str, kind: str) -> None:
    (violation,) = (
        violation
        for violation in violations({"apiVersion": api_version, "kind": kind, "spec": {}, "mistake": 1})
        if violation.message == "is not a known key"
    )
    assert violation.path == ("mistake",)


def test_every_group_has_its_source_in_the_readme() -> None:
    folder = next(iter(schema_files().values())).parents[1]
    groups = re.findall(r"^\| `(\S+)` \|", (folder / "README.md").read_text("utf-8"), re.MULTILINE)
    assert groups == sorted({path.parent.name for path in schema_files().values()})


def test_additions_and_removals_belong_to_what_has_a_schema() -> None:
    assert ADDED.keys() <= schema_files().keys()
    assert {(replacement, kind) for (_, kind), (_, replacement) in REMOVED.items()} <= schema_files().keys()
    assert not REMOVED.keys() & schema_files().keys()


def test_the_oldest_and_the_newest_version_have_their_schemas() -> None:
    for version in (known_versions()[0], known_versions()[-1], "1.34"):
        schemas = kubernetes_schemas(version)
        assert schemas is not None
        assert ("apps/v1", "Deployment") in schemas.kinds
    assert kubernetes_schemas("0.1") is None
    assert known_versions().index("1.9" if "1.9" in known_versions() else "1.25") == 0
