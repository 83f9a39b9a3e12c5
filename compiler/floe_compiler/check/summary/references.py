"""References to objects that the unit does not have: accounts, roles, priority classes and others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.pods.exceptions import concerns_security, declarations, exception_hint, is_declared
from floe_compiler.check.pods.tokens import AUTOMOUNT, unused_tokens
from floe_compiler.check.references.accounts import DEFAULT, RBAC, account_of, bindings, subjects
from floe_compiler.check.references.ingresses import backends
from floe_compiler.model.annotations import is_external
from floe_compiler.model.custom_resources import created_for
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.nested_fields import at
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.summary import Reference, Subject, Token
from floe_compiler.model.workloads import Workload

_BUILT_IN = {
    "ClusterRole": frozenset({"admin", "cluster-admin", "edit", "view"}),
    "Role": frozenset({"extension-apiserver-authentication-reader"}),
    "PriorityClass": frozenset({"system-cluster-critical", "system-node-critical"}),
    "ServiceAccount": frozenset({DEFAULT}),
}

_Named = tuple[ObjectId, str, ObjectId]
"""The referrer, the data path, and the referenced object."""


def unresolved(index: Index) -> tuple[Reference, ...]:
    """Return the referenced objects that the unit does not have, each with its referrers."""
    referrers: dict[ObjectId, list[tuple[Subject, str]]] = defaultdict(list)
    created = {reference for identity in index.objects for reference in created_for(identity)}
    for owner, place, named in _references(index):
        if named in index.objects or named in created or _is_built_in(named) or _is_written(index, named):
            continue
        if not is_external(index.manifest(owner), named.kind, named.name):
            referrers[named].append((Subject.of(owner), place))
    return tuple(
        Reference(named.group, named.kind, named.namespace, named.name, tuple(dict.fromkeys(owners)))
        for named, owners in sorted(referrers.items())
    )


def bound_elsewhere(index: Index) -> tuple[tuple[str, str], ...]:
    """Return the ServiceAccounts of other namespaces, by namespace and name, to which the unit gives a role."""
    unit = index.rendered.namespace
    accounts = {account for identity, binding in bindings(index) for account in subjects(identity, binding)}
    return tuple(sorted(account for account in accounts if account[0] != unit))


def tokens(index: Index) -> tuple[Token, ...]:
    """Return the pods with a token, not declared as an exception, whose account has no role in its own namespace."""
    declared = declarations(index, concerns_security)
    return tuple(
        Token(
            account,
            Subject.of(workload.id),
            f"{workload.at('spec')}.{AUTOMOUNT} is not false",
            exception_hint(AUTOMOUNT),
        )
        for workload, account in unused_tokens(index)
        if not is_declared(workload, AUTOMOUNT, declared)
    )


def _is_built_in(named: ObjectId) -> bool:
    # Each of Kubernetes' controllers has an account in kube-system, and so has what a cluster comes with.
    is_system = named.kind == "ServiceAccount" and named.namespace == "kube-system"
    is_system |= named.kind in ("ClusterRole", "Role") and named.name.startswith("system:")
    return is_system or named.name in _BUILT_IN.get(named.kind, ())


def _is_written(index: Index, named: ObjectId) -> bool:
    if (named.group, named.kind) == ("", "ConfigMap"):
        return named.namespace == index.rendered.namespace and named.name in index.rendered.existing_config_maps
    return (named.group, named.kind) == ("", "Secret") and (named.namespace, named.name) in index.secrets


def _references(index: Index) -> Iterator[_Named]:
    for workload in index.workloads.values():
        yield from _of_pods(workload)
    for identity, binding in bindings(index):
        role = binding.get("roleRef", {})
        namespace = identity.namespace if role.get("kind") == "Role" else ""
        yield identity, "roleRef", ObjectId(RBAC, role.get("kind", ""), namespace, role.get("name", ""))
        for namespace, name in subjects(identity, binding):
            yield identity, "subjects", ObjectId("", "ServiceAccount", namespace, name)
    for identity, named in index.named:
        yield identity, show_place(named.path, index.objects[identity]), named.target
    for identity, ingress in index.of("networking.k8s.io", "Ingress"):
        for backend in backends(ingress):
            yield identity, "spec.rules", ObjectId("", "Service", identity.namespace, backend.service)


def _of_pods(workload: Workload) -> Iterator[_Named]:
    account = ObjectId("", "ServiceAccount", workload.namespace, account_of(workload))
    yield workload.id, workload.at("spec.serviceAccountName"), account
    # A StatefulSet puts the claims of its templates in the place of volumes of the same name.
    replaced = {at(claim, ("metadata", "name")) for claim in workload.spec.get("volumeClaimTemplates") or ()}
    for volume in workload.pod.get("volumes", ()):
        if "persistentVolumeClaim" in volume and volume.get("name") not in replaced:
            name = volume["persistentVolumeClaim"].get("claimName", "")
            place = workload.at(f"spec.volumes[{volume.get('name', '')}]")
            yield workload.id, place, ObjectId("", "PersistentVolumeClaim", workload.namespace, name)
    if priority := workload.pod.get("priorityClassName", ""):
        place = workload.at("spec.priorityClassName")
        yield workload.id, place, ObjectId("scheduling.k8s.io", "PriorityClass", "", priority)
