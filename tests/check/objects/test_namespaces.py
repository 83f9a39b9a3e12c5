"""Namespaces and scopes."""

from __future__ import annotations

import pytest

from check.samples import resource, sample
from floe_compiler.check.objects import api_versions, schema
from floe_compiler.check.objects.namespaces import check
from floe_compiler.link import delivery
from floe_compiler.link import namespaces as linked_namespaces
from floe_compiler.model.objects import identify

CHECKS = (check, linked_namespaces.check)


@pytest.mark.parametrize("key", ["Role/dagster", "ConfigMap/polaris", "ExternalSecret/polaris-db"])
def test_an_object_of_a_namespaced_kind_needs_a_namespace(key: str) -> None:
    platform = sample()
    del platform[key]["metadata"]["namespace"]
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C011", "metadata.namespace is missing")
    ]


@pytest.mark.parametrize(
    ("api_version", "kind", "code"),
    [
        ("policy/v1beta1", "PodSecurityPolicy", "C004"),
        ("rbac.authorization.k8s.io/v1", "ClusterRoel", "C006"),
        ("v1", "PersistentVolum", "C006"),
    ],
)
def test_a_kind_that_does_not_exist_is_one_error(api_version: str, kind: str, code: str) -> None:
    platform = sample()
    platform.add(resource(api_version, kind, "one", ""))
    assert [code for code, _, _ in platform.findings(*CHECKS, api_versions.check, schema.check)] == [code]


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("external-secrets.io/v1", "ClusterSecretStore"),
        ("v1", "Namespace"),
    ],
)
def test_an_object_of_a_cluster_scoped_kind_has_no_namespace(api_version: str, kind: str) -> None:
    platform = sample()
    platform.add(resource(api_version, kind, "batch"))
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C012", f"metadata.namespace is set, but {kind} is cluster-scoped")
    ]


def test_an_object_of_unknown_scope_without_a_namespace_is_reported() -> None:
    platform = sample()
    toy = platform.add(resource("example.com/v1", "Toy", "bear", ""))
    message = "metadata.namespace is missing, and nothing says whether Toy needs one"
    assert platform.findings(*CHECKS, schema.check, delivery.check) == [("C008", "Toy.example.com bear", message)]
    toy["metadata"]["namespace"] = "floe-platform"
    assert [code for code, _, _ in platform.findings(*CHECKS, schema.check, delivery.check)] == ["C002"]


def test_a_definition_tells_the_scope_of_its_kind() -> None:
    platform = sample()
    spec = {"group": "example.com", "scope": "Cluster", "names": {"kind": "Toy", "plural": "toys"}, "versions": []}
    platform.add(resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "toys", "", spec=spec))
    toy = platform.add(resource("example.com/v1", "Toy", "bear"))
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C012"]
    spec["scope"] = "Namespaced"
    assert platform.findings(*CHECKS) == []
    del toy["metadata"]["namespace"]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C011"]


def test_an_object_of_unknown_scope_may_have_a_namespace() -> None:
    platform = sample()
    platform.add(resource("example.com/v1", "Toy", "bear"))
    assert platform.findings(*CHECKS) == []


def test_the_namespace_must_be_rendered() -> None:
    platform = sample()
    platform["Service/dagster"]["metadata"]["namespace"] = "floe-platfrom"
    assert platform.findings(*CHECKS) == [
        (
            "C013",
            "Service floe-platfrom/dagster",
            "metadata.namespace: there is no Namespace floe-platfrom in this environment",
        )
    ]
    assert platform.hints(*CHECKS) == ['did you mean "floe-platform"?']


def test_namespaces_of_kubernetes_and_delivery_exist() -> None:
    platform = sample()
    platform.add(resource("v1", "ConfigMap", "dns", "kube-system", data={}))
    platform.add(resource("argoproj.io/v1alpha1", "AppProject", "acme", "argocd", spec={}))
    account = platform.add(resource("v1", "ServiceAccount", "deployer", "flux-system"))
    assert [subject for _, subject, _ in platform.findings(*CHECKS)] == ["ServiceAccount flux-system/deployer"]
    platform.facts["delivery"] = frozenset({identify(account)})
    assert platform.findings(*CHECKS) == []
