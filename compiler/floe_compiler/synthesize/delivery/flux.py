"""Flux 2.6 and later: a source for the environment, and a Kustomization for each folder of its output.

The source is a GitRepository, or an OCIRepository if artifacts are delivered.

Tests of a namespace are in a folder of their own, whose Kustomization depends on that of the namespace.

The folders are plain YAML without a kustomization.yaml; Flux generates one for all their files. `targetNamespace` is
not used, as it would move objects, and neither is `postBuild`, as it would replace each `${...}` in scripts.
"""

from __future__ import annotations

from floe_compiler.kit.meta import manifest, present
from floe_compiler.model.inputs import Flux
from floe_compiler.model.inputs.delivery_source import Verification
from floe_compiler.model.objects import Object
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.plan import DeliveryPlan
from floe_compiler.synthesize.delivery.folders import (
    CLUSTER_PHASE,
    Folder,
    delivery_name,
    folders,
    has_artifacts,
    head,
    path_of,
    prunes,
    revision_of,
    tested_namespaces,
    tests_name,
    tests_path_of,
)

SOURCE_API = "source.toolkit.fluxcd.io/v1"
KUSTOMIZE_API = "kustomize.toolkit.fluxcd.io/v1"

SOURCE_INTERVAL = "5m"
"""How often the branch or tag is polled; a webhook (Receiver) delivers a change at once."""

RETRY_INTERVAL = "2m"
TIMEOUT = "15m"
"""Longer than the slowest pod may take to start: four minutes for its database and ten for itself (REQ-642, 646)."""


def flux_objects(plan: DeliveryPlan, delivery: Flux) -> tuple[Object, ...]:
    """Return the source, and a Kustomization for each folder of the environment's output."""
    all_folders = folders(plan)
    return (
        _artifacts(plan, delivery) if has_artifacts(plan) else _repository(plan, delivery),
        *(_kustomization(plan, delivery, folder, all_folders) for folder in all_folders),
        *(_tests(plan, delivery, namespace) for namespace in tested_namespaces(plan)),
    )


def _repository(plan: DeliveryPlan, delivery: Flux) -> Object:
    spec = {
        "url": delivery.repository,
        "ref": {"branch": revision_of(plan)},
        "interval": SOURCE_INTERVAL,
        "sparseCheckout": [path_of(plan, f"{OUTPUT}/{plan.settings.site}")],
        **present(secretRef={"name": delivery.secret} if delivery.secret else None),
    }
    return manifest(SOURCE_API, "GitRepository", **head(plan, delivery_name(plan.settings)), spec=spec)


def _artifacts(plan: DeliveryPlan, delivery: Flux) -> Object:
    spec = {
        "url": delivery.repository,
        "ref": {"tag": revision_of(plan)},
        "interval": SOURCE_INTERVAL,
        **present(
            secretRef={"name": delivery.secret} if delivery.secret else None,
            verify=_verification(delivery.verify) if delivery.verify else None,
        ),
    }
    return manifest(SOURCE_API, "OCIRepository", **head(plan, delivery_name(plan.settings)), spec=spec)


def _verification(wanted: Verification) -> Object:
    identities = [{"issuer": identity.issuer, "subject": identity.subject} for identity in wanted.identities]
    keys = {"name": wanted.secret} if wanted.secret else None
    return {"provider": "cosign", **present(secretRef=keys, matchOIDCIdentity=identities or None)}


def _decryption(delivery: Flux) -> Object | None:
    """Return how Secrets are decrypted that SOPS has encrypted; without a Secret of keys, Flux logs in as itself."""
    if delivery.decryption is None:
        return None
    keys = {"name": delivery.decryption.secret} if delivery.decryption.secret else None
    return {"provider": "sops", **present(secretRef=keys)}


def _tests(plan: DeliveryPlan, delivery: Flux, tested: Folder) -> Object:
    """Return the Kustomization of a namespace's tests: a Job that fails makes it fail."""
    spec = {
        **_applied(plan, delivery, tests_path_of(plan, tested)),
        "dependsOn": [{"name": tested.name}],
        "wait": True,
        # Jobs of former tests are of no use. Those that have finished remove themselves, and Flux starts them again.
        "prune": True,
        "deletionPolicy": "Delete",
        "force": False,
    }
    return manifest(KUSTOMIZE_API, "Kustomization", **head(plan, tests_name(plan, tested)), spec=spec)


def _applied(plan: DeliveryPlan, delivery: Flux, path: str) -> Object:
    return {
        "sourceRef": {
            "kind": "OCIRepository" if has_artifacts(plan) else "GitRepository",
            "name": delivery_name(plan.settings),
        },
        "path": f"./{path}",
        "interval": delivery.interval,
        "retryInterval": RETRY_INTERVAL,
        "timeout": TIMEOUT,
    }


def _kustomization(plan: DeliveryPlan, delivery: Flux, folder: Folder, all_folders: tuple[Folder, ...]) -> Object:
    before = [{"name": other.name} for other in all_folders if other.phase == folder.phase - 1]
    spec = {
        **_applied(plan, delivery, folder.path),
        **present(dependsOn=before),
        # A secret store in the cluster's folder becomes ready only with an account from a later folder: waiting for it
        # would be a deadlock. Namespaces exist as soon as they are applied.
        "wait": folder.phase != CLUSTER_PHASE,
        **present(decryption=_decryption(delivery) if folder.encrypted else None),
        "prune": prunes(plan),
        # A Kustomization that is deleted leaves its objects running.
        "deletionPolicy": "Orphan",
        "force": False,
    }
    return manifest(KUSTOMIZE_API, "Kustomization", **head(plan, folder.name), spec=spec)
