"""ServiceAccounts, and those with a role."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import Workload

RBAC = "rbac.authorization.k8s.io"
DEFAULT = "default"
"""The default account of each namespace."""


def account_of(workload: Workload) -> str:
    """Return the name of the ServiceAccount of a workload's pods."""
    return str(workload.pod.get("serviceAccountName", DEFAULT))


def bindings(index: Index) -> Iterator[tuple[ObjectId, Object]]:
    """Yield the RoleBindings and ClusterRoleBindings."""
    return iter(tuple(index.of(RBAC, "RoleBinding", "ClusterRoleBinding")))


def subjects(identity: ObjectId, binding: Object) -> Iterator[tuple[str, str]]:
    """Yield the namespace and name of each ServiceAccount in a binding."""
    for subject in binding.get("subjects", ()):
        if subject.get("kind") == "ServiceAccount":
            yield subject.get("namespace", identity.namespace), subject.get("name", "")


def bound_accounts(index: Index) -> frozenset[tuple[str, str]]:
    """Return the namespace and name of each ServiceAccount to which the unit's bindings give a role."""
    return frozenset(account for identity, binding in bindings(index) for account in subjects(identity, binding))
