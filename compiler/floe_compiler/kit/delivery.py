"""What objects say to the tool that delivers them: in which order, and what never to delete."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.model.settings import Settings

SYNC_WAVE = "argocd.argoproj.io/sync-wave"


def guarded(settings: Settings) -> Mapping[str, str]:
    """Return the annotations that keep the tool from ever deleting an object that holds what cannot be made again."""
    if settings.platform.delivery == "argocd":
        # What is kept on purpose is no reason to call the whole application out of sync, and to sync it forever.
        return {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false", **replaced(settings)}
    return {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


def replaced(settings: Settings) -> Mapping[str, str]:
    """Return the annotation of an object that another one takes the place of: left over, it says nothing is amiss.

    Without it, an application that does not prune is out of sync for good after the first change of a Job (seen with
    Argo CD 3.3).
    """
    return {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"} if settings.platform.delivery == "argocd" else {}
