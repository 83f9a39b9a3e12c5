"""Annotations for the delivery tool: order, and protection from deletion."""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.model.annotations import AFTER_SYNC
from floe_compiler.model.settings import Settings

SYNC_WAVE = "argocd.argoproj.io/sync-wave"
LAST_WAVE = "1000"
"""A wave after those of all controllers of a namespace, which are numbered from 0."""


def guarded(settings: Settings) -> Mapping[str, str]:
    """Return the annotations that keep the tool from deleting an object with data that cannot be recreated."""
    if settings.platform.delivery == "argocd":
        # An object that is kept on purpose must not make the application OutOfSync, or it would sync forever.
        return {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false", **replaced(settings)}
    return {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


def replaced(settings: Settings) -> Mapping[str, str]:
    """Return the annotation of an object that later versions replace: the old object does not count as OutOfSync.

    Without it, an application that does not prune stays OutOfSync after the first change of a Job (seen with Argo CD
    3.3).
    """
    return {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"} if settings.platform.delivery == "argocd" else {}


def last(settings: Settings) -> Mapping[str, str]:
    """Return the annotation of an object that is applied when all servers of its namespace are healthy.

    That is for objects which may wait for something outside the cluster: the address of a Gateway, a certificate. In an
    earlier wave, they would hold up everything else.
    """
    return {SYNC_WAVE: LAST_WAVE} if settings.platform.delivery == "argocd" else {}


def after_sync(settings: Settings) -> Mapping[str, str]:
    """Return the annotations of a Job that runs after each sync. It is kept until the next sync, failed or not."""
    if settings.platform.delivery == "argocd":
        return {"argocd.argoproj.io/hook": "PostSync", "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation"}
    return {AFTER_SYNC: "true"}
