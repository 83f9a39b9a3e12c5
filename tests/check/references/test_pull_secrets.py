"""Service accounts, roles and pull secrets."""

from __future__ import annotations

from check.samples import resource, sample
from floe_compiler.check.references.pull_secrets import check
from floe_compiler.link import references as linked_references

CHECKS = (check, linked_references.check)

RBAC = "rbac.authorization.k8s.io"


def test_a_missing_service_account_of_a_pod_is_reported() -> None:
    platform = sample()
    platform.pod("CronJob/backup")["serviceAccountName"] = "backups"
    place = "spec.jobTemplate.spec.template.spec.serviceAccountName"
    message = f"{place} names ServiceAccount floe-platform/backups, which does not exist"
    assert platform.findings(*CHECKS) == [("C044", "CronJob.batch floe-platform/backup", message)]
    assert platform.hints(*CHECKS) == ['did you mean "backup"?']


def test_the_default_service_account_always_exists() -> None:
    platform = sample()
    del platform.pod("CronJob/backup")["serviceAccountName"]
    assert platform.findings(*CHECKS) == []


def test_a_binding_of_a_missing_service_account_is_reported() -> None:
    platform = sample()
    platform["RoleBinding/dagster"]["subjects"][0]["namespace"] = "floe-staging"
    message = "subjects names ServiceAccount floe-staging/dagster, which does not exist"
    assert platform.findings(*CHECKS) == [("C044", f"RoleBinding.{RBAC} floe-platform/dagster", message)]


def test_a_subject_that_is_not_an_account_is_external() -> None:
    platform = sample()
    platform["RoleBinding/dagster"]["subjects"] = [{"kind": "Group", "name": "admins", "apiGroup": RBAC}]
    assert platform.findings(*CHECKS) == []


def test_a_service_account_created_elsewhere_is_accepted() -> None:
    platform = sample()
    platform["RoleBinding/dagster"]["subjects"][0]["name"] = "theirs"
    platform["RoleBinding/dagster"]["metadata"]["annotations"] = {
        "floe.dev/external-references": "ServiceAccount/theirs"
    }
    assert platform.findings(*CHECKS) == []


def test_a_missing_role_is_reported() -> None:
    platform = sample()
    platform["RoleBinding/dagster"]["roleRef"]["name"] = "dagstr"
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C045", "roleRef names Role dagstr, which does not exist")
    ]
    assert platform.hints(*CHECKS) == ['did you mean "dagster"?']


def test_cluster_roles_are_rendered_or_built_in() -> None:
    platform = sample()
    reference = platform["RoleBinding/dagster"]["roleRef"]
    reference |= {"kind": "ClusterRole", "name": "view"}
    assert platform.findings(*CHECKS) == []
    reference["name"] = "system:auth-delegator"
    assert platform.findings(*CHECKS) == []
    reference["name"] = "metrics"
    assert [code for code, _, _ in platform.findings(*CHECKS)] == ["C045"]
    platform.add(resource(f"{RBAC}/v1", "ClusterRole", "metrics", "", rules=[]))
    assert platform.findings(*CHECKS) == []


def test_a_missing_pull_secret_is_reported() -> None:
    platform = sample()
    platform["ServiceAccount/polaris"]["imagePullSecrets"] = [{"name": "registry"}]
    message = "imagePullSecrets names Secret registry, which does not exist"
    assert platform.findings(*CHECKS) == [("C046", "ServiceAccount floe-platform/polaris", message)]


def test_a_pull_secret_has_the_type_of_one() -> None:
    platform = sample()
    platform.pod("Deployment/polaris")["imagePullSecrets"] = [{"name": "polaris-db"}]
    message = "spec.template.spec.imagePullSecrets names Secret polaris-db of type Opaque"
    assert platform.findings(*CHECKS) == [("C046", "Deployment.apps floe-platform/polaris", message)]
    template = {"type": "kubernetes.io/dockerconfigjson"}
    platform["ExternalSecret/polaris-db"]["spec"]["target"] = {"template": template}
    assert platform.findings(*CHECKS) == []
