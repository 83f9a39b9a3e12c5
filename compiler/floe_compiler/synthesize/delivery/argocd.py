"""Argo CD 3.3 and later: an AppProject that limits what may be applied, and an Application, for each folder.

Fields with their default value (`prune: false`, `recurse: false`) are left out: Argo CD drops them when it writes an
object, so an Application that manages these Applications would be OutOfSync forever (argoproj/argo-cd#4501).
"""

from __future__ import annotations

from floe_compiler.kit.delivery import SYNC_WAVE
from floe_compiler.kit.meta import manifest, present
from floe_compiler.model.inputs import ArgoCd
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeliveryPlan
from floe_compiler.synthesize.delivery.folders import Folder, description, folders, head, prunes, revision_of

API = "argoproj.io/v1alpha1"
PROJECT_WAVE = -1
"""AppProjects are applied before the Applications in them."""

ANY_KIND = ({"group": "*", "kind": "*"},)
# Secrets come from a store, never from Git. With the others, a folder could give its own permissions to others.
REFUSED_KINDS = (
    {"group": "", "kind": "Secret"},
    {"group": "argoproj.io", "kind": "AppProject"},
    {"group": "argoproj.io", "kind": "Application"},
    {"group": "argoproj.io", "kind": "ApplicationSet"},
)
# These kinds are allowed with any name. A list of names would not be safer. And Argo CD does not show or prune objects
# that a project does not allow, so an object that is no longer in the output, nor in the list, would stay unnoticed.
CLUSTER_KINDS = (
    {"group": "external-secrets.io", "kind": "ClusterSecretStore"},
    {"group": "scheduling.k8s.io", "kind": "PriorityClass"},
)

ANNOTATIONS = {
    # Only commits that change the folder cause a sync. The path is relative to the source's path.
    "argocd.argoproj.io/manifest-generate-paths": ".",
    # The API server computes the difference, so that its defaults do not count as one.
    "argocd.argoproj.io/compare-options": "ServerSideDiff=true",
}
SYNC_OPTIONS = (
    # Namespaces are objects of the output, with labels that Argo CD would not set.
    "CreateNamespace=false",
    # Two Applications with the same object are an error.
    "FailOnSharedResource=true",
    # Objects are pruned only when all others are healthy.
    "PruneLast=true",
    # Large ConfigMaps do not fit into the annotation of a client-side apply.
    "ServerSideApply=true",
)
# A failed sync is not retried by default (argoproj/argo-cd#18442). At the first start, domains fail until their
# namespaces exist, so syncs are retried for half an hour, always with the newest commit.
RETRY = {"limit": 10, "refresh": True, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}}


def argocd_objects(plan: DeliveryPlan, delivery: ArgoCd) -> tuple[Object, ...]:
    """Return an AppProject and an Application for each folder of the environment's output."""
    return tuple(
        object_
        for folder in folders(plan)
        for object_ in (_project(plan, delivery, folder), _application(plan, delivery, folder))
    )


def _project(plan: DeliveryPlan, delivery: ArgoCd, folder: Folder) -> Object:
    spec = {
        "description": description(plan, folder),
        "sourceRepos": [delivery.repository],
        "destinations": [_destination(plan, folder)],
        **(_namespaced_kinds() if folder.namespace else _cluster_kinds(plan)),
    }
    return manifest(API, "AppProject", **head(plan, folder.name), annotations={SYNC_WAVE: str(PROJECT_WAVE)}, spec=spec)


def _namespaced_kinds() -> Object:
    return {"clusterResourceWhitelist": [], "namespaceResourceBlacklist": list(REFUSED_KINDS)}


def _cluster_kinds(plan: DeliveryPlan) -> Object:
    # By name, as changing the labels of another namespace would disable its pod security. They are never pruned.
    names = sorted(unit.namespace for unit in plan.namespaces)
    namespaces = [{"group": "", "kind": "Namespace", "name": name} for name in names]
    trust = plan.settings.trust
    bundle = {"group": "trust.cert-manager.io", "kind": "Bundle"}
    kinds = (*CLUSTER_KINDS, bundle | {"name": trust.config_map}) if trust and trust.bundle else CLUSTER_KINDS
    return {
        "clusterResourceWhitelist": [*namespaces, *kinds],
        "namespaceResourceBlacklist": list(ANY_KIND),
    }


def _destination(plan: DeliveryPlan, folder: Folder) -> Object:
    # Cluster-scoped objects have no namespace, but a destination needs one.
    return {
        "server": plan.cluster.server,
        "namespace": folder.namespace or plan.settings.environment.platform_namespace,
    }


def _application(plan: DeliveryPlan, delivery: ArgoCd, folder: Folder) -> Object:
    spec = {
        "project": folder.name,
        "destination": _destination(plan, folder),
        "source": {
            "repoURL": delivery.repository,
            "targetRevision": revision_of(plan),
            "path": folder.path,
            "directory": {"include": "*.yaml"},
        },
        "syncPolicy": {
            **present(automated=_automated(plan, delivery)),
            "retry": RETRY,
            "syncOptions": list(SYNC_OPTIONS),
        },
    }
    # No finalizer: an Application that is deleted leaves its objects running.
    annotations = {**ANNOTATIONS, SYNC_WAVE: str(folder.phase)}
    return manifest(API, "Application", **head(plan, folder.name), annotations=annotations, spec=spec)


def _automated(plan: DeliveryPlan, delivery: ArgoCd) -> Object | None:
    if not delivery.automated:
        return None
    return {"enabled": True, **present(prune=prunes(plan) or None, selfHeal=delivery.self_heal or None)}
