"""Pods that an operator starts: selected by its labels, open to their callers, and counted in quotas."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.kit.operated import operated_group, operated_objects, pod_labels
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import OperatedPods, Resources
from floe_compiler.model.rendered import PodGroup
from kit.samples import DATABASE, HTTP, OUTSIDE, instance
from support import DEVELOPMENT

STATUS = Port("status", 8000, service=False)
PODS = OperatedPods(
    "lake",
    (("operator.example.com/name", "lake"),),
    Resources("1", "2Gi", "2", "4Gi"),
    count=3,
    storage="10Gi",
    ports=(HTTP, STATUS),
    calls=(DATABASE, OUTSIDE),
)


def objects(pods: OperatedPods, callers: Any = None) -> dict[str, Any]:
    return {manifest["kind"]: manifest for manifest in operated_objects(instance(), pods, callers or {})}


def test_a_service_with_their_name_leads_to_them() -> None:
    service = objects(PODS)["Service"]
    assert service["spec"] == {
        "type": "ClusterIP",
        "selector": {"operator.example.com/name": "lake"},
        "ports": [{"name": "http", "port": 8080, "targetPort": 8080, "protocol": "TCP"}],
    }
    endpoint = PODS.endpoint("floe-platform", "cluster.local").only("http")
    assert endpoint.url() == f"http://{service['metadata']['name']}.floe-platform.svc.cluster.local:8080"
    assert (endpoint.group, endpoint.labels) == (PodGroup("floe-platform", "lake"), PODS.labels)


def test_without_ports_there_is_no_service() -> None:
    assert list(objects(replace(PODS, ports=(STATUS,)))) == ["NetworkPolicy"]


def test_policies_allow_callers_the_operator_and_their_own_calls() -> None:
    policy = objects(replace(PODS, operator="lake-system"), {"floe-sales-domain": (("TCP", 8080),)})["NetworkPolicy"]
    assert policy["spec"]["podSelector"] == {"matchLabels": {"operator.example.com/name": "lake"}}
    assert [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["ingress"]] == [[8080], [8080, 8000]]
    assert [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]] == [[443], [5432]]
    assert policy["metadata"]["annotations"] == {"floe.dev/external-references": "Namespace/lake-system"}
    assert "annotations" not in objects(PODS)["NetworkPolicy"]["metadata"]


def test_the_operator_gives_them_the_access_labels_of_their_servers() -> None:
    assert pod_labels(PODS) == {"operator.example.com/name": "lake", "access.floe.dev/db": "true"}


def test_their_pods_and_volumes_count_in_the_quota() -> None:
    group = operated_group(DEVELOPMENT, "floe-platform", PODS)
    assert (group.group, group.count, dict(group.labels)) == (PodGroup("floe-platform", "lake"), 3, pod_labels(PODS))
    assert dict(group.requests) == {"cpu": "1", "memory": "2Gi", "storage": "10Gi"}
    assert dict(group.limits) == {"cpu": "2", "memory": "4Gi"}
