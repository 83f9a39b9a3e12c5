"""Tokens for the API server."""

from __future__ import annotations

from check.samples import sample
from floe_compiler.check.pods import security
from floe_compiler.link.tokens import check

CHECKS = (security.check, check)

NAME = "Deployment.apps floe-platform/polaris"
POD = "spec.template.spec"


def test_a_token_for_an_account_without_a_role() -> None:
    platform = sample()
    platform.pod("Deployment/polaris")["automountServiceAccountToken"] = True
    message = f"{POD}.automountServiceAccountToken is not false"
    assert platform.findings(*CHECKS) == [("C071", NAME, message)]
    subjects = platform["RoleBinding/dagster"]["subjects"]
    subjects.append({"kind": "ServiceAccount", "name": "polaris", "namespace": "floe-platform"})
    assert platform.findings(*CHECKS) == []


def test_the_account_may_decide_about_the_token() -> None:
    platform = sample()
    del platform.pod("Deployment/polaris")["automountServiceAccountToken"]
    assert platform.findings(*CHECKS) == []
    del platform["ServiceAccount/polaris"]["automountServiceAccountToken"]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C071"]


def test_the_default_account_brings_a_token_unless_the_pod_refuses() -> None:
    platform = sample()
    del platform.pod("Deployment/polaris")["serviceAccountName"]
    assert platform.findings(*CHECKS) == []
    del platform.pod("Deployment/polaris")["automountServiceAccountToken"]
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C071"]
