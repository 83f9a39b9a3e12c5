"""The folders of an environment's output in a cluster, delivered separately: an error in one blocks no other."""

from __future__ import annotations

import hashlib

import msgspec

from floe_compiler.kit import labels
from floe_compiler.model.inputs import ArgoCd, Flux
from floe_compiler.model.inputs.delivery_source import OCI
from floe_compiler.model.joined_names import joined
from floe_compiler.model.objects import Object
from floe_compiler.model.output_paths import folder_path, in_repository, tests_folder
from floe_compiler.model.plan import PLATFORM, DeliveryPlan, scope_name
from floe_compiler.model.settings import Settings

CLUSTER = "cluster"
LONGEST_NAME = 63
"""Flux labels every object with the name of its Kustomization, and a label value has at most 63 characters."""

CLUSTER_PHASE, PLATFORM_PHASE, DOMAIN_PHASE = range(3)


class Folder(msgspec.Struct, frozen=True):
    """One folder: the name of its delivery objects, and the order in which it is applied.

    `namespace` is empty for the folder of cluster-scoped objects. `encrypted`: SOPS has encrypted Secrets in it.
    """

    name: str
    path: str
    phase: int
    owner: str
    namespace: str = ""
    encrypted: bool = False


def path_of(plan: DeliveryPlan, folder: str) -> str:
    """Return the path of a folder of the mesh from the top of its Git repository."""
    return in_repository(plan.delivery.path or "", folder)


def has_artifacts(plan: DeliveryPlan) -> bool:
    """Return whether artifacts are delivered, and not what Git has."""
    return plan.delivery.repository.startswith(OCI)


def revision_of(plan: DeliveryPlan) -> str:
    """Return the branch or tag that is delivered."""
    return plan.delivery.revision or (plan.settings.environment.name if has_artifacts(plan) else "main")


def folders(plan: DeliveryPlan) -> tuple[Folder, ...]:
    """Return the folders in order: cluster-scoped objects, the shared services, then each domain."""
    settings = plan.settings
    site = settings.site
    of_namespaces = [
        Folder(
            delivery_name(settings, scope_name(unit.scope)),
            path_of(plan, folder_path(site, unit.namespace)),
            PLATFORM_PHASE if unit.scope == PLATFORM else DOMAIN_PHASE,
            unit.owner,
            unit.namespace,
            unit.encrypted,
        )
        for unit in plan.namespaces
    ]
    owner = next((unit.owner for unit in plan.namespaces if unit.scope == PLATFORM), "")
    cluster = Folder(delivery_name(settings, CLUSTER), path_of(plan, folder_path(site)), CLUSTER_PHASE, owner)
    return tuple(sorted((cluster, *of_namespaces), key=lambda folder: (folder.phase, folder.name)))


def tested_namespaces(plan: DeliveryPlan) -> tuple[Folder, ...]:
    """Return the folders of namespaces that are tested after each sync."""
    enabled = plan.settings.platform.sync_tests.enabled
    return tuple(folder for folder in folders(plan) if enabled and folder.namespace)


def tests_path_of(plan: DeliveryPlan, tested: Folder) -> str:
    """Return the path of the tests of a namespace from the top of the Git repository."""
    return path_of(plan, tests_folder(plan.settings.site, tested.namespace))


def tests_name(plan: DeliveryPlan, tested: Folder) -> str:
    """Return the name of the delivery object of a namespace's tests."""
    scope = next(unit.scope for unit in plan.namespaces if unit.namespace == tested.namespace)
    return delivery_name(plan.settings, f"{scope_name(scope)}-tests")


def delivery_name(settings: Settings, part: str = "") -> str:
    """Return the name `<platform>-<environment>-<part>`, cut and hashed if it is too long.

    It has platform and environment, as several of them may share one Argo CD or Flux; and the cluster, if the
    environment has several. The name must never change, or Flux would delete and recreate all objects.
    """
    cluster = settings.cluster.name if settings.cluster.is_one_of_several else ""
    name = joined(*filter(None, (settings.platform.name, settings.environment.name, cluster, part)))
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def prunes(plan: DeliveryPlan) -> bool:
    """Return whether objects that are no longer in the output are deleted. Default: true, except in production."""
    delivery: ArgoCd | Flux = plan.delivery
    return not plan.settings.environment.production if delivery.prune is None else delivery.prune


def description(plan: DeliveryPlan, folder: Folder) -> str:
    """Return the owner of a folder, in a sentence for people."""
    content = folder.namespace or "cluster-scoped objects"
    return f"{content} of {plan.settings.platform.name} in {plan.settings.site}, owned by {folder.owner}"


def head(plan: DeliveryPlan, name: str) -> Object:
    """Return name, namespace and labels of a delivery object, as `manifest` takes them."""
    return {
        "name": name,
        "namespace": plan.delivery.namespace,
        "labels": labels.common_labels(plan.settings, "delivery"),
    }
