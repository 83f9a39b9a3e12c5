"""What in a change may hurt: a stable word for programs, and a sentence for the reviewer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from floe_compiler.model.images import parse_image
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.report.alignment import same

Fields = tuple[str, ...]

_LOSSES = {
    "CustomResourceDefinition": "every object of that kind is deleted with it",
    "Namespace": "the cluster keeps it, as it is guarded; whoever deletes it there deletes everything in it",
    "PersistentVolumeClaim": "its data may be deleted with it",
    "StatefulSet": "its pods stop; its volumes stay or go by their retention policy",
}
_PRUNERS = {"Application", "ApplicationSet", "Kustomization"}
# What an update of an existing object may not change, from the validation of each kind in kubernetes/kubernetes
# (pkg/apis/*/validation). The API server refuses such an update, and the delivery tool then stops at it.
_IMMUTABLE: Mapping[str, tuple[Fields, ...]] = {
    "ClusterRoleBinding": (("roleRef",),),
    "CSIDriver": (("spec", "attachRequired"),),
    "DaemonSet": (("spec", "selector"),),
    "Deployment": (("spec", "selector"),),
    "IngressClass": (("spec", "controller"),),
    "Job": (("spec", "template"), ("spec", "selector"), ("spec", "completionMode"), ("spec", "podFailurePolicy")),
    "PersistentVolumeClaim": (("spec", "storageClassName"), ("spec", "accessModes"), ("spec", "volumeMode")),
    "PriorityClass": (("value",), ("preemptionPolicy",)),
    "RoleBinding": (("roleRef",),),
    "Secret": (("type",),),
    "Service": (("spec", "clusterIP"),),
    "StatefulSet": (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
        ("spec", "podManagementPolicy"),
    ),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
}
_REPLICAS: Mapping[str, Fields] = {
    "Deployment": ("spec", "replicas"),
    "HorizontalPodAutoscaler": ("spec", "minReplicas"),
    "StatefulSet": ("spec", "replicas"),
}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-+.].*)?")


@dataclass(frozen=True, order=True, slots=True)
class Danger:
    """A risk of a change; `word` never changes its meaning."""

    word: str
    sentence: str


def dangers_of(identity: ObjectId, before: Object | None, after: Object | None) -> tuple[Danger, ...]:
    """Return the dangers of an object's deletion (`after` is None), change, or creation (`before` is None)."""
    if after is None:
        return tuple(_of_deletion(identity))
    found = [danger for rule in _RULES for danger in rule(identity, before or {}, after)]
    return tuple(sorted(set(found)))


def _of_deletion(identity: ObjectId) -> Iterator[Danger]:
    if identity.kind in _LOSSES:
        yield Danger("data-loss", f"{identity.kind} {identity.name} is deleted: {_LOSSES[identity.kind]}")
    if identity.kind in _PRUNERS:
        yield Danger("prune", f"{identity.kind} {identity.name} is deleted: what it delivers may be deleted with it")
    if identity.kind == "NetworkPolicy":
        yield Danger("network-opened", f"NetworkPolicy {identity.name} is deleted: what it forbade is allowed")


def _immutable(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    if _at(before, ("metadata", "name")) != identity.name:
        return  # There was none, or one of another name, so that nothing is changed in place.
    for fields in _IMMUTABLE.get(identity.kind, ()):
        old, new = _at(before, fields), _at(after, fields)
        given = identity.kind == "Service" and None in (old, new)  # The cluster fills in an address left out.
        if not same(old, new) and not given:
            field = ".".join(fields)
            yield Danger(
                "immutable", f"{field} of a {identity.kind} cannot be changed; it must be deleted and recreated"
            )


def _scaled_down(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    fields = _REPLICAS.get(identity.kind, ("",))
    old, new = _at(before, fields), _at(after, fields)
    if isinstance(old, int) and isinstance(new, int) and new < old:
        consequence = "nothing of it runs any more" if new == 0 else "less of it runs"
        yield Danger("scale-down", f"{fields[-1]} goes from {old} to {new}: {consequence}")


def _images(_: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    new = _images_by_container(after)
    for container, image in _images_by_container(before).items():
        yield from _image_change(container, image, new.get(container, image))


def _image_change(container: str, before: str, after: str) -> Iterator[Danger]:
    try:
        old, new = parse_image(before), parse_image(after)
    except ValueError:
        return
    versions = _version(old.tag), _version(new.tag)
    if old.repository != new.repository or not all(versions):
        return
    change = f"{container} goes from {old.tag} to {new.tag}"
    if versions[1] < versions[0]:
        yield Danger("downgrade", f"{change}: an older version may not read what the newer one has written")
    elif versions[0][0] != versions[1][0]:
        yield Danger("major-upgrade", f"{change}: a new major version may need a migration")


def _version(tag: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(tag)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _storage_shrunk(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    new = dict(_claims(identity, after))
    for name, size in _claims(identity, before):
        if name in new and _less(new[name], size):
            yield Danger("storage-shrink", f"volume {name} goes from {size} to {new[name]}: volumes cannot shrink")


def _claims(identity: ObjectId, manifest: Object) -> Iterator[tuple[str, str]]:
    claims = _at(manifest, ("spec", "volumeClaimTemplates")) if identity.kind == "StatefulSet" else None
    for claim in claims or ([manifest] if identity.kind == "PersistentVolumeClaim" else []):
        yield str(_at(claim, ("metadata", "name"))), str(_at(claim, ("spec", "resources", "requests", "storage")))


def _less(one: str, other: str) -> bool:
    try:
        return parse_quantity(one) < parse_quantity(other)
    except ValueError:
        return False


def _rights_widened(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    new = _wildcards(after) - _wildcards(before)
    if identity.kind in ("Role", "ClusterRole") and new:
        yield Danger("rights-widened", f"{identity.kind} {identity.name} now allows * in {', '.join(sorted(new))}")
    if _at(after, ("roleRef", "name")) == "cluster-admin" != _at(before, ("roleRef", "name")):
        yield Danger("rights-widened", f"{identity.kind} {identity.name} now grants every right in the cluster")


def _wildcards(manifest: Object) -> set[str]:
    rules = manifest.get("rules") or []
    return {field for rule in rules for field in ("apiGroups", "resources", "verbs") if "*" in (rule.get(field) or [])}


def _hosts_changed(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    gone = sorted(_hosts(before) - _hosts(after))
    if identity.kind == "Ingress" and gone:
        yield Danger("host-change", f"{', '.join(gone)} no longer leads here")


def _hosts(manifest: Object) -> set[str]:
    return {str(rule.get("host", "*")) for rule in _at(manifest, ("spec", "rules")) or []}


def _images_by_container(manifest: Object) -> dict[str, str]:
    pod = _pod(manifest)
    containers = [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]
    return {str(container.get("name")): str(container.get("image", "")) for container in containers}


def _pod(manifest: Object) -> Object:
    job = _at(manifest, ("spec", "jobTemplate")) or manifest
    pod = _at(job, ("spec", "template", "spec"))
    return pod if isinstance(pod, dict) else {}


def _at(manifest: Any, fields: Fields) -> Any:
    for field in fields:
        if not isinstance(manifest, dict):
            return None
        manifest = manifest.get(field)
    return manifest


_RULES: tuple[Callable[[ObjectId, Object, Object], Iterator[Danger]], ...] = (
    _immutable,
    _scaled_down,
    _images,
    _storage_shrunk,
    _rights_widened,
    _hosts_changed,
)
