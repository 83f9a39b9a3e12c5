"""Data that is lost, and updates that the API server refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.model.objects import Object
from floe_compiler.report.alignment import same
from floe_compiler.report.dangers.danger import Change, Danger, Fields, at, less, mapping, mappings

LOSSES = {
    "CustomResourceDefinition": "every object of that kind is deleted with it",
    "Namespace": "the cluster keeps it, as it is guarded; whoever deletes it there deletes everything in it",
    "PersistentVolumeClaim": "its data may be deleted with it",
    "StatefulSet": "its pods stop; its volumes stay or go by their retention policy",
}
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


def deleted(change: Change) -> Iterator[Danger]:
    """Yield what data goes with a deleted object."""
    if change.kind in LOSSES and not change.after:
        yield Danger("data-loss", f"is deleted; {LOSSES[change.kind]}")


def retention_ended(change: Change) -> Iterator[Danger]:
    """Yield whether the volumes of a StatefulSet now go with it, or with its replicas."""
    path = ("spec", "persistentVolumeClaimRetentionPolicy")
    old, new = (mapping(one, path) for one in (change.before, change.after))
    ended = sorted(when for when, what in new.items() if what == "Delete" != old.get(when))
    if change.kind == "StatefulSet" and change.before and ended:
        yield Danger("data-loss", f"volumes are deleted with their data: {', '.join(ended)}")


def immutable(change: Change) -> Iterator[Danger]:
    """Yield the fields that an update may not change."""
    if not change.after or at(change.before, ("metadata", "name")) != change.identity.name:
        return  # There was none, or one of another name, so that nothing is changed in place.
    for fields in _IMMUTABLE.get(change.kind, ()):
        old, new = at(change.before, fields), at(change.after, fields)
        given = change.kind == "Service" and None in (old, new)  # The cluster fills in an address left out.
        if not same(old, new) and not given:
            yield Danger("immutable", f"{'.'.join(fields)} cannot be changed; it must be deleted and recreated")


def storage_shrunk(change: Change) -> Iterator[Danger]:
    """Yield the volumes that are to become smaller."""
    new = dict(_claims(change.kind, change.after))
    for name, size in _claims(change.kind, change.before):
        if name in new and less(new[name], size):
            yield Danger("storage-shrink", f"volume {name} goes from {size} to {new[name]}: volumes cannot shrink")


def _claims(kind: str, manifest: Object) -> Iterator[tuple[str, str]]:
    claims = mappings(manifest, ("spec", "volumeClaimTemplates")) if kind == "StatefulSet" else []
    for claim in [manifest] if kind == "PersistentVolumeClaim" else claims:
        yield str(at(claim, ("metadata", "name"))), str(at(claim, ("spec", "resources", "requests", "storage")))
