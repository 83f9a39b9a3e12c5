"""Two pods, one of which runs the daemon: facts, objects, and the arithmetic of its Lease."""

from __future__ import annotations

import ast
import sys
from importlib.resources import files
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.orchestrator_dagster import COMPONENT, build, refuses
from floe_compiler.components.orchestrator_dagster.daemon import LEASE
from floe_compiler.components.orchestrator_dagster.failover import failover_seconds, start_seconds
from floe_compiler.components.orchestrator_dagster.settings import DaemonSettings
from floe_compiler.model.facts import Workload
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Context
from products import EVERYTHING, SALES, product
from support import PRODUCTION, as_text, context_of, unit_of

DOCUMENTS = {"duration": "15s", "renew_deadline": "10s", "retry_period": "2s"}


def context(**daemon: Any) -> Context[Any]:
    config = {"daemon": {"mode": "ha", **daemon}}
    return context_of(
        COMPONENT, config, settings=PRODUCTION, capabilities=EVERYTHING, scope="sales", products=(product(),)
    )


def workload(name: str = "dagster-daemon", **daemon: Any) -> Workload:
    return next(server for server in build(context(**daemon)).workloads if server.name == name)


def objects(**daemon: Any) -> dict[tuple[str, str], Object]:
    rendered = unit_of(COMPONENT, context(**daemon)).objects
    return {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in rendered}


def option(name: str, **daemon: Any) -> str:
    (argument,) = [
        argument for argument in workload(**daemon).pod.containers[0].arguments if argument.startswith(f"--{name}=")
    ]
    return argument.partition("=")[2]


def test_two_pods_run_on_two_nodes_and_one_may_be_drained() -> None:
    daemon = workload()
    assert (daemon.replicas, daemon.available, daemon.recreate, daemon.single) == (2, 1, False, "")
    manifests = objects()
    spec = manifests["Deployment", "dagster-daemon"]["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (2, "RollingUpdate")
    (hosts,) = [
        constraint
        for constraint in spec["template"]["spec"]["topologySpreadConstraints"]
        if constraint["topologyKey"] == "kubernetes.io/hostname"
    ]
    assert (hosts["maxSkew"], hosts["whenUnsatisfiable"]) == (1, "DoNotSchedule")
    assert manifests["PodDisruptionBudget", "dagster-daemon"]["spec"]["minAvailable"] == 1


def test_the_account_may_use_its_lease_and_that_of_the_webserver_may_not() -> None:
    manifests = objects()
    leases = [rule for rule in manifests["Role", "dagster-daemon"]["rules"] if "leases" in rule["resources"]]
    assert leases == [
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "resourceNames": [LEASE],
            "verbs": ["get", "update"],
        },
    ]
    webserver_rules = manifests["Role", "dagster"]["rules"]
    assert [rule for rule in webserver_rules if "leases" in rule["resources"]] == []
    assert webserver_rules == manifests["Role", "dagster-daemon"]["rules"][:-2], "both launch runs"
    pod = manifests["Deployment", "dagster-daemon"]["spec"]["template"]["spec"]
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("dagster-daemon", True)
    assert ("Lease", LEASE) not in manifests, "its holder changes it every second"


def test_it_reaches_the_api_server() -> None:
    (policy,) = [
        manifest for (kind, name), manifest in objects().items() if (kind, name) == ("NetworkPolicy", "dagster-daemon")
    ]
    ports = [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]]
    assert [443, 6443] in ports


def test_the_kubelet_probes_the_elector_and_the_elector_checks_dagster() -> None:
    (container,) = workload().pod.containers
    for probe, path in ((container.liveness, "/livez"), (container.readiness, "/readyz")):
        assert probe is not None
        assert (probe.path, probe.port, probe.command) == (path, "elector", ())
    assert container.startup is None
    assert [port.service for port in container.ports] == [False]
    assert option("check") == "dagster-daemon liveness-check"
    assert (option("check-interval"), option("check-failures"), option("check-timeout")) == ("30", "2", "15")
    assert option("check-failures", restart_timeout="2m", health_check_interval="40s") == "3"
    assert ("DAGSTER_DAEMON_HEARTBEAT_TOLERANCE", "60") in [
        (variable.name, variable.value) for variable in container.variables
    ]


def test_the_lease_has_its_default_times() -> None:
    names = ("lease", "duration", "renew-deadline", "retry", "stop")
    assert [option(name) for name in names] == [LEASE, "8", "5", "1", "1"]
    assert [option(name, lease=DOCUMENTS) for name in names] == [LEASE, "15", "10", "2", "1"]


@pytest.mark.parametrize(("times", "grace"), [({}, 30), ({"duration": "60s", "renew_deadline": "40s"}, 50)])
def test_a_pod_has_the_time_to_end_its_daemon_and_give_the_lease_back(times: dict[str, str], grace: int) -> None:
    assert workload(lease=times).pod.grace == grace


def test_pods_without_the_label_of_the_elector_are_rivals() -> None:
    daemon = workload()
    assert daemon.pod.labels == (("floe.dev/elector", LEASE),)
    assert option("rivals") == "app.kubernetes.io/component=dagster-daemon,!floe.dev/elector"


def test_the_elector_imports_only_the_standard_library() -> None:
    modules = {file.path: file.text for file in workload().pod.containers[0].config if "/elector/" in file.path}
    folder = files("floe_compiler.components.orchestrator_dagster.elector")
    assert set(modules) == {f"/etc/floe/elector/{file.name}" for file in folder.iterdir() if file.name.endswith(".py")}
    for path, text in modules.items():
        for node in ast.walk(ast.parse(text)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names] == [], path
            if isinstance(node, ast.ImportFrom) and node.level:
                assert f"/etc/floe/elector/{node.module}.py" in modules, path


@pytest.mark.parametrize(
    ("daemon", "seconds"),
    [
        ({}, 14),
        ({"lease": {**DOCUMENTS, "retry_period": "1s"}}, 21),
        ({"lease": DOCUMENTS}, 23),
        ({"resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": "500m", "memory": "1Gi"}}}, 16),
        ({"resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "1Gi"}}}, 14),
    ],
)
def test_the_time_of_a_failover_follows_from_the_settings(daemon: dict[str, Any], seconds: int) -> None:
    assert failover_seconds(DaemonSettings.model_validate(daemon)) == seconds


def test_a_daemon_starts_in_four_seconds_with_a_cpu() -> None:
    assert start_seconds(DaemonSettings()) == 4


@pytest.mark.parametrize(
    ("daemon", "message"),
    [
        ({}, None),
        ({"lease": DOCUMENTS, "failover": "23s"}, None),
        ({"lease": DOCUMENTS, "failover": "22s"}, "for 23s after a failure, but daemon.failover allows 22s"),
        ({"lease": DOCUMENTS}, "for 23s after a failure, but daemon.failover allows 15s"),
        ({"lease": {"renew_deadline": "6s"}}, None),
        ({"lease": {"renew_deadline": "7s"}}, "is killed after 8s, when another may have taken it after 8s"),
        ({"lease": {"retry_period": "2s"}}, "could not renew its Lease 3 times, every 2s"),
        ({"lease": {"retry_period": "0s"}}, "could not renew its Lease 3 times, every 0s"),
        ({"mode": "single", "lease": {"duration": "1s"}}, None),
    ],
)
def test_times_that_cannot_work_are_refused(daemon: dict[str, Any], message: str | None) -> None:
    messages = [refusal.message for refusal in refuses(context(**daemon))]
    assert len(messages) == (message is not None)
    assert all(message and message in text for text in messages)


@pytest.mark.parametrize(
    ("daemon", "path"),
    [
        ({"lease": {"renew_deadline": "9s"}}, ("lease", "renew_deadline")),
        ({"lease": {"duration": "2s"}}, ("lease", "duration")),
        ({"lease": {"duration": "20s"}}, ("lease", "duration")),
        ({"failover": "5s"}, ("failover",)),
    ],
)
def test_a_refusal_names_the_setting_that_the_user_wrote(daemon: dict[str, Any], path: tuple[str, ...]) -> None:
    (refusal,) = refuses(context(**daemon))
    assert refusal.path == ("daemon", *path)


def test_rendered(snapshot: SnapshotAssertion) -> None:
    manifests = objects()
    kinds = ("Deployment", "NetworkPolicy", "PodDisruptionBudget", "Role", "RoleBinding", "ServiceAccount")
    assert as_text(manifests[kind, "dagster-daemon"] for kind in kinds) == snapshot
    assert manifests["RoleBinding", "dagster-daemon"]["subjects"][0]["namespace"] == SALES
