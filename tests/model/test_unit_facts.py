"""The facts of a namespace that others need, as cached data."""

from __future__ import annotations

import pytest

from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.codec import decode, encode
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import OperatedPods, Parts, Resources
from floe_compiler.model.inputs import Quota
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.operations import DatabaseData, Interface, Metrics, Panel, VolumeData
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from kit.samples import DATABASE, HTTP, METRICS, OUTSIDE, SECRET, container, instance, pod, workload
from support import DEVELOPMENT

PANEL = Panel("Requests", "sum(rate(requests_total{$target}[$interval]))")
HIDDEN = Port("internal", 9999, service=False)
WEB = workload(
    pod(container(ports=(HTTP, METRICS, HIDDEN))),
    interfaces=(Interface("site", "http"), Interface("admin", "metrics", "grpc", authenticates=True)),
    metrics=(Metrics("internal", "/q/metrics"), Metrics("metrics", job="web-metrics", panels=(PANEL,))),
)
PODS = OperatedPods(
    "lake", (("o/name", "lake"),), Resources("1", "1Gi", "1", "1Gi"), ports=(METRICS,), metrics=(Metrics("metrics"),)
)
DATA = (DatabaseData(DATABASE, "app", "app", SECRET.key("password"), "postgres:16"), VolumeData("web", "data"))


def facts(*parts: Parts, incomplete: bool = False) -> UnitFacts:
    instances = tuple(DeclaredInstance(instance(), part) for part in parts)
    unit = DeclaredUnit(DEVELOPMENT, "platform", "floe-platform", "@acme/x", Quota(), instances, incomplete=incomplete)
    return unit_facts(unit)


def test_interfaces_are_the_ports_that_people_open() -> None:
    interfaces = facts(Parts((WEB,))).interfaces
    assert [
        (interface.name, interface.endpoint.address(), interface.protocol, interface.authenticates)
        for interface in interfaces
    ] == [
        ("admin", "web.floe-platform.svc.cluster.local:9090", "grpc", True),
        ("site", "web.floe-platform.svc.cluster.local:8080", "http", False),
    ]


def test_metrics_are_scraped_from_the_pods_of_workloads_and_operators() -> None:
    targets = facts(Parts((WEB,), operated=(PODS,))).scrape_targets
    assert [(target.job, target.endpoint.port(), target.path, target.endpoint.labels) for target in targets] == [
        ("lake", METRICS, "/metrics", PODS.labels),
        ("web", HIDDEN, "/q/metrics", ()),
        ("web-metrics", METRICS, "/metrics", ()),
    ]
    assert [target.panels for target in targets] == [(), (), (PANEL,)]


def test_data_is_declared_where_it_is_stored() -> None:
    facts_ = facts(Parts(data=DATA))
    (database,), (volume,) = facts_.database_backups, facts_.volume_backups
    assert (database.namespace, database.endpoint, database.password) == ("floe-platform", DATABASE, DATA[0].password)
    assert (volume.namespace, volume.workload, volume.claim) == ("floe-platform", "web", "data")


def test_pods_with_an_identity_and_pods_of_operators_call_servers_too() -> None:
    exchange = Endpoint("sts.floe-platform.svc.cluster.local", (HTTP,), DATABASE.group)
    caller = workload(pod(workload_identity=WorkloadIdentity(endpoints=(exchange, OUTSIDE))))
    operated = OperatedPods("lake", PODS.labels, PODS.resources, calls=(DATABASE,))
    assert [call.port for call in facts(Parts((caller,), operated=(operated,))).calls] == [5432, 8080]


def test_a_port_that_a_workload_does_not_have_is_a_bug_of_the_component() -> None:
    with pytest.raises(KeyError, match="has no port named admin"):
        facts(Parts((workload(interfaces=(Interface("site", "admin"),)),)))


def test_facts_are_plain_data_in_one_order() -> None:
    parts = (Parts((WEB,), operated=(PODS,)), Parts(data=DATA))
    facts_ = facts(*parts, incomplete=True)
    assert decode(encode(facts_), UnitFacts) == facts_
    assert facts(*parts[::-1], incomplete=True) == facts_
    mesh = MeshFacts(facts_.interfaces, facts_.scrape_targets, facts_.database_backups, facts_.volume_backups)
    assert decode(encode(mesh), MeshFacts) == mesh


def test_incomplete_facts_are_marked() -> None:
    assert facts(Parts(), incomplete=True).incomplete
    assert not facts(Parts()).incomplete
