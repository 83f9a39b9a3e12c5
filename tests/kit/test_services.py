"""Services and disruption budgets."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.kit.labels import selector
from floe_compiler.kit.services import autoscaler, disruption_budget, served_ports, services
from floe_compiler.model.endpoint import Port
from floe_compiler.model.operations import Scaling
from kit.samples import HTTP, METRICS, container, instance, pod, workload
from support import DEVELOPMENT, changed

PROBES_ONLY = Port("health", 8081, service=False)
SERVED = pod(container("a", ports=(HTTP, PROBES_ONLY)), container("b", ports=(METRICS,)))


def test_a_service_has_the_ports_of_all_containers_except_those_for_probes() -> None:
    assert served_ports(workload(SERVED)) == (HTTP, METRICS)
    (service,) = services(instance(), workload(SERVED))
    assert (service["apiVersion"], service["kind"], service["metadata"]["name"]) == ("v1", "Service", "web")
    assert service["spec"] == {
        "type": "ClusterIP",
        "selector": selector(instance(), "web"),
        "ports": [
            {"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"},
            {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"},
        ],
    }


def test_without_ports_there_is_no_service() -> None:
    assert services(instance(), workload(pod(container(ports=(PROBES_ONLY,))))) == []


def test_a_stateful_set_has_a_headless_service_as_well() -> None:
    service, headless = services(instance(), workload(SERVED, kind="StatefulSet"))
    assert headless["metadata"]["name"] == "web-headless"
    assert headless["spec"]["clusterIP"] == "None"
    assert headless["spec"]["publishNotReadyAddresses"] is True
    assert headless["spec"]["selector"] == service["spec"]["selector"]
    assert "clusterIP" not in service["spec"]


def test_a_stateful_set_without_ports_still_has_the_service_that_it_names() -> None:
    (headless,) = services(instance(), workload(kind="StatefulSet"))
    assert headless["metadata"]["name"] == "web-headless"
    assert "ports" not in headless["spec"]


@pytest.mark.parametrize(
    ("version", "kind", "near"),
    [("1.34", "DaemonSet", "PreferSameNode"), ("1.33", "DaemonSet", None), ("1.34", "Deployment", None)],
)
def test_clients_of_a_daemon_set_reach_the_pod_on_their_node(version: str, kind: Any, near: str | None) -> None:
    settings = changed(DEVELOPMENT, cluster={"kubernetes_version": version})
    service = services(instance(settings), workload(SERVED, kind=kind))[0]
    assert service["spec"].get("trafficDistribution") == near


@pytest.mark.parametrize(
    ("replicas", "available", "minimum"),
    [(2, None, 1), (3, None, 2), (3, 1, 1), (2, 2, 1), (3, 0, 0)],
)
def test_a_drain_leaves_replicas_running_and_always_ends(replicas: int, available: int | None, minimum: int) -> None:
    (budget,) = disruption_budget(instance(), workload(SERVED, replicas=replicas, available=available))
    assert (budget["apiVersion"], budget["kind"]) == ("policy/v1", "PodDisruptionBudget")
    assert budget["metadata"]["name"] == "web"
    assert budget["spec"] == {
        "minAvailable": minimum,
        "selector": {"matchLabels": selector(instance(), "web")},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    assert minimum < replicas


def test_a_single_replica_has_no_budget() -> None:
    assert disruption_budget(instance(), workload(replicas=1)) == []
    assert disruption_budget(instance(), workload(kind="DaemonSet", replicas=3)) == []


def test_replicas_with_bounds_are_autoscaled_by_cpu() -> None:
    (scaler,) = autoscaler(instance(), workload(replicas=Scaling(2, 6, 70)))
    assert (scaler["apiVersion"], scaler["metadata"]["name"]) == ("autoscaling/v2", "web")
    target = {"type": "Utilization", "averageUtilization": 70}
    assert scaler["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 2,
        "maxReplicas": 6,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {
            "scaleUp": {
                "stabilizationWindowSeconds": 120,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
            }
        },
    }
    assert autoscaler(instance(), workload(replicas=6)) == []


def test_with_several_containers_only_the_first_one_counts() -> None:
    (scaler,) = autoscaler(instance(), workload(pod(container("web"), container("proxy")), replicas=Scaling(2, 6, 70)))
    target = {"type": "Utilization", "averageUtilization": 70}
    used = {"name": "cpu", "target": target, "container": "web"}
    assert scaler["spec"]["metrics"] == [{"type": "ContainerResource", "containerResource": used}]


@pytest.mark.parametrize(("minimum", "available"), [(1, None), (2, 1), (4, 3)])
def test_a_budget_keeps_one_less_than_the_minimum(minimum: int, available: int | None) -> None:
    budgets = disruption_budget(instance(), workload(replicas=Scaling(minimum, 6)))
    assert [budget["spec"]["minAvailable"] for budget in budgets] == ([available] if available else [])
