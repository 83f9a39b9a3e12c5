"""Service accounts, roles and pull secrets."""

from __future__ import annotations

from check.samples import sample
from floe_compiler.check.references.pull_secrets import check
from floe_compiler.link import references as linked_references

CHECKS = (check, linked_references.check)

RBAC = "rbac.authorization.k8s.io"


def test_a_pull_secret_that_nobody_writes() -> None:
    platform = sample()
    platform["ServiceAccount/polaris"]["imagePullSecrets"] = [{"name": "registry"}]
    message = "imagePullSecrets names Secret registry, which nobody writes"
    assert platform.findings(*CHECKS) == [("C046", "ServiceAccount floe-platform/polaris", message)]


def test_a_pull_secret_has_the_type_of_one() -> None:
    platform = sample()
    platform.pod("Deployment/polaris")["imagePullSecrets"] = [{"name": "polaris-db"}]
    message = "spec.template.spec.imagePullSecrets names Secret polaris-db of type Opaque"
    assert platform.findings(*CHECKS) == [("C046", "Deployment.apps floe-platform/polaris", message)]
    template = {"type": "kubernetes.io/dockerconfigjson"}
    platform["ExternalSecret/polaris-db"]["spec"]["target"] = {"template": template}
    assert platform.findings(*CHECKS) == []
