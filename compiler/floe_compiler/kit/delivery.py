"""What objects say to the tool that delivers them: in which order, and what never to delete."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.model.plan import Settings

SYNC_WAVE = "argocd.argoproj.io/sync-wave"


def wave(settings: Settings, phase: int) -> Mapping[str, str]:
    """Return the annotation that orders an object among those of its namespace; Flux knows none, and retries."""
    return {SYNC_WAVE: str(phase)} if settings.delivery == "argocd" else {}


def guarded(settings: Settings) -> Mapping[str, str]:
    """Return the annotation that keeps the tool from ever deleting an object that holds data."""
    if settings.delivery == "argocd":
        return {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
    return {"kustomize.toolkit.fluxcd.io/prune": "disabled"}
