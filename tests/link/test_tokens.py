"""Tokens of accounts that bindings of any unit may bind."""

from __future__ import annotations

import pytest

from check.samples import NAMESPACE, Platform, resource
from floe_compiler.link.tokens import check
from link.two_namespaces import DOMAIN, REPORT_NAME, two_namespaces

MESSAGE = "spec.jobTemplate.spec.template.spec.automountServiceAccountToken is not false"


def with_token() -> Platform:
    platform = two_namespaces()
    platform.pod("CronJob/report")["automountServiceAccountToken"] = True
    return platform


def test_a_token_without_a_role_is_reported() -> None:
    assert with_token().findings(check) == [("C071", REPORT_NAME, MESSAGE)]


@pytest.mark.parametrize(
    ("kind", "namespace"), [("ClusterRoleBinding", ""), ("RoleBinding", NAMESPACE), ("RoleBinding", DOMAIN)]
)
def test_a_binding_in_any_unit_gives_a_role(kind: str, namespace: str) -> None:
    platform = with_token()
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subject = {"kind": "ServiceAccount", "name": "report", "namespace": DOMAIN}
    api = "rbac.authorization.k8s.io/v1"
    manifest = platform.add(resource(api, kind, "readers", namespace, roleRef=role, subjects=[subject]))
    assert platform.findings(check) == []
    manifest["subjects"][0]["name"] = "another"
    assert platform.findings(check) == [("C071", REPORT_NAME, MESSAGE)]


def test_an_exception_needs_no_role() -> None:
    platform = with_token()
    platform["CronJob/report"]["metadata"]["annotations"] = {"floe.dev/exception-automountServiceAccountToken": "x"}
    assert platform.findings(check) == []
