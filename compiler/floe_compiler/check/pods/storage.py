"""Volume claims must be complete and compatible with rollouts."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.objects.changing_labels import CHANGING_LABELS
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import Workload

OPEN = Rule(
    "C120",
    "volume claim without storage class or size",
    "A claim must set its storage class and size, as the default class may differ between clusters.",
)
LABELS = Rule(
    "C121",
    "claim template with a label that changes",
    "The claim templates of a StatefulSet are immutable, so a label with a version blocks the next upgrade. "
    "Leave the label out.",
)
STUCK = Rule(
    "C122",
    "rolling update with a ReadWriteOnce volume",
    "A ReadWriteOnce claim cannot move to the new pod while the old pod runs, so the rollout hangs. "
    'Use strategy "Recreate" or a StatefulSet.',
)
RULES = (OPEN, LABELS, STUCK)

_SHARED = frozenset({"ReadOnlyMany", "ReadWriteMany"})


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield claims without class or size, with changing labels, or that block a rollout."""
    for identity, claim in index.of("", "PersistentVolumeClaim"):
        yield from _open(index, identity, "spec", claim)
    for workload in index.workloads.values():
        if workload.kind == "StatefulSet":
            for claim in workload.spec.get("volumeClaimTemplates", ()):
                yield from _template(index, workload.id, claim)
        if workload.kind == "Deployment":
            yield from _stuck(index, workload)


def _open(index: Index, identity: ObjectId, place: str, claim: Object) -> Iterator[Diagnostic]:
    spec = claim.get("spec", {})
    if not spec.get("storageClassName"):
        yield index.finding(OPEN, identity, f"{place}.storageClassName is missing", "name a class of the cluster")
    if "storage" not in spec.get("resources", {}).get("requests", {}):
        yield index.finding(
            OPEN, identity, f"{place}.resources.requests.storage is missing", "write a size, such as 10Gi"
        )


def _template(index: Index, identity: ObjectId, claim: Object) -> Iterator[Diagnostic]:
    metadata = claim.get("metadata", {})
    place = f"spec.volumeClaimTemplates[{metadata.get('name', '')}]"
    yield from _open(index, identity, f"{place}.spec", claim)
    for label in sorted(CHANGING_LABELS & metadata.get("labels", {}).keys()):
        yield index.finding(LABELS, identity, f"{place}.metadata.labels has {label}", "remove the label")


def _stuck(index: Index, workload: Workload) -> Iterator[Diagnostic]:
    if workload.spec.get("strategy", {}).get("type") == "Recreate":
        return
    for volume in workload.pod.get("volumes", ()):
        name = volume.get("persistentVolumeClaim", {}).get("claimName", "")
        claim = index.get("", "PersistentVolumeClaim", workload.namespace, name)
        if claim is not None and not _SHARED & set(claim.get("spec", {}).get("accessModes", ())):
            yield index.finding(
                STUCK,
                workload.id,
                f"it mounts PersistentVolumeClaim {name}, but uses rolling updates",
                "write strategy: {type: Recreate}, or use a StatefulSet",
            )
