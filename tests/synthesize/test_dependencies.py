"""The edges of a namespace's construct tree."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.objects import identify
from floe_compiler.synthesize.dependencies import dependencies


def named(kind: str, name: str, api_version: str = "v1", **body: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "sales"}, **body}


ACCOUNT = named("ServiceAccount", "orders")
ROLE = named("Role", "orders", "rbac.authorization.k8s.io/v1")
CONFIGURATION = named("ConfigMap", "profiles")
FILES = named("ExternalSecret", "files", "external-secrets.io/v1")
VARIABLES = named("ExternalSecret", "variables", "external-secrets.io/v1")
POD = {
    "serviceAccountName": "orders",
    "initContainers": [{"name": "wait"}],
    "containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "variables", "key": "a"}}}]}],
    "volumes": [
        {"name": "a", "configMap": {"name": "profiles"}},
        {"name": "b", "projected": {"sources": [{"secret": {"name": "files"}}]}},
        {"name": "c", "emptyDir": {}},
    ],
}
BINDING = named(
    "RoleBinding",
    "orders",
    "rbac.authorization.k8s.io/v1",
    roleRef={"kind": "Role", "name": "orders"},
    subjects=[{"kind": "ServiceAccount", "name": "orders", "namespace": "sales"}],
)


def needed_by(manifest: dict[str, Any], *manifests: dict[str, Any]) -> set[str]:
    return {needed.name + "/" + needed.kind for needy, needed in dependencies([manifest, *manifests])}


def test_a_deployment_needs_its_account_its_configuration_and_its_secrets() -> None:
    deployment = named("Deployment", "orders", "apps/v1", spec={"template": {"spec": POD}})
    needed = needed_by(deployment, ACCOUNT, CONFIGURATION, FILES, VARIABLES)
    assert needed == {
        "orders/ServiceAccount",
        "profiles/ConfigMap",
        "files/ExternalSecret",
        "variables/ExternalSecret",
    }


def test_a_cron_job_needs_what_its_pods_need() -> None:
    cron_job = named("CronJob", "x", "batch/v1", spec={"jobTemplate": {"spec": {"template": {"spec": POD}}}})
    assert needed_by(cron_job, ACCOUNT) == {"orders/ServiceAccount"}


def test_a_binding_needs_its_role_and_its_subjects() -> None:
    assert dependencies([BINDING, ROLE, ACCOUNT]) == (
        (identify(BINDING), identify(ACCOUNT)),
        (identify(BINDING), identify(ROLE)),
    )


def test_external_objects_are_not_dependencies() -> None:
    assert dependencies([BINDING]) == ()
