"""ServiceAccounts, with exactly the permissions that pods declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest, present
from floe_compiler.model.accounts import PolicyRule, Reader
from floe_compiler.model.facts import Pod
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance
from floe_compiler.model.secret_roles import ROLE_ANNOTATION, secret_role
from floe_compiler.model.settings import Settings


def accounts(instance: Instance[Any], pods: Iterable[tuple[str, Pod]]) -> list[Object]:
    """Return the accounts of an instance's pods (workload's name and pod), and Roles for the Kubernetes API.

    Pods that share an account share its permissions.
    """
    rules: dict[str, list[PolicyRule]] = {}
    notes: dict[str, dict[str, str]] = {}
    sharing: dict[str, list[Pod]] = {}
    for name, pod in pods:
        account = pod.account or name
        sharing.setdefault(account, []).append(pod)
        rules.setdefault(account, []).extend(rule for rule in pod.kubernetes_api if rule not in rules[account])
        identity = pod.workload_identity
        notes.setdefault(account, {}).update(identity.notes if identity else {})
    for account, sharing_pods in sharing.items():
        if role := secret_role(instance.settings.platform, instance.scope, sharing_pods):
            notes[account][ROLE_ANNOTATION] = role
    return [
        manifest_
        for account in sorted(rules)
        for manifest_ in _account(instance, account, tuple(rules[account]), notes[account])
    ]


def reader(settings: Settings, declared: Reader) -> list[Object]:
    """Return the Role of an account of any namespace in this one, and its binding."""
    common = labels.common_labels(settings, declared.account)
    return _bound(declared.account, common, declared.rules, declared.namespace)


def _account(
    instance: Instance[Any], account: str, rules: tuple[PolicyRule, ...], notes: dict[str, str]
) -> list[Object]:
    pull_secret, metadata = instance.settings.platform.pull_secret, labels.selector(instance, account)
    pull = [{"name": pull_secret}] if pull_secret else []
    body = {"automountServiceAccountToken": False, **present(imagePullSecrets=pull)}
    objects = [manifest("v1", "ServiceAccount", account, metadata, notes, **body)]
    return objects + (_bound(account, metadata, rules, instance.namespace) if rules else [])


def _bound(name: str, metadata: Mapping[str, str], rules: tuple[PolicyRule, ...], namespace: str) -> list[Object]:
    """Return a Role, and its binding to the account of the same name in `namespace`."""
    group = "rbac.authorization.k8s.io"
    role = {"apiGroup": group, "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    return [
        manifest(f"{group}/v1", "Role", name, metadata, rules=[_rule(rule) for rule in rules]),
        manifest(f"{group}/v1", "RoleBinding", name, metadata, roleRef=role, subjects=[subject]),
    ]


def _rule(declared: PolicyRule) -> Object:
    return {
        "apiGroups": list(declared.groups),
        "resources": list(declared.resources),
        **present(resourceNames=list(declared.names)),
        "verbs": list(declared.verbs),
    }
