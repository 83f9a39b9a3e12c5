"""Delivery: the source that is applied, the target cluster, and deletions there.

Consequences of a deletion: argo-cd.readthedocs.io/en/stable/user-guide/app_deletion, and `spec.deletionPolicy` in
fluxcd.io/flux/components/kustomize/kustomizations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from floe_compiler.model.nested_fields import at, items
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, Fields
from floe_compiler.report.secrecy import hide_in_text

PRUNES: Mapping[str, Fields] = {
    "Application": ("spec", "syncPolicy", "automated", "prune"),
    "Kustomization": ("spec", "prune"),
}
DELIVERS = (*PRUNES, "ApplicationSet")
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
_SOURCES: Mapping[str, tuple[Fields, ...]] = {
    "Application": (("spec", "source", "repoURL"), ("spec", "source", "targetRevision"), ("spec", "source", "path")),
    "GitRepository": (("spec", "url"), ("spec", "ref")),
    "Kustomization": (("spec", "sourceRef"), ("spec", "path")),
    "OCIRepository": (("spec", "url"), ("spec", "ref")),
}
_DESTINATIONS: Mapping[str, tuple[Fields, ...]] = {
    "Application": (
        ("spec", "destination", "server"),
        ("spec", "destination", "name"),
        ("spec", "destination", "namespace"),
    ),
    "Kustomization": (("spec", "kubeConfig"), ("spec", "targetNamespace")),
}


def prune_enabled(change: Change) -> Iterator[Danger]:
    """Yield a danger if the delivery tool begins to prune."""
    path = PRUNES.get(change.kind)
    if path and change.before and at(change.after, path) is True and at(change.before, path) is not True:
        yield Danger("prune", "now deletes objects from the cluster that are no longer in the output")


def redirected(change: Change) -> Iterator[Danger]:
    """Yield a danger if the source or the target of the delivery changes."""
    if not change.before or not change.after:
        return
    if source := _instead(change, _SOURCES.get(change.kind, ())):
        yield Danger(
            "delivery-changed", f"now applies {source}; objects that are missing there are pruned or left unchanged"
        )
    if place := _instead(change, _DESTINATIONS.get(change.kind, ())):
        yield Danger("delivery-changed", f"now applies to {place}; objects at the old destination stay")


def unverified(change: Change) -> Iterator[Danger]:
    """Yield a danger if signatures of what is delivered are no longer verified, or other signers are trusted."""
    path = ("spec", "verify")
    if change.kind != "OCIRepository" or not change.before or not change.after:
        return
    before, after = at(change.before, path), at(change.after, path)
    if before and not after:
        yield Danger("delivery-changed", "no longer verifies who has signed what it applies")
    elif before and before != after:
        yield Danger("delivery-changed", "now trusts other signatures of what it applies")


def _instead(change: Change, paths: tuple[Fields, ...]) -> str:
    """Return `new instead of old` for the values that differ; empty if they are equal."""
    states = [[at(manifest, path) for path in paths] for manifest in (change.before, change.after)]
    changed = [(old, new) for old, new in zip(*states, strict=True) if old != new]
    return ", ".join(f"{_shown(new)} instead of {_shown(old)}" for old, new in changed)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_shown(part) for part in value.values())
    return "nothing" if value is None else hide_in_text(str(value))


def delivery_left(change: Change) -> Iterator[Danger]:
    """Yield what an Application or Kustomization still does in the cluster that is no longer in the output."""
    if _cascades(change.kind, change.before):
        yield Danger("prune", "deletes everything that it has delivered when it is deleted in the cluster")
    else:
        yield Danger("delivery-changed", "what it has delivered keeps running without updates")


def delivery_ended(change: Change) -> Iterator[Danger]:
    """Yield the consequence of a deleted Application or Kustomization for the objects that it delivered."""
    if change.after or change.kind not in DELIVERS:
        return
    if _cascades(change.kind, change.before):
        yield Danger("prune", "is deleted, with everything that it has delivered")
    else:
        yield Danger("delivery-changed", "is deleted; what it has delivered keeps running without updates")


def _cascades(kind: str, manifest: Object) -> bool:
    """Return whether the deletion of an object of the delivery tool deletes what it delivers."""
    match kind:
        case "Application":
            return any(
                str(finalizer).startswith(_FINALIZER) for finalizer in items(manifest, ("metadata", "finalizers"))
            )
        case "ApplicationSet":
            return at(manifest, ("spec", "syncPolicy", "preserveResourcesOnDeletion")) is not True
        case _:
            policy = at(manifest, ("spec", "deletionPolicy")) or "MirrorPrune"
            return at(manifest, ("spec", "prune")) is True if policy == "MirrorPrune" else policy != "Orphan"
