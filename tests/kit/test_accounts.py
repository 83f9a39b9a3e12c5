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
    found = accounts(instance(settings), pods)
    versions = {"ServiceAccount": "v1"}
    assert all(one["apiVersion"] == versions.get(one["kind"], "rbac.authorization.k8s.io/v1") for one in found)
    return {f"{one['kind']} {one['metadata']['name']}": one for one in found}


def test_each_workload_has_an_account_of_its_own_without_permissions() -> None:
    found = rendered(("web", pod()), ("daemon", pod()))
    assert list(found) == ["ServiceAccount daemon", "ServiceAccount web"]
    assert all(one["automountServiceAccountToken"] is False for one in found.values())
    assert all("imagePullSecrets" not in one for one in found.values())


def test_images_are_pulled_with_the_environments_login() -> None:
    found = rendered(("web", pod()), settings=changed(DEVELOPMENT, platform={"pull_secret": "registry"}))
    assert found["ServiceAccount web"]["imagePullSecrets"] == [{"name": "registry"}]


def test_declared_rights_become_a_role_of_the_namespace() -> None:
    found = rendered(("web", pod(kubernetes_api=(JOBS, PODS))))
    assert found["Role web"]["rules"] == [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
    ]
    binding = found["RoleBinding web"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "web"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "web", "namespace": "floe-platform"}]


def test_pods_that_share_an_account_share_its_rights_each_once() -> None:
    found = rendered(
        ("a", pod(account="shared", kubernetes_api=(JOBS,), workload_identity=WorkloadIdentity((("role", "x"),)))),
        ("b", pod(account="shared", kubernetes_api=(JOBS, PODS), workload_identity=WorkloadIdentity((("zone", "y"),)))),
    )
    assert list(found) == ["ServiceAccount shared", "Role shared", "RoleBinding shared"]
    assert len(found["Role shared"]["rules"]) == 2
    assert found["ServiceAccount shared"]["metadata"]["annotations"] == {"role": "x", "zone": "y"}


def test_rights_to_named_objects_are_rights_to_no_others() -> None:
    named = PolicyRule(("",), ("configmaps",), ("update",), names=("state",))
    assert rendered(("web", pod(kubernetes_api=(named,))))["Role web"]["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["state"], "verbs": ["update"]}
    ]
