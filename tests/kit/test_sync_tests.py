"""Tests after a sync: their Jobs, what each of them probes, and which policies apply to their pods."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.derive import plan_units
from floe_compiler.kit.google import identity
from floe_compiler.model.accounts import PolicyRule
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.endpoint import Port, foreign_endpoint, service_endpoint
from floe_compiler.model.facts import Launched, OperatedPods, Parts, Resources, Task, Workload
from floe_compiler.model.inputs import Quota, SyncTests
from floe_compiler.model.objects import Object
from floe_compiler.model.operations import Interface, Metrics
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.model.rendered import Connection, PodGroup
from floe_compiler.model.selectors import matches
from floe_compiler.model.settings import Settings
from floe_compiler.synthesize.unit import Unit, render_unit
from kit.samples import DATABASE, HTTP, OUTSIDE, container, instance, pod
from support import DEVELOPMENT, changed

HEALTHY = Port("http", 8080, health="/healthz")
GRPC = Port("grpc", 4000)
SERVER = Workload("db", pod(container(ports=(Port("postgresql", 5432, scheme="postgresql"),))))
WEB = Workload("web", pod(container(ports=(GRPC, HEALTHY)), calls=(DATABASE,)), replicas=2)


def settings(delivery: str = "argocd", **tests: Any) -> Settings:
    tests_ = SyncTests(**{"enabled": True, **tests})
    return changed(
        DEVELOPMENT, platform={"sync_tests": tests_, "delivery": delivery}, cluster={"ingress_namespace": "in"}
    )


def rendered(parts: Parts, chosen: Settings | None = None) -> Unit:
    chosen = chosen or settings()
    declared = DeclaredInstance(instance(settings=chosen), parts)
    unit = DeclaredUnit(chosen, "platform", "floe-platform", "@acme/platform", Quota(), (declared,))
    return render_unit(plan_units([unit])[0])


def jobs(unit: Unit) -> dict[str, Object]:
    return {manifest["metadata"]["name"]: manifest for manifest in unit.objects if manifest["kind"] == "Job"}


def probes(unit: Unit, job: str) -> list[str]:
    (probing,) = jobs(unit)[job]["spec"]["template"]["spec"]["containers"]
    return list(probing["args"][2:])


def named(unit: Unit, kind: str) -> dict[str, Object]:
    return {manifest["metadata"]["name"]: manifest for manifest in unit.objects if manifest["kind"] == kind}


def labels_of(unit: Unit, job: str) -> dict[str, str]:
    return dict(jobs(unit)[job]["spec"]["template"]["metadata"]["labels"])


def policies_of(unit: Unit, labels: dict[str, str]) -> set[str]:
    policies = named(unit, "NetworkPolicy").items()
    return {name for name, policy in policies if matches(policy["spec"]["podSelector"], labels)}


def test_sync_tests_are_off_by_default() -> None:
    assert jobs(rendered(Parts((SERVER, WEB)), DEVELOPMENT)) == {}
    assert [*jobs(rendered(Parts((SERVER, WEB))))] == ["web-probe", "smoke"]


def test_the_smoke_test_probes_each_server_once_by_its_kind() -> None:
    silent = Workload("daemon", pod(container()))
    inner = Workload("inner", pod(container(ports=(Port("health", 9000, service=False),))))
    dns = Workload("dns", pod(container(ports=(Port("dns", 53, protocol="UDP"),))))
    grpc = Workload("code", pod(container(ports=(GRPC,))))
    operated = OperatedPods("main-rw", (("cnpg.io/cluster", "main"),), Resources("1", "1Gi", "1", "1Gi"), ports=(HTTP,))
    unit = rendered(Parts((SERVER, WEB, silent, inner, dns, grpc), operated=(operated,)))
    assert probes(unit, "smoke") == [
        "name kubernetes.default.svc.cluster.local",
        "tcp code.floe-platform.svc.cluster.local:4000",
        "postgresql db.floe-platform.svc.cluster.local:5432",
        "tcp main-rw.floe-platform.svc.cluster.local:8080",
        "http http://web.floe-platform.svc.cluster.local:8080/healthz",
    ]


def test_servers_let_the_smoke_test_in_only_on_the_probed_port() -> None:
    unit = rendered(Parts((WEB,)))
    rule = {
        "from": [
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["floe-platform"]}
                    ]
                },
                "podSelector": {"matchLabels": {"access.floe.dev/web": "true"}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": 8080}],
    }
    assert named(unit, "NetworkPolicy")["web-ingress"]["spec"]["ingress"] == [rule]
    assert policies_of(unit, labels_of(unit, "smoke")) == {"allow-dns", "default-deny", "smoke"}
    assert Connection(PodGroup("floe-platform", "smoke"), PodGroup("floe-platform", "web"), 8080) in unit.connections


def test_a_namespace_without_servers_still_resolves_names() -> None:
    assert probes(rendered(Parts()), "smoke") == ["name kubernetes.default.svc.cluster.local"]


def test_a_probe_has_the_policy_and_the_access_of_its_caller_and_nothing_selects_it() -> None:
    unit = rendered(Parts((SERVER, WEB)))
    labels = labels_of(unit, "web-probe")
    assert labels["access.floe.dev/db"] == "true"
    assert policies_of(unit, labels) == {"allow-dns", "default-deny", "web"}
    (web,) = (
        manifest
        for manifest in unit.objects
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == "web"
    )
    own = web["spec"]["template"]["metadata"]["labels"]
    assert policies_of(unit, own) == {"allow-dns", "default-deny", "web", "web-ingress"}
    selectors = [manifest["spec"]["selector"] for manifest in unit.objects if manifest["kind"] == "Service"]
    assert not any(matches({"matchLabels": selector}, labels) for selector in selectors)
    for kind in ("PodDisruptionBudget", "Deployment"):
        assert not any(matches(manifest["spec"]["selector"], labels) for manifest in named(unit, kind).values())


def test_the_two_policies_of_a_probed_server_equal_its_single_policy() -> None:
    web = Workload("web", WEB.pod, replicas=2, interfaces=(Interface("web", "http"),))
    before = named(rendered(Parts((web,)), settings(enabled=False)), "NetworkPolicy")["web"]["spec"]
    after = named(rendered(Parts((web,))), "NetworkPolicy")
    way_in, way_out = after["web-ingress"]["spec"], after["web"]["spec"]
    assert way_in["podSelector"] == before["podSelector"]
    assert (way_in["policyTypes"], way_out["policyTypes"]) == (["Ingress"], ["Egress"])
    assert way_out["egress"] == before["egress"]
    assert "egress" not in way_in
    assert "ingress" not in way_out
    assert before["ingress"][0] in way_in["ingress"]


def test_a_caller_that_serves_nothing_shares_its_one_policy() -> None:
    policies = named(rendered(Parts((Workload("daemon", pod(calls=(DATABASE,))),))), "NetworkPolicy")
    assert policies["daemon"]["spec"]["podSelector"] == {
        "matchLabels": {"app.kubernetes.io/instance": "platform-server", "app.kubernetes.io/name": "server"},
        "matchExpressions": [
            {"key": "app.kubernetes.io/component", "operator": "In", "values": ["daemon", "daemon-probe"]}
        ],
    }
    assert {*policies} == {"allow-dns", "default-deny", "daemon", "smoke"}


def test_there_is_a_probe_for_pods_that_have_not_run_and_one_for_the_same_connections() -> None:
    calling = pod(calls=(DATABASE,))
    unit = rendered(
        Parts(
            (Workload("alone", pod()), Workload("first", calling), Workload("second", calling)),
            (
                Task("migrate", pod(calls=(OUTSIDE,)), 60),
                Task("nightly", pod(calls=(OUTSIDE,)), 60, schedule="0 2 * * *"),
            ),
            (Launched("run-orders", pod(calls=(DATABASE, OUTSIDE)), 5),),
        )
    )
    assert {name for name in jobs(unit) if not name.startswith("migrate-")} == {
        "first-probe",
        "nightly-probe",
        "run-orders-probe",
        "smoke",
    }


@pytest.mark.parametrize(
    ("external", "expected"),
    [("report", ["outside api.example.com:443"]), ("require", ["tcp api.example.com:443"]), ("skip", [])],
)
def test_external_servers_are_probed_as_configured(external: str, expected: list[str]) -> None:
    unit = rendered(Parts((Workload("web", pod(calls=(DATABASE, OUTSIDE))),)), settings(external=external))
    inside = "postgresql db.floe-platform.svc.cluster.local:5432"
    assert probes(unit, "web-probe") == [inside, *expected]


@pytest.mark.parametrize("external", ["report", "require"])
def test_servers_of_the_node_are_not_probed(external: str) -> None:
    """A metadata server has an address for each kind of network, and answers at one of them."""
    caller = replace(pod(calls=(OUTSIDE,)), workload_identity=identity(None))
    unit = rendered(Parts((Workload("web", caller),)), settings(external=external))
    assert not [line for line in probes(unit, "web-probe") if "metadata" in line]
    assert [line for line in probes(unit, "web-probe") if OUTSIDE.host in line]


@pytest.mark.parametrize("external", ["report", "require", "skip"])
def test_external_services_in_the_cluster_are_only_reported(external: str) -> None:
    issuer = foreign_endpoint("cert-manager", "cert-manager", "cluster.local", Port("metrics", 9402))
    caller = Workload("prometheus", pod(calls=(DATABASE, issuer)))
    arguments = probes(rendered(Parts((SERVER, caller)), settings(external=external)), "prometheus-probe")
    assert [argument for argument in arguments if "cert-manager" in argument] == [
        "foreign cert-manager.cert-manager.svc.cluster.local:9402"
    ]


def test_each_part_of_a_policy_names_its_external_namespaces() -> None:
    issuer = foreign_endpoint("cert-manager", "cert-manager", "cluster.local", Port("metrics", 9402))
    metrics = Port("metrics", 9090)
    caller = Workload("web", pod(container(ports=(metrics,)), calls=(issuer,)), metrics=(Metrics("metrics"),))
    unit = rendered(Parts((caller,), scraper=Scraper(namespace="monitoring")))
    named = {
        manifest["metadata"]["name"]: manifest["metadata"].get("annotations", {}).get("floe.dev/external-references")
        for manifest in unit.objects
        if manifest["kind"] == "NetworkPolicy" and manifest["metadata"]["name"].startswith("web")
    }
    assert named == {"web": "Namespace/cert-manager", "web-ingress": "Namespace/monitoring"}


def test_servers_that_are_applied_after_their_caller_are_only_reported() -> None:
    inner = service_endpoint("agent", "floe-sales-domain", "cluster.local", (Port("metrics", 9101),))
    hidden = service_endpoint("cube", "floe-sales-domain", "cluster.local", (Port("metrics", 9102, service=False),))
    caller = Workload("prometheus", pod(container(), calls=(DATABASE, inner, hidden)))
    arguments = [
        argument
        for argument in probes(rendered(Parts((SERVER, caller))), "prometheus-probe")
        if "denied" not in argument
    ]
    assert arguments == [
        "postgresql db.floe-platform.svc.cluster.local:5432",
        "later agent.floe-sales-domain.svc.cluster.local:9101",
        "later cube-headless.floe-sales-domain.svc.cluster.local:9102",
    ]


def test_the_api_server_is_probed_where_its_use_is_declared() -> None:
    rule = PolicyRule(("batch",), ("jobs",), ("get",))
    unit = rendered(Parts((Workload("web", pod(kubernetes_api=(rule,))),)))
    assert probes(unit, "web-probe") == ["tcp kubernetes.default.svc:443"]
    template = jobs(unit)["web-probe"]["spec"]["template"]["spec"]
    assert template["automountServiceAccountToken"] is False, "a probe may do nothing with the API"
    group = PodGroup("floe-platform", "web-probe")
    assert {connection for connection in unit.connections if connection.source == group} == {
        Connection(group, "kubernetes-api", 443),
        Connection(group, "kubernetes-api", 6443),
    }


def test_a_server_that_is_not_called_must_not_be_reached() -> None:
    uncalled = Workload("other", pod(container(ports=(HTTP,))))
    unit = rendered(Parts((SERVER, WEB, uncalled)))
    assert probes(unit, "web-probe")[-1] == "denied other.floe-platform.svc.cluster.local:8080"
    without = rendered(Parts((SERVER, WEB, uncalled)), settings(denied=False))
    assert probes(without, "web-probe") == ["postgresql db.floe-platform.svc.cluster.local:5432"]


def test_the_jobs_are_bounded_and_kept_when_they_fail() -> None:
    for job in jobs(rendered(Parts((SERVER, WEB)))).values():
        assert job["metadata"]["annotations"] == {
            "argocd.argoproj.io/hook": "PostSync",
            "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
        }
        spec = job["spec"]
        assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (0, 600, 3600)
        (main,) = spec["template"]["spec"]["containers"]
        assert main["args"][1] == "180", "the script ends long before the Job must"


def test_flux_runs_tests_again_after_a_change() -> None:
    def names(*workloads: Workload) -> set[str]:
        return {*jobs(rendered(Parts(workloads), settings("flux")))}

    before = names(SERVER, WEB)
    assert names(SERVER, WEB) == before
    newer = Workload(
        "web", pod(container(image="docker.io/acme/server:1.2.4", ports=(GRPC, HEALTHY)), calls=(DATABASE,))
    )
    after = names(SERVER, newer)
    assert before & after == set()
    assert {name[:-9] for name in after} == {"web-probe", "smoke"}
    for job in jobs(rendered(Parts((SERVER, WEB)), settings("flux"))).values():
        assert job["metadata"]["annotations"] == {"floe.dev/after-sync": "true"}


def test_a_long_name_keeps_the_suffix_of_a_probe() -> None:
    long = "a" * 60
    unit = rendered(Parts((Workload(long, pod(calls=(DATABASE,))),)))
    (name,) = {*jobs(unit)} - {"smoke"}
    assert len(name) == 54
    assert name.endswith("-probe")
    assert {pods.source for pods in unit.connections} >= {PodGroup("floe-platform", name)}


def test_tests_are_not_in_the_start_order() -> None:
    unit = rendered(Parts((SERVER, WEB)))
    assert {identity.name for identity in unit.waved} == {"db", "web"}
