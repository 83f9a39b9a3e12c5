"""Lost data, and updates that the API server refuses."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.immutability import SIZE, immutable_changes
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, less

LOSSES = {
    "Cluster": "the operator deletes its servers and their volumes",
    "CustomResourceDefinition": "every object of that kind is deleted with it",
    "Namespace": "the cluster keeps it, as it is protected; if you delete it there, everything in it is deleted",
    "PersistentVolumeClaim": "its data may be deleted with it",
    "StatefulSet": "its pods stop; its volumes are kept or deleted by their retention policy",
}


def deleted(change: Change) -> Iterator[Danger]:
    """Yield the data that is deleted with an object."""
    if change.kind in LOSSES and not change.after:
        yield Danger("data-loss", f"is deleted; {LOSSES[change.kind]}")


def retention_ended(change: Change) -> Iterator[Danger]:
    """Yield a danger if the volumes of a StatefulSet are now deleted with it, or with its replicas."""
    path = ("spec", "persistentVolumeClaimRetentionPolicy")
    old, new = (mapping(manifest, path) for manifest in (change.before, change.after))
    ended = sorted(when for when, policy in new.items() if policy == "Delete" != old.get(when))
    if change.kind == "StatefulSet" and change.before and ended:
        yield Danger("data-loss", f"volumes are deleted with their data: {', '.join(ended)}")


def immutable(change: Change) -> Iterator[Danger]:
    """Yield changed immutable fields."""
    if not change.after or at(change.before, ("metadata", "name")) != change.identity.name:
        return  # There was no object, or one with another name, so nothing is changed in place.
    for field in immutable_changes(change.before, change.after):
        if field != ".".join(SIZE):  # `storage_shrunk` tells of that
            yield Danger("immutable", f"{field} cannot be changed; it must be deleted and recreated")


def storage_shrunk(change: Change) -> Iterator[Danger]:
    """Yield the volumes that would shrink."""
    new = dict(_claims(change.kind, change.after))
    for name, size in _claims(change.kind, change.before):
        if name in new and less(new[name], size):
            yield Danger("storage-shrink", f"volume {name} goes from {size} to {new[name]}: volumes cannot shrink")


def _claims(kind: str, manifest: Object) -> Iterator[tuple[str, str]]:
    claims = mappings(manifest, ("spec", "volumeClaimTemplates")) if kind == "StatefulSet" else []
    for claim in [manifest] if kind == "PersistentVolumeClaim" else claims:
        yield str(at(claim, ("metadata", "name"))), str(at(claim, ("spec", "resources", "requests", "storage")))
