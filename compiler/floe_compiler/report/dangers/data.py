"""Data that is lost, and updates that the API server refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.report.alignment import same
from floe_compiler.report.dangers.danger import Danger, Fields, at

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


def immutable(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield the fields that an update may not change."""
    if at(before, ("metadata", "name")) != identity.name:
        return  # There was none, or one of another name, so that nothing is changed in place.
    for fields in _IMMUTABLE.get(identity.kind, ()):
        old, new = at(before, fields), at(after, fields)
        given = identity.kind == "Service" and None in (old, new)  # The cluster fills in an address left out.
        if not same(old, new) and not given:
            field = ".".join(fields)
            yield Danger(
                "immutable", f"{field} of a {identity.kind} cannot be changed; it must be deleted and recreated"
            )


def storage_shrunk(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield the volumes that are to become smaller."""
    new = dict(_claims(identity, after))
    for name, size in _claims(identity, before):
        if name in new and _less(new[name], size):
            yield Danger("storage-shrink", f"volume {name} goes from {size} to {new[name]}: volumes cannot shrink")


def _claims(identity: ObjectId, manifest: Object) -> Iterator[tuple[str, str]]:
    claims = at(manifest, ("spec", "volumeClaimTemplates")) if identity.kind == "StatefulSet" else None
    for claim in claims or ([manifest] if identity.kind == "PersistentVolumeClaim" else []):
        yield str(at(claim, ("metadata", "name"))), str(at(claim, ("spec", "resources", "requests", "storage")))


def _less(one: str, other: str) -> bool:
    try:
        return parse_quantity(one) < parse_quantity(other)
    except ValueError:
        return False
