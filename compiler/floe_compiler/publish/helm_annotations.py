"""What Argo CD and Flux are told by annotations, said to Helm: what is a hook, and what is never deleted.

Helm's are in helm.sh/docs/topics/charts_hooks and helm.sh/docs/howto/charts_tips_and_tricks; Argo CD's in
argo-cd.readthedocs.io/en/stable/user-guide/sync-waves (phases, delete policies) and .../sync-options.
"""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.model.annotations import AFTER_SYNC, HOOK, HOOK_DELETION, annotation, listed
from floe_compiler.model.objects import Object
from floe_compiler.publish.delivered import SYNC_WAVE

AFTER = "post-install,post-upgrade"
PHASES = {
    "PreSync": "pre-install,pre-upgrade",
    "PostSync": AFTER,
    "PreDelete": "pre-delete",
    "PostDelete": "post-delete",
}
"""Helm has nothing like Argo CD's Sync, SyncFail and Skip."""

DELETIONS = {
    "BeforeHookCreation": "before-hook-creation",
    "HookSucceeded": "hook-succeeded",
    "HookFailed": "hook-failed",
}


class NoSuchHook(ValueError):
    """Helm has nothing like a phase of Argo CD; the message names it."""


def helm_annotations(manifest: Object) -> Mapping[str, str]:
    """Return the annotations that tell Helm what others tell Argo CD or Flux; empty for most objects.

    Raises:
        NoSuchHook: if Helm cannot be told.
    """
    if phases := listed(manifest, HOOK):
        if unknown := sorted(phases - PHASES.keys()):
            raise NoSuchHook(unknown[0])
        weight = annotation(manifest, SYNC_WAVE)
        deletions = [DELETIONS[policy] for policy in sorted(listed(manifest, HOOK_DELETION)) if policy in DELETIONS]
        return {
            "helm.sh/hook": ",".join(PHASES[phase] for phase in PHASES if phase in phases),
            **({"helm.sh/hook-delete-policy": ",".join(deletions)} if deletions else {}),
            **({"helm.sh/hook-weight": weight} if weight else {}),
        }
    if annotation(manifest, AFTER_SYNC) == "true":
        return {"helm.sh/hook": AFTER, "helm.sh/hook-delete-policy": "before-hook-creation"}
    return {"helm.sh/resource-policy": "keep"} if _is_kept(manifest) else {}


def _is_kept(manifest: Object) -> bool:
    options = listed(manifest, "argocd.argoproj.io/sync-options")
    is_kept_by_flux = annotation(manifest, "kustomize.toolkit.fluxcd.io/prune") == "disabled"
    return is_kept_by_flux or not options.isdisjoint({"Prune=false", "Delete=false"})
