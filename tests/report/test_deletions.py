"""A deletion from the output is reported by its effect in the cluster."""

import json
from typing import Any

import pytest

from floe_compiler.model.objects import Object
from floe_compiler.report.dangers import Danger, Objects
from floe_compiler.report.diff import compare
from floe_compiler.report.manifests import Manifests
from report.samples import manifests, pruning, resource

FOLDER = "output/prod/a"
PRODUCT = resource("ConfigMap", data={"product.json": json.dumps({"schedule": {"enabled": True}})})


def dangers(deleted: Object, *delivery: Object) -> tuple[Danger, ...]:
    (change,) = compare("prod", manifests([deleted], "prod"), Manifests(), Objects(delivery)).changes
    return change.dangers


def words(deleted: Object, *delivery: Object) -> list[str]:
    return [danger.word for danger in dangers(deleted, *delivery)]


def flux(path: str, *, prune: bool) -> Object:
    return resource("Kustomization", spec={"path": f"./{path}", "prune": prune})


@pytest.mark.parametrize("delivery", [pruning(FOLDER), flux(FOLDER, prune=True), pruning(f"mesh/{FOLDER}")])
def test_pruned_objects_no_longer_run(delivery: Object) -> None:
    assert words(resource("CronJob"), delivery) == ["suspended"]
    assert words(resource("Deployment"), delivery) == ["scale-down"]
    assert words(resource("Service"), delivery) == []


@pytest.mark.parametrize(
    ("delivery", "reason"),
    [
        (pruning(FOLDER, prune=False), "Argo CD does not prune here"),
        (flux(FOLDER, prune=False), "Flux does not prune here"),
        (pruning(f"{FOLDER}b"), "no Application or Kustomization applies its folder"),
        (pruning("output/prod/b"), "no Application or Kustomization applies its folder"),
    ],
)
@pytest.mark.parametrize(
    "kind", ["CronJob", "Deployment", "DaemonSet", "StatefulSet", "PersistentVolumeClaim", "Ingress", "ResourceQuota"]
)
def test_objects_that_are_not_pruned_stay(kind: str, delivery: Object, reason: str) -> None:
    (danger,) = dangers(resource(kind), delivery, resource("Deployment", spec={"template": {}}))
    assert danger.word == "unmanaged"
    runs = kind in ("CronJob", "Deployment", "DaemonSet", "StatefulSet")
    assert danger.sentence == (
        f"{'keeps running' if runs else 'stays'} in the cluster, unmanaged, until it is deleted there: {reason}; "
        "to remove it, see docs/delivery.md (Retiring what runs)"
    )


def test_a_policy_that_is_not_pruned_still_restricts() -> None:
    deny = resource("NetworkPolicy", "deny", spec={"podSelector": {}, "policyTypes": ["Ingress"]})
    assert words(deny, resource("Deployment", spec={"template": {}}), pruning(FOLDER, prune=False)) == ["unmanaged"]


@pytest.mark.parametrize(
    ("annotations", "delivery"),
    [
        ({"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}, pruning(FOLDER)),
        ({"argocd.argoproj.io/sync-options": "Delete=false, Prune=confirm"}, pruning(FOLDER)),
        ({"kustomize.toolkit.fluxcd.io/prune": "disabled"}, flux(FOLDER, prune=True)),
    ],
)
def test_protected_objects_stay(annotations: dict[str, Any], delivery: Object) -> None:
    protected = resource("CronJob", metadata={"name": "x", "namespace": "a", "annotations": annotations})
    assert words(protected, delivery) == ["unmanaged"]


def test_an_application_that_is_synced_by_hand_prunes_nothing() -> None:
    by_hand = resource("Application", spec={"source": {"path": FOLDER}, "syncPolicy": {}})
    off = resource("Application", spec={"source": {"path": FOLDER}, "syncPolicy": {"automated": {"enabled": False}}})
    assert words(resource("CronJob"), by_hand) == words(resource("CronJob"), off) == ["unmanaged"]


def test_dagster_no_longer_loads_a_product_that_left_the_output() -> None:
    assert words(PRODUCT, pruning(FOLDER, prune=False)) == ["suspended", "unmanaged"]
    assert words(PRODUCT) == ["unmanaged"], "nothing changes the list of products, either"


def test_remaining_delivery_objects_warn_about_their_deletion() -> None:
    finalizers = ["resources-finalizer.argocd.argoproj.io"]
    cascading = resource("Application", metadata={"name": "x", "namespace": "a", "finalizers": finalizers})
    assert words(cascading) == ["prune", "unmanaged"]
    assert words(resource("Kustomization", spec={"deletionPolicy": "Orphan"})) == ["delivery-changed", "unmanaged"]


def test_a_remaining_autoscaler_conflicts_with_the_new_number_of_replicas() -> None:
    scaler = resource("HorizontalPodAutoscaler", spec={"scaleTargetRef": {"kind": "Deployment", "name": "x"}})
    fixed = resource("Deployment", "x", spec={"replicas": 2, "template": {}})
    stays = pruning(FOLDER, prune=False)
    assert words(scaler, fixed, stays) == ["unmanaged", "unmanaged"]
    assert words(scaler, stays) == ["unmanaged"], "what it scales is gone as well"
    assert words(scaler, fixed, pruning(FOLDER)) == []
