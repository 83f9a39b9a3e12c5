"""Where pods run, as fields of a pod's specification."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from floe_compiler.kit.placement import joined, placed
from floe_compiler.kit.pods import pod_spec, pod_template
from floe_compiler.model.inputs import JobPlacement, Placement
from kit.samples import instance, pod
from tables import table


def jobs(**words: Any) -> JobPlacement:
    return JobPlacement.model_validate(words)


def test_required_and_preferred_nodes_become_affinities() -> None:
    placement = jobs(
        required_nodes=[
            {"key": "zone", "values": ["a", "b"]},
            {"key": "spot", "operator": "DoesNotExist"},
            {"key": "cores", "operator": "Gt", "values": ["8"]},
        ],
        preferred_nodes=[
            {"weight": 80, "nodes": [{"key": "disk", "values": ["nvme"]}]},
            {"nodes": [{"key": "old", "operator": "DoesNotExist"}]},
        ],
    )
    assert placed(placement)["affinity"]["nodeAffinity"] == {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {
                    "matchExpressions": [
                        {"key": "zone", "operator": "In", "values": ["a", "b"]},
                        {"key": "spot", "operator": "DoesNotExist"},
                        {"key": "cores", "operator": "Gt", "values": ["8"]},
                    ]
                }
            ]
        },
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 80, "preference": {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["nvme"]}]}},
            {"weight": 50, "preference": {"matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]}},
        ],
    }


def test_priority_and_runtime_classes_are_set() -> None:
    assert placed(jobs(priority_class="low", runtime_class="nvidia")) == {
        "priorityClassName": "low",
        "runtimeClassName": "nvidia",
    }
    assert placed(jobs()) == {}


@pytest.mark.parametrize(
    ("toleration", "rendered"),
    [
        ({}, {"operator": "Exists", "effect": "NoSchedule"}),
        ({"operator": "Exists"}, {"operator": "Exists", "effect": "NoSchedule"}),
        ({"operator": "Equal"}, {"operator": "Equal", "effect": "NoSchedule"}),
        ({"value": "a"}, {"operator": "Equal", "value": "a", "effect": "NoSchedule"}),
        (
            {"effect": "NoExecute", "seconds": 0},
            {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
        ),
    ],
)
def test_tolerations_are_set(toleration: dict[str, Any], rendered: dict[str, Any]) -> None:
    assert placed(jobs(tolerations=[{"key": "spot", **toleration}]))["tolerations"] == [{"key": "spot", **rendered}]


def test_the_placement_of_one_pod_is_added_to_that_of_all() -> None:
    every = jobs(
        node_selector={"pool": "batch", "arch": "amd64"},
        tolerations=[{"key": "batch"}],
        required_nodes=[{"key": "zone", "values": ["a"]}],
        priority_class="low",
        runtime_class="gvisor",
    )
    own = jobs(
        node_selector={"pool": "gpu"},
        tolerations=[{"key": "batch"}, {"key": "gpu"}],
        required_nodes=[{"key": "gpu", "operator": "Exists"}],
        preferred_nodes=[{"nodes": [{"key": "disk", "values": ["nvme"]}]}],
        runtime_class="nvidia",
    )
    joined_ = joined(every, own)
    assert isinstance(joined_, JobPlacement)
    assert joined_.node_selector == {"pool": "gpu", "arch": "amd64"}
    assert [toleration.key for toleration in joined_.tolerations] == ["batch", "gpu"]
    assert [required_node.key for required_node in joined_.required_nodes] == ["zone", "gpu"]
    assert len(joined_.preferred_nodes) == 1
    assert (joined_.priority_class, joined_.runtime_class) == ("low", "nvidia")


def test_a_pod_may_have_its_own_kind_of_nodes() -> None:
    every = Placement(node_selector={"pool": "services"})
    assert joined(every, None) is every
    assert joined(every, jobs(priority_class="low")) == jobs(node_selector={"pool": "services"}, priority_class="low")
    spec = pod_spec(instance(), "run", pod(placement=jobs(node_selector={"gpu": "yes"})), every)
    assert spec["nodeSelector"] == {"gpu": "yes", "pool": "services"}


def test_near_and_apart_from_become_pod_affinities() -> None:
    placement = jobs(
        near=[{"labels": {"app": "cache", "a": "b"}, "topology": "topology.kubernetes.io/zone", "weight": 10}],
        apart_from=[{"labels": {"team": "x"}}, {"labels": {"team": "y"}, "weight": 100}],
    )
    assert placed(placement)["affinity"] == {
        "podAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 10,
                    "podAffinityTerm": {
                        "labelSelector": {"matchLabels": {"a": "b", "app": "cache"}},
                        "topologyKey": "topology.kubernetes.io/zone",
                    },
                }
            ]
        },
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"team": "x"}}, "topologyKey": "kubernetes.io/hostname"}
            ],
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "podAffinityTerm": {
                        "labelSelector": {"matchLabels": {"team": "y"}},
                        "topologyKey": "kubernetes.io/hostname",
                    },
                }
            ],
        },
    }


def test_labels_and_annotations_of_all_pods_and_of_one_are_joined() -> None:
    every = jobs(labels={"team": "data", "queue": "batch"}, annotations={"karpenter.sh/do-not-disrupt": "true"})
    own = jobs(labels={"team": "sales"}, annotations={"note": "x"}, near=[{"labels": {"a": "b"}}])
    joined_ = joined(jobs(near=[{"labels": {"c": "d"}}]), own)
    assert isinstance(joined_, JobPlacement)
    assert [term.labels for term in joined_.near] == [{"c": "d"}, {"a": "b"}]
    template = pod_template(instance(), "run", pod(placement=own), every)
    plain = pod_template(instance(), "run", pod(), Placement())
    added = {"team": "sales", "queue": "batch"}
    assert template["metadata"]["labels"] == plain["metadata"]["labels"] | added
    assert template["metadata"]["annotations"] == plain["metadata"].get("annotations", {}) | {
        "karpenter.sh/do-not-disrupt": "true",
        "note": "x",
    }
    assert list(template["metadata"]["labels"]) == sorted(template["metadata"]["labels"])


@table(
    "key",
    [
        "floe.dev/x",
        "access.floe.dev/polaris",
        "app.kubernetes.io/name",
        "batch.kubernetes.io/job-name",
        "job-name",
        "azure.workload.identity/use",
        "argocd.argoproj.io/hook",
        "dagster/job",
        "dagster",
        "controller-uid",
        "container.apparmor.security.beta.kubernetes.io/run",
    ],
)
def test_reserved_keys_of_labels_are_refused(key: str) -> None:
    for field in ("labels", "annotations"):
        with pytest.raises(ValidationError, match="is set by"):
            jobs(**{field: {key: "x"}})


@pytest.mark.parametrize("key", ["team", "kueue.x-k8s.io/queue-name", "karpenter.sh/do-not-disrupt", "notfloe.dev/x"])
def test_other_keys_of_labels_are_accepted(key: str) -> None:
    assert jobs(labels={key: "x"}, annotations={key: "Any text."}).labels == {key: "x"}
