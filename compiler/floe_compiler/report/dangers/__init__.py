"""Risks of a change: a stable word for programs, and a sentence for the reviewer."""

from __future__ import annotations

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.report.dangers import access, data, delivery, network, places, running
from floe_compiler.report.dangers.danger import Change, Detector
from floe_compiler.report.dangers.danger import Danger as Danger  # re-exported: what the function here returns
from floe_compiler.report.dangers.danger import Objects as Objects
from floe_compiler.report.dangers.danger import Surroundings as Surroundings  # re-exported: what it takes
from floe_compiler.report.dangers.danger import Whole as Whole

WORDS = {
    "data-loss": "Data is deleted, or may be.",
    "data-moved": "A database, bucket, catalog or realm is another one: what was stored stays in the old one.",
    "delivery-changed": "Argo CD or Flux applies another source, applies it elsewhere, or applies it no more.",
    "downgrade": "An older version of a program may not read what the newer one has written.",
    "exposed": "A Service can be reached from outside of the cluster.",
    "guard-removed": "A disruption budget or a quota goes, and its pods stay.",
    "host-change": "A host name no longer leads here.",
    "image-source": "An image comes from another registry or repository.",
    "immutable": "The API server refuses the update: the object must be deleted and recreated.",
    "major-upgrade": "A new major version may need a migration.",
    "memory-lowered": "A container that needs more than its new limit is killed.",
    "network-opened": "Pods may reach, or be reached from, more addresses; or no policy restricts them any more.",
    "prune": "The delivery tool deletes objects from the cluster.",
    "rights-widened": "Rights, or what a project allows, now hold for everything.",
    "scale-down": "Less of something runs, or nothing.",
    "scale-up": "Several run of what was made to run alone.",
    "secret-needed": "The store must hold a value, or pods wait for it.",
    "security-lowered": "A namespace lets in pods with more privileges.",
    "storage-shrink": "A volume is to become smaller, which it cannot.",
    "suspended": "Scheduled work no longer runs.",
}
"""Every word with its meaning; docs/delivery.md lists them."""

_DETECTORS: tuple[Detector, ...] = (
    data.deleted,
    data.immutable,
    data.retention_ended,
    data.storage_shrunk,
    places.data_moved,
    running.scaled_down,
    running.doubled,
    running.suspended,
    running.memory_lowered,
    running.guard_removed,
    running.images,
    access.rights_widened,
    access.project_widened,
    access.security_lowered,
    access.secrets_needed,
    access.store_changed,
    network.addresses_opened,
    network.restriction_lost,
    network.service_exposed,
    network.hosts_changed,
    delivery.prune_enabled,
    delivery.redirected,
    delivery.delivery_ended,
)


def dangers_of(
    identity: ObjectId, before: Object | None, after: Object | None, surroundings: Surroundings
) -> tuple[Danger, ...]:
    """Return the dangers of an object's deletion (`after` is None), change, or creation (`before` is None)."""
    change = Change(identity, before or {}, after or {}, surroundings)
    return tuple(sorted({danger for detector in _DETECTORS for danger in detector(change)}))
