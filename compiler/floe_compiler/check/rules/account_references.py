"""Service accounts, roles and pull secrets that exist."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.accounts import DEFAULT, RBAC, account_of, bindings, subjects
from floe_compiler.check.annotations import is_external
from floe_compiler.check.hints import near
from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object, ObjectId

ACCOUNT = Rule(
    "C044",
    "ServiceAccount that nobody makes",
    "A pod or a role binding names a ServiceAccount that the environment does not render. Correct the name, or say "
    'that somebody else makes it: annotation "floe.dev/external-references: ServiceAccount/<name>".',
)
ROLE = Rule(
    "C045",
    "Role that nobody makes",
    "A binding names a Role or ClusterRole that neither the environment nor Kubernetes has. Correct the name.",
)
PULL_SECRET = Rule(
    "C046",
    "image pull secret of the wrong kind",
    "An image pull secret must exist in the namespace and be of type kubernetes.io/dockerconfigjson, or images cannot "
    "be pulled.",
)

_BUILT_IN_ROLES = frozenset({"admin", "cluster-admin", "edit", "view"})
_DOCKER = frozenset({"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"})


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the accounts, roles and pull secrets that are named but not there."""
    for workload in index.workloads.values():
        place = workload.at("spec.serviceAccountName")
        yield from _account(index, workload.id, workload.manifest, place, (workload.namespace, account_of(workload)))
        yield from _pull_secrets(index, workload.id, workload.manifest, workload.at("spec"), workload.pod)
    for identity, account in index.of("", "ServiceAccount"):
        yield from _pull_secrets(index, identity, account, "", account)
    for identity, binding in bindings(index):
        yield from _role(index, identity, binding)
        for subject in subjects(identity, binding):
            yield from _account(index, identity, binding, "subjects", subject)


def _account(
    index: Index, identity: ObjectId, manifest: Object, place: str, account: tuple[str, str]
) -> Iterator[Diagnostic]:
    namespace, name = account
    if name == DEFAULT or is_external(manifest, "ServiceAccount", name):
        return
    if index.get("", "ServiceAccount", namespace, name) is None:
        message = f"{place} names ServiceAccount {namespace}/{name}, which nobody makes"
        yield index.finding(ACCOUNT, identity, message, near(name, index.names("", "ServiceAccount", namespace)))


def _role(index: Index, identity: ObjectId, binding: Object) -> Iterator[Diagnostic]:
    reference = binding.get("roleRef", {})
    kind, name = reference.get("kind", ""), reference.get("name", "")
    if kind == "ClusterRole" and (name in _BUILT_IN_ROLES or name.startswith("system:")):
        return
    namespace = identity.namespace if kind == "Role" else ""
    if index.get(RBAC, kind, namespace, name) is None and not is_external(binding, kind, name):
        message = f"roleRef names {kind} {name}, which nobody makes"
        yield index.finding(ROLE, identity, message, near(name, index.names(RBAC, kind, namespace)))


def _pull_secrets(
    index: Index, identity: ObjectId, manifest: Object, place: str, owner: Object
) -> Iterator[Diagnostic]:
    for reference in owner.get("imagePullSecrets", ()):
        name = reference.get("name", "")
        if is_external(manifest, "Secret", name):
            continue
        writers = index.secrets.get((identity.namespace, name))
        where = f"{place}.imagePullSecrets" if place else "imagePullSecrets"
        if writers is None:
            yield index.finding(PULL_SECRET, identity, f"{where} names Secret {name}, which nobody writes")
        elif writers[0].type not in _DOCKER:
            message = f"{where} names Secret {name} of type {writers[0].type}"
            yield index.finding(PULL_SECRET, identity, message, "make its type kubernetes.io/dockerconfigjson")
