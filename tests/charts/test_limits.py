"""Limits of a domain's chart: it may have no effect outside of the domain's namespace."""

from __future__ import annotations

import re
from typing import Any

import pytest

from floe_compiler.charts.limits import ASK_FOR_REGISTRY, problem_of, qualified
from floe_compiler.model.charts import ChartLimits
from floe_compiler.model.objects import identify

OWN = "floe-sales-domain"
LIMITS = ChartLimits(("ghcr.io/acme/",), ("batch",), (("pool", "data", "NoSchedule"), ("spot", "", "NoSchedule")))


def pods(**pod: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "a", "image": "ghcr.io/acme/a:1.0.0"}], **pod}
    return of("apps/v1", "Deployment", spec={"template": {"metadata": {"labels": {"app": "a"}}, "spec": spec}})


def of(api_version: str, kind: str, namespace: str | None = OWN, **rest: Any) -> dict[str, Any]:
    metadata = {"name": "a", **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


RBAC = "rbac.authorization.k8s.io/v1"
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}
ACCOUNT = {"kind": "ServiceAccount", "name": "a", "namespace": OWN}

ALLOWED = [
    pods(),
    pods(priorityClassName="batch", volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "secret": {}}]),
    pods(tolerations=[{"key": "pool", "value": "data", "effect": "NoSchedule"}]),
    pods(tolerations=[{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}]),
    of("v1", "Service", spec={"ports": []}),
    of("v1", "Service", spec={"type": "ClusterIP", "clusterIP": "None"}),
    of("v1", "ConfigMap", data={"a": "b"}),
    of("v1", "ServiceAccount"),
    of("v1", "PersistentVolumeClaim", spec={}),
    of("policy/v1", "PodDisruptionBudget", spec={}),
    of(RBAC, "Role", rules=[{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]),
    of(RBAC, "RoleBinding", roleRef=ROLE, subjects=[ACCOUNT]),
    of(RBAC, "RoleBinding", roleRef=ROLE, subjects=[{"kind": "ServiceAccount", "name": "a"}]),
]

REFUSED = [
    (of(RBAC, "ClusterRole", None, rules=[]), "may have no ClusterRole"),
    (of(RBAC, "ClusterRoleBinding", None), "may have no ClusterRoleBinding"),
    (of("v1", "Namespace", None), "may have no Namespace"),
    (of("apiextensions.k8s.io/v1", "CustomResourceDefinition", None), "may have no CustomResourceDefinition"),
    (of("v1", "ConfigMap", "floe-platform"), "it is in floe-platform"),
    (of("v1", "ConfigMap", "kube-system"), "it is in kube-system"),
    (of("networking.k8s.io/v1", "NetworkPolicy"), "may have no NetworkPolicy"),
    (of("networking.k8s.io/v1", "Ingress"), "may have no Ingress"),
    (of("gateway.networking.k8s.io/v1", "HTTPRoute"), "may have no HTTPRoute"),
    (of("external-secrets.io/v1", "ExternalSecret"), "may have no ExternalSecret"),
    (of("argoproj.io/v1alpha1", "Application"), "may have no Application"),
    (of("v1", "ResourceQuota"), "may have no ResourceQuota"),
    (of("v1", "LimitRange"), "may have no LimitRange"),
    (of("v1", "Pod"), "may have no Pod"),
    (of("apps/v1", "DaemonSet"), "may have no DaemonSet"),
    (of("v1", "Endpoints"), "may have no Endpoints"),
    (of("acme.example/v1", "Deployment"), "may have no Deployment"),
    (of("v1", "Service", spec={"type": "LoadBalancer"}), "spec.type is LoadBalancer"),
    (of("v1", "Service", spec={"type": "NodePort"}), "spec.type is NodePort"),
    (of("v1", "Service", spec={"type": "ExternalName", "externalName": "x"}), "spec.type is ExternalName"),
    (of("v1", "Service", spec={"externalIPs": ["1.2.3.4"]}), "spec.externalIPs"),
    (of("v1", "PersistentVolumeClaim", spec={"volumeName": "of-others"}), "volumeName takes"),
    (of("apps/v1", "StatefulSet", spec={"volumeClaimTemplates": [{"spec": {"volumeName": "a"}}]}), "volumeName takes"),
    (pods(volumes=[{"ephemeral": {"volumeClaimTemplate": {"spec": {"volumeName": "a"}}}}]), "volumeName takes"),
    (pods(volumes=[{"name": "a", "csi": {"driver": "nfs.csi.k8s.io"}}]), "is of csi"),
    (of("v1", "Secret", type="kubernetes.io/service-account-token"), "rights of an account"),
    (of(RBAC, "Role", rules=[{"verbs": ["*"]}]), "rules allow \\*"),
    (of(RBAC, "Role", rules=[{"verbs": ["escalate", "bind"]}]), "rules allow bind, escalate"),
    (
        of(RBAC, "RoleBinding", roleRef={**ROLE, "kind": "ClusterRole", "name": "admin"}),
        "roleRef names the ClusterRole",
    ),
    (of(RBAC, "RoleBinding", roleRef=ROLE, subjects=[{"kind": "Group", "name": "a"}]), "subjects has the Group a"),
    (
        of(RBAC, "RoleBinding", roleRef=ROLE, subjects=[{**ACCOUNT, "namespace": "floe-hr-domain"}]),
        "subjects has the ServiceAccount a",
    ),
    (of("v1", "ConfigMap", metadata={"annotations": {"floe.dev/exception-x": "why"}}), "floe.dev/exception-x"),
    (of("v1", "ConfigMap", metadata={"annotations": {"argocd.argoproj.io/sync-options": "x"}}), "argocd.argoproj.io"),
    (of("v1", "ConfigMap", metadata={"labels": {"kustomize.toolkit.fluxcd.io/x": "x"}}), "kustomize.toolkit"),
    (pods(priorityClassName="system-cluster-critical"), "priorityClassName is system-cluster-critical"),
    (pods(runtimeClassName="other"), "runtimeClassName is other"),
    (pods(tolerations=[{"operator": "Exists"}]), "taint of any key"),
    (pods(tolerations=[{"key": "pool", "operator": "Exists", "effect": "NoSchedule"}]), "taint pool"),
    (pods(tolerations=[{"key": "spot", "operator": "Exists"}]), "taint spot"),
    (pods(hostNetwork=True), "hostNetwork"),
    (pods(nodeName="a"), "nodeName"),
    (pods(volumes=[{"name": "a", "hostPath": {"path": "/"}}]), "is of hostPath"),
    (pods(volumes=[{"name": "a", "nfs": {}}]), "is of nfs"),
    (pods(containers=[{"name": "a", "image": "evil.example/a:1"}]), "image evil.example/a:1"),
    (pods(containers=[{"name": "a", "image": "redis:7"}]), "image redis:7"),
    (pods(initContainers=[{"name": "a", "image": "ghcr.io/acme-evil/a:1"}]), "image ghcr.io/acme-evil/a:1"),
]


def test_the_hint_for_a_registry_names_the_setting_that_allows_it() -> None:
    manifest = pods(containers=[{"name": "a", "image": "evil.example/a:1"}])
    assert problem_of(identify(manifest), manifest, OWN, LIMITS) == (
        "image evil.example/a:1 is not from a registry that domains may use",
        f"allowed: ghcr.io/acme; {ASK_FOR_REGISTRY}",
    )


def test_objects_that_a_domain_may_have_are_accepted() -> None:
    assert [problem for manifest in ALLOWED if (problem := problem_of(identify(manifest), manifest, OWN, LIMITS))] == []


def test_objects_that_a_domain_may_not_have_are_refused() -> None:
    problems = [(expected, problem_of(identify(manifest), manifest, OWN, LIMITS)) for manifest, expected in REFUSED]
    assert [
        (expected, problem)
        for expected, problem in problems
        if not (problem and re.search(expected, problem[0]) and problem[1])
    ] == []


def test_a_chart_may_not_set_the_access_label_of_a_server() -> None:
    manifest = pods()
    manifest["spec"]["template"]["metadata"]["labels"]["access.floe.dev/polaris"] = "true"
    problem_ = problem_of(identify(manifest), manifest, OWN, LIMITS)
    assert problem_
    assert "access.floe.dev/polaris" in problem_[0]


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("redis:7", "docker.io/library/redis:7"),
        ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
        ("ghcr.io/acme/a:1", "ghcr.io/acme/a:1"),
        ("localhost:5000/a", "localhost:5000/a"),
    ],
)
def test_docker_hub_is_the_default_registry(image: str, full: str) -> None:
    assert qualified(image) == full
