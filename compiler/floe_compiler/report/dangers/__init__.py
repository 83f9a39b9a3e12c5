"""What in a change may hurt: a stable word for programs, and a sentence for the reviewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.report.dangers import access, data, running
from floe_compiler.report.dangers.danger import Danger as Danger  # re-exported: what the functions here return

PRUNERS = frozenset({"Application", "ApplicationSet", "Kustomization"})
GUARDS = {
    "NetworkPolicy": ("network-opened", "what it forbade is allowed"),
    "PodDisruptionBudget": ("guard-removed", "a drain may stop all of its pods at once"),
    "ResourceQuota": ("guard-removed", "the namespace may take the whole cluster"),
}
_RULES: tuple[Callable[[ObjectId, Object, Object], Iterator[Danger]], ...] = (
    data.immutable,
    data.storage_shrunk,
    running.scaled_down,
    running.suspended,
    running.images,
    access.rights_widened,
    access.security_lowered,
    access.network_opened,
    access.hosts_changed,
    access.secrets_needed,
    access.prune_enabled,
)


def dangers_of(identity: ObjectId, before: Object | None, after: Object | None) -> tuple[Danger, ...]:
    """Return the dangers of an object's deletion (`after` is None), change, or creation (`before` is None)."""
    if after is None:
        return tuple(_of_deletion(identity))
    found = [danger for rule in _RULES for danger in rule(identity, before or {}, after)]
    return tuple(sorted(set(found)))


def _of_deletion(identity: ObjectId) -> Iterator[Danger]:
    if identity.kind in data.LOSSES:
        yield Danger("data-loss", f"{identity.kind} {identity.name} is deleted: {data.LOSSES[identity.kind]}")
    if identity.kind in PRUNERS:
        yield Danger("prune", f"{identity.kind} {identity.name} is deleted: what it delivers may be deleted with it")
    if identity.kind in GUARDS:
        word, consequence = GUARDS[identity.kind]
        yield Danger(word, f"{identity.kind} {identity.name} is deleted: {consequence}")
