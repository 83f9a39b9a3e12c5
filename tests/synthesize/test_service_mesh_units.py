"""Units in a service mesh: proxies count in quotas, and tests run with the identity of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import pytest

from floe_compiler.derive import plan_units
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Container, Launched, OperatedPods, Parts, Pod, Resources, Workload
from floe_compiler.model.inputs import Quota, SyncTests
from floe_compiler.model.operations import Interface, Scaling
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.model.service_mesh import Kind, ServiceMesh
from floe_compiler.model.settings import Settings
from floe_compiler.synthesize.unit import Unit, render_unit
from kit.samples import IDENTITY, instance
from support import DEVELOPMENT, changed

NAMESPACE = "floe-platform"
PROXY = (("limits.cpu", "1"), ("limits.memory", "1Gi"), ("requests.cpu", "1"), ("requests.memory", "1Gi"))
ONE = Resources("100m", "128Mi", "200m", "256Mi")
SERVER = service_endpoint("server", NAMESPACE, "cluster.local", (Port("http", 8080),))


def meshed(kind: Kind, *members: str) -> Settings:
    mesh = ServiceMesh(kind, "control", members, proxy=PROXY)
    tests = {"sync_tests": SyncTests(enabled=True)}
    return changed(DEVELOPMENT, platform=tests, cluster={"mesh": mesh, "ingress_namespace": "gateways"})


def pod(*ports: Port, **changes: Any) -> Pod:
    return Pod((Container("main", "ghcr.io/acme/main:1.0.0", ONE, ports=ports),), IDENTITY, **changes)


def rendered(settings: Settings, parts: Parts, quota: Quota | None = None) -> Unit:
    declared = DeclaredInstance(instance(settings=settings), parts)
    growing = tuple((name, "") for name in ("pods", "cpu", "memory"))
    unit = DeclaredUnit(settings, "platform", NAMESPACE, "@acme", quota or Quota(), (declared,), quota_growth=growing)
    return render_unit(plan_units([unit])[0])


def get(unit: Unit, kind: str, name: str) -> Mapping[str, Any]:
    (manifest,) = (
        manifest for manifest in unit.objects if (manifest["kind"], manifest["metadata"]["name"]) == (kind, name)
    )
    return manifest


def test_a_probe_has_the_account_of_its_caller_and_tests_only_its_calls() -> None:
    parts = Parts((Workload("server", pod(Port("http", 8080))), Workload("other", pod(Port("http", 9090)))))
    caller = Workload("caller", pod(calls=(SERVER,)))
    parts_ = Parts((*parts.workloads, caller))
    for settings, account, denied in (
        (meshed("ambient"), "caller", []),
        (changed(DEVELOPMENT, platform={"sync_tests": SyncTests(enabled=True)}), "web-probe", ["denied"]),
    ):
        job = get(rendered(settings, parts_), "Job", "caller-probe")["spec"]["template"]["spec"]
        assert job["serviceAccountName"].endswith("-probe" if denied else account)
        kinds = [text.split()[0] for text in job["containers"][0]["args"][2:]]
        assert [kind for kind in kinds if kind == "denied"] == denied
    rules = get(rendered(meshed("ambient"), parts_), "AuthorizationPolicy", "server")["spec"]["rules"]
    assert rules[0]["from"] == [{"source": {"serviceAccounts": [f"{NAMESPACE}/caller", f"{NAMESPACE}/smoke"]}}]


@pytest.mark.parametrize(("kind", "cpu"), [("ambient", 0), ("sidecar", 1), ("linkerd", 1)])
def test_the_quota_has_room_for_the_proxies_of_all_pods(kind: Kind, cpu: int) -> None:
    operated = OperatedPods("db", (("db", "db"),), ONE, count=3)
    runs = Launched("runs", pod(), count=4)
    parts = Parts((Workload("server", pod(Port("http", 8080)), replicas=2),), launched=(runs,), operated=(operated,))
    unit = rendered(meshed(kind), parts, Quota(cpu="1", memory="1Gi"))
    # Two servers, one more in a rollout, three of the operator and four runs; the smoke test; and a fourth more.
    programs, proxies = 10 * 0.1 + 0.01, 11 * cpu
    assert int(get(unit, "ResourceQuota", "quota")["spec"]["hard"]["requests.cpu"]) == ceil((programs + proxies) * 1.25)
    requests = dict(next(launched for launched in unit.launched if launched.group.name == "runs").requests)
    assert requests == ({"cpu": "1100m", "memory": "1152Mi"} if cpu else {"cpu": "100m", "memory": "128Mi"})


def test_an_autoscaler_measures_the_program_without_its_proxy() -> None:
    server = Workload("server", pod(Port("http", 8080)), replicas=Scaling(1, 3))
    for kind, metric in (("ambient", "Resource"), ("sidecar", "ContainerResource"), ("linkerd", "ContainerResource")):
        autoscaler = get(rendered(meshed(kind), Parts((server,))), "HorizontalPodAutoscaler", "server")  # type: ignore[arg-type]
        assert [source["type"] for source in autoscaler["spec"]["metrics"]] == [metric]


def test_the_ingress_controller_needs_an_identity_only_if_it_is_in_the_mesh() -> None:
    server = Workload("server", pod(Port("http", 8080)), interfaces=(Interface("server", "http"),))
    inside, outside = (rendered(meshed("ambient", *members), Parts((server,))) for members in (("gateways",), ()))
    rule = get(inside, "AuthorizationPolicy", "server")["spec"]["rules"][0]
    assert {"source": {"namespaces": ["gateways"]}} in rule["from"]
    assert "from" not in get(outside, "AuthorizationPolicy", "server")["spec"]["rules"][0]
    kinds = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in inside.objects}
    assert ("PeerAuthentication", "server") not in kinds
    rules = get(inside, "NetworkPolicy", "server")["spec"]["ingress"]
    ports = [
        [port["port"] for port in ingress_rule["ports"]]
        for ingress_rule in rules
        if "gateways" in str(ingress_rule["from"])
    ]
    assert ports == [[8080, 15008]]
    rules = get(outside, "NetworkPolicy", "server")["spec"]["ingress"]
    assert [
        [port["port"] for port in ingress_rule["ports"]]
        for ingress_rule in rules
        if "gateways" in str(ingress_rule["from"])
    ] == [[8080]]
