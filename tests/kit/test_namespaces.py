"""A namespace and its limits."""

from __future__ import annotations

from floe_compiler.kit.namespaces import limits, namespace
from floe_compiler.model.inputs import Quota
from floe_compiler.model.plan import NODES
from floe_compiler.model.quantities import parse_quantity
from support import DEVELOPMENT, changed


def test_a_namespace_with_its_limits() -> None:
    manifests = [
        namespace(DEVELOPMENT, "floe-sales-domain", "sales", "@acme/sales"),
        limits(DEVELOPMENT),
    ]
    assert [
        f"{manifest['apiVersion']} {manifest['kind']} {manifest['metadata']['name']}" for manifest in manifests
    ] == [
        "v1 Namespace floe-sales-domain",
        "v1 LimitRange limits",
    ]
    assert {manifest["metadata"]["labels"]["app.kubernetes.io/component"] for manifest in manifests} == {"namespace"}


def test_a_namespace_admits_only_restricted_pods_by_the_rules_of_its_version() -> None:
    manifest = namespace(
        changed(DEVELOPMENT, cluster={"kubernetes_version": "1.33"}), "floe-sales-domain", "sales", "@acme/sales"
    )
    labels = manifest["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/enforce-version"] == "v1.33"
    assert labels["pod-security.kubernetes.io/audit"] == labels["pod-security.kubernetes.io/warn"] == "restricted"


def test_a_namespace_names_its_owner_and_is_never_pruned() -> None:
    manifest = namespace(DEVELOPMENT, "floe-sales-domain", "sales", "@acme/sales")
    assert manifest["metadata"]["name"] == "floe-sales-domain"
    assert "namespace" not in manifest["metadata"]
    assert manifest["metadata"]["labels"]["floe.dev/scope"] == "sales"
    assert manifest["metadata"]["labels"]["floe.dev/environment"] == "dev"
    assert manifest["metadata"]["annotations"] == {
        "floe.dev/owner": "@acme/sales",
        "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    }


def test_containers_without_resources_get_defaults_that_fit_the_quota() -> None:
    (limit,) = limits(DEVELOPMENT)["spec"]["limits"]
    assert limit["type"] == "Container"
    request, most = limit["defaultRequest"], limit["default"]
    assert set(request) == set(most) == {"cpu", "memory"}
    for name, amount in Quota().model_dump(include={"cpu", "memory"}).items():
        assert parse_quantity(request[name]) <= parse_quantity(most[name]) < parse_quantity(amount)


def test_only_the_namespace_of_the_nodes_admits_privileged_pods() -> None:
    labels = namespace(DEVELOPMENT, "floe-nodes", NODES, "@acme/platform")["metadata"]["labels"]
    modes = [labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")]
    assert modes == ["privileged"] * 3
    assert labels["floe.dev/scope"] == "platform.nodes"
