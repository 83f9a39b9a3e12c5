"""Objects that other units define."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import NAMESPACE, Platform, resource
from floe_compiler.link.references import check
from link.two_namespaces import DOMAIN, REPORT_NAME, two_namespaces

RBAC = "rbac.authorization.k8s.io/v1"


def binding(kind: str, account: str, *, role: str = "view", role_kind: str = "ClusterRole") -> dict[str, Any]:
    subject = {"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role}
    namespace = DOMAIN if kind == "RoleBinding" else ""
    return resource(RBAC, kind, "readers", namespace, roleRef=reference, subjects=[subject])


@pytest.mark.parametrize("kind", ["RoleBinding", "ClusterRoleBinding"])
def test_accounts_of_other_namespaces_must_exist(kind: str) -> None:
    platform = two_namespaces()
    platform.add(binding(kind, "polaris"))
    assert platform.findings(check) == []
    platform.add(binding(kind, "polarys"))
    ((code, _, message),) = platform.findings(check)
    assert (code, message) == ("C044", "subjects names ServiceAccount floe-platform/polarys, which does not exist")
    assert platform.hints(check) == ['did you mean "polaris"?']


def test_accounts_and_roles_of_kubernetes_exist() -> None:
    platform = two_namespaces()
    bound = binding("RoleBinding", "polaris", role="extension-apiserver-authentication-reader", role_kind="Role")
    bound["subjects"][0] = {"kind": "ServiceAccount", "name": "horizontal-pod-autoscaler", "namespace": "kube-system"}
    platform.add(bound)
    assert platform.findings(check) == []
    bound["subjects"][0]["namespace"] = "elsewhere"
    assert [code for code, _, _ in platform.findings(check)] == ["C044"]


def test_cluster_roles_of_the_environment_exist() -> None:
    platform = two_namespaces()
    platform.add(binding("RoleBinding", "polaris", role="reader"))
    assert [code for code, _, _ in platform.findings(check)] == ["C045"]
    platform.add(resource(RBAC, "ClusterRole", "reader", "", rules=[]))
    assert platform.findings(check) == []


def test_a_role_exists_in_its_own_namespace_only() -> None:
    platform = two_namespaces()
    platform.add(binding("RoleBinding", "polaris", role="dagster", role_kind="Role"))
    assert [code for code, _, _ in platform.findings(check)] == ["C045"]


def with_priority() -> Platform:
    platform = two_namespaces()
    platform.pod("CronJob/report")["priorityClassName"] = "low"
    return platform


def test_a_missing_priority_class_is_reported() -> None:
    message = "spec.jobTemplate.spec.template.spec.priorityClassName names PriorityClass low, which does not exist"
    assert with_priority().findings(check) == [("C047", REPORT_NAME, message)]


def test_a_priority_class_has_no_namespace() -> None:
    platform = with_priority()
    platform.add(resource("scheduling.k8s.io/v1", "PriorityClass", "low", "", value=1))
    assert platform.findings(check) == []
