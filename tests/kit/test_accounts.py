"""ServiceAccounts: tokens, permissions and cloud identities only as declared."""

from __future__ import annotations

from typing import Any

from floe_compiler.kit.accounts import accounts
from floe_compiler.model.accounts import PolicyRule, WorkloadIdentity
from floe_compiler.model.settings import Settings
from kit.samples import instance, pod
from support import DEVELOPMENT, changed

JOBS = PolicyRule(("batch",), ("jobs",), ("create", "get"))
PODS = PolicyRule(("",), ("pods",), ("get",))


def rendered(*pods: tuple[str, Any], settings: Settings = DEVELOPMENT) -> dict[str, dict[str, Any]]:
    manifests = accounts(instance(settings), pods)
    versions = {"ServiceAccount": "v1"}
    assert all(
        manifest["apiVersion"] == versions.get(manifest["kind"], "rbac.authorization.k8s.io/v1")
        for manifest in manifests
    )
    return {f"{manifest['kind']} {manifest['metadata']['name']}": manifest for manifest in manifests}


def test_each_workload_has_its_own_account_without_permissions() -> None:
    manifests = rendered(("web", pod()), ("daemon", pod()))
    assert list(manifests) == ["ServiceAccount daemon", "ServiceAccount web"]
    assert all(account["automountServiceAccountToken"] is False for account in manifests.values())
    assert all("imagePullSecrets" not in account for account in manifests.values())


def test_images_are_pulled_with_the_environments_login() -> None:
    manifests = rendered(("web", pod()), settings=changed(DEVELOPMENT, platform={"pull_secret": "registry"}))
    assert manifests["ServiceAccount web"]["imagePullSecrets"] == [{"name": "registry"}]


def test_declared_rights_become_a_role_of_the_namespace() -> None:
    manifests = rendered(("web", pod(kubernetes_api=(JOBS, PODS))))
    assert manifests["Role web"]["rules"] == [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
    ]
    binding = manifests["RoleBinding web"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "web"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "web", "namespace": "floe-platform"}]


def test_pods_that_share_an_account_share_its_rights_each_once() -> None:
    manifests = rendered(
        ("a", pod(account="shared", kubernetes_api=(JOBS,), workload_identity=WorkloadIdentity((("role", "x"),)))),
        ("b", pod(account="shared", kubernetes_api=(JOBS, PODS), workload_identity=WorkloadIdentity((("zone", "y"),)))),
    )
    assert list(manifests) == ["ServiceAccount shared", "Role shared", "RoleBinding shared"]
    assert len(manifests["Role shared"]["rules"]) == 2
    assert manifests["ServiceAccount shared"]["metadata"]["annotations"] == {"role": "x", "zone": "y"}


def test_rights_to_named_objects_cover_no_others() -> None:
    named = PolicyRule(("",), ("configmaps",), ("update",), names=("state",))
    assert rendered(("web", pod(kubernetes_api=(named,))))["Role web"]["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["state"], "verbs": ["update"]}
    ]
