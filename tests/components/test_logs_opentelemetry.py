"""Logs from the nodes: which are read, who reads them, and where they go."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import collector_opentelemetry
from floe_compiler.components.logs_opentelemetry import COMPONENT, LOGS, STATE, LogsConfig, configuration
from floe_compiler.model.capabilities import Collector
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import HostPath
from floe_compiler.model.plan import NODES, Context
from floe_compiler.model.settings import Settings
from floe_compiler.model.yaml_text import to_yaml
from support import DEVELOPMENT, PRODUCTION, as_text, changed, context_of, unit_of

GRPC = service_endpoint("otel-collector", "floe-platform", "cluster.local", (Port("otlp", 4317),))
KEEPS = Collector("otel-collector", GRPC, GRPC)
DROPS = Collector("otel-collector", GRPC, GRPC, keeps_logs=False)
PROGRAM = next(filter(None, map(shutil.which, ("otelcol-k8s", "otelcol", "otelcol-contrib"))), None)


def context(settings: Settings = DEVELOPMENT, collector: Collector = KEEPS, **config: Any) -> Context[LogsConfig]:
    return context_of(
        COMPONENT, config, settings=settings, capabilities=[collector], scope=NODES, domains=("finance", "sales")
    )


def test_only_logs_of_this_environment_are_read_without_those_of_the_collectors() -> None:
    (agent,) = COMPONENT.build(context()).workloads
    (file,) = agent.pod.containers[0].config
    assert '- "/var/log/pods/floe-sales-domain_*/*/*.log"' in file.text
    receiver = configuration(("floe-platform", "floe-sales-domain"), GRPC)["receivers"]["file_log"]
    assert receiver["include"] == [
        "/var/log/pods/floe-platform_*/*/*.log",
        "/var/log/pods/floe-sales-domain_*/*/*.log",
    ]
    assert receiver["exclude"] == ["/var/log/pods/floe-platform_otel-collector-*/*/*.log"]
    assert not any("nodes" in line for line in receiver["include"]), "its own are not read either"


def test_namespaces_have_the_names_of_the_environment() -> None:
    settings = changed(DEVELOPMENT, environment={"namespace_pattern": "eu-{scope}-dev"})
    (agent,) = COMPONENT.build(context(settings)).workloads
    (file,) = agent.pod.containers[0].config
    read = [line.strip(' -"') for line in file.text.splitlines() if "_*/*/*.log" in line]
    assert read == [f"/var/log/pods/eu-{name}-dev_*/*/*.log" for name in ("platform", "finance-domain", "sales-domain")]


def test_it_runs_on_every_node_as_root_without_any_privilege() -> None:
    objects = unit_of(COMPONENT, context(PRODUCTION)).objects
    (agent,) = (manifest for manifest in objects if manifest["kind"] == "DaemonSet")
    pod = agent["spec"]["template"]["spec"]
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert "nodeSelector" not in pod
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (0, False)
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert not any("hostPort" in port for port in container["ports"])


def test_on_the_node_it_writes_only_its_checkpoints() -> None:
    (agent,) = COMPONENT.build(context()).workloads
    namespace = context().instance.namespace
    assert agent.pod.containers[0].host_paths == (
        HostPath("/var/log/pods"),
        HostPath(f"/var/lib/floe-logs/{namespace}", "/var/lib/otelcol", writable=True),
    )
    objects = unit_of(COMPONENT, context()).objects
    (manifest,) = (manifest for manifest in objects if manifest["kind"] == "DaemonSet")
    mounts = {
        mount["mountPath"]: mount for mount in manifest["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    }
    assert mounts["/var/log/pods"]["readOnly"] is True
    assert "readOnly" not in mounts["/var/lib/otelcol"]


def test_it_calls_only_the_collector_and_nothing_waits_for_it() -> None:
    (agent,) = COMPONENT.build(context()).workloads
    assert (agent.pod.servers(), agent.pod.kubernetes_api, agent.awaited) == ((GRPC,), (), False)
    assert [(metric.port, metric.path) for metric in agent.metrics] == [("metrics", "/metrics")]


@pytest.mark.parametrize(
    ("backends", "keeps"),
    [((), False), ((["traces"],), False), ((["traces"], ["logs", "metrics"]), True)],
)
def test_a_collector_keeps_logs_if_a_backend_takes_them(backends: tuple[list[str], ...], keeps: bool) -> None:
    own = [{"name": f"b{n}", "host": "otlp.example.com", "signals": signals} for n, signals in enumerate(backends)]
    instance = context_of(collector_opentelemetry.COMPONENT, {"backends": own}).instance
    (collector,) = collector_opentelemetry.COMPONENT.provides(instance)
    assert isinstance(collector, Collector)
    assert collector.keeps_logs is keeps


def test_logs_that_nobody_keeps_are_not_read() -> None:
    assert [*COMPONENT.refuses(context())] == []
    (refusal,) = COMPONENT.refuses(context(collector=DROPS))
    assert refusal.message == "reads logs, but the collector sends them nowhere"
    assert refusal.path == ("type",)


def test_rendered(snapshot: SnapshotAssertion) -> None:
    objects = unit_of(COMPONENT, context(PRODUCTION)).objects
    assert as_text(manifest for manifest in objects if manifest["metadata"]["name"] == "otel-logs") == snapshot


def write_log(folder: Path, namespace: str, pod: str, *lines: str) -> None:
    file = folder / f"{namespace}_{pod}_11111111-2222-3333-4444-555555555555" / "main" / "0.log"
    file.parent.mkdir(parents=True)
    file.write_text("".join(f"{line}\n" for line in lines))


@pytest.mark.real
@pytest.mark.skipif(PROGRAM is None, reason="no OpenTelemetry Collector (otelcol-k8s, otelcol) is on the PATH")
def test_a_real_collector_sends_each_line_once(tmp_path: Path) -> None:
    """The agent sends to another collector, which writes what it gets into its log."""
    assert PROGRAM is not None
    pods, state = tmp_path / "pods", tmp_path / "state"
    stamp = "2026-11-27T03:00:00.000000000Z"
    write_log(pods, "floe-platform", "polaris-1", f"{stamp} stdout P joined-", f"{stamp} stdout F line")
    write_log(pods, "floe-sales-domain", "run-1", f'{stamp} stderr F {{"level": "error"}}')
    write_log(pods, "floe-platform", "otel-collector-1", f"{stamp} stdout F round in circles")
    write_log(pods, "floe-other-domain", "run-1", f"{stamp} stdout F of somebody else")
    receiver = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:14317"}}}},
        "exporters": {"debug": {"verbosity": "detailed"}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["debug"]}},
        },
    }
    collector = Endpoint("127.0.0.1", (Port("otlp", 14317),), GRPC.group)
    agent = to_yaml(configuration(("floe-platform", "floe-sales-domain"), collector))
    agent = agent.replace(LOGS, str(pods)).replace(STATE, str(state)).replace("0.0.0.0", "127.0.0.1")
    (tmp_path / "receiver.yaml").write_text(json.dumps(receiver))
    (tmp_path / "agent.yaml").write_text(agent)
    checked = subprocess.run(
        [PROGRAM, "validate", f"--config={tmp_path}/agent.yaml"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")

    with (tmp_path / "received").open("wb") as log, (tmp_path / "sent").open("wb") as sent:
        server = subprocess.Popen([PROGRAM, f"--config={tmp_path}/receiver.yaml"], stderr=log, stdout=log)
        try:
            for _ in range(2):  # the second run continues from its checkpoint
                process = subprocess.Popen([PROGRAM, f"--config={tmp_path}/agent.yaml"], stderr=sent, stdout=sent)
                wait_until_healthy()
                time.sleep(4)
                process.send_signal(signal.SIGTERM)
                process.wait(30)
        finally:
            server.terminate()
            server.wait(30)
    received = (tmp_path / "received").read_text()
    assert received.count("Body: Str(joined-line)") == 1
    assert received.count('Body: Str({"level": "error"})') == 1
    assert "round in circles" not in received
    assert "of somebody else" not in received
    assert "k8s.namespace.name: Str(floe-sales-domain)" in received
    assert "k8s.pod.name: Str(polaris-1)" in received


def wait_until_healthy() -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen("http://127.0.0.1:13133/", timeout=1) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the collector did not start")
