"""The Prometheus Operator at a real API server: the configuration that it makes, and what Prometheus discovers."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from api_server import MISSING, TOKEN, ApiServer, api_server, definition, eventually
from dagster_program import free_port
from floe_compiler.model.objects import Object
from kit.ingress.controller_program import endpoints, own_address
from monitored_mesh import PLATFORM, PROMTOOL, monitored
from rendered_mesh import SERVERS, template

OPERATOR, PROMETHEUS = shutil.which("prometheus-operator"), shutil.which("prometheus")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
    pytest.mark.skipif(OPERATOR is None, reason="prometheus-operator is not on the PATH"),
    pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not on the PATH (Debian: prometheus)"),
    pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on the PATH (Debian: prometheus)"),
    pytest.mark.skipif(not own_address(), reason="this machine has no address but the loopback"),
]
GROUP = "monitoring.coreos.com"
KINDS = ("Prometheus", "PrometheusRule", "ServiceMonitor", "PodMonitor", "Probe", "Alertmanager", "ThanosRuler")
MORE_KINDS = ("PrometheusAgent", "ScrapeConfig", "AlertmanagerConfig")
MONITORING = "monitoring"
STACK = {"matchLabels": {"release": "kube-prometheus-stack"}}
"""What a Prometheus of the chart kube-prometheus-stack selects."""


class Operator(NamedTuple):
    """A running operator, and the objects that it got."""

    server: ApiServer
    folder: Path
    objects: tuple[Object, ...]

    def of_kind(self, *kinds: str) -> list[Object]:
        return [manifest for manifest in self.objects if manifest["kind"] in kinds]

    def configuration(self) -> str:
        """Return the configuration that it has made for its Prometheus."""
        path = f"/api/v1/namespaces/{MONITORING}/secrets/prometheus-own"
        data = self.server.ask("GET", path)["data"]["prometheus.yaml.gz"]
        text = gzip.decompress(base64.b64decode(data)).decode()
        return text.replace("$(SHARD)", "0").replace(
            "$(POD_NAME)", "prometheus-own-0"
        )  # as the reloader in its pod does

    def rules(self) -> dict[str, str]:
        """Return the files of rules that it has made."""
        path = f"/api/v1/namespaces/{MONITORING}/configmaps/prometheus-own-rulefiles-0"
        return dict(self.server.ask("GET", path)["data"])


def own_prometheus(server: ApiServer, folder: Path) -> Object:
    """Return a Prometheus as the chart has it, but outside the cluster."""
    (folder / "token").write_text(TOKEN)
    selectors = {f"{kind}Selector": STACK for kind in ("serviceMonitor", "podMonitor", "rule")}
    everywhere: dict[str, Any] = {f"{kind}NamespaceSelector": {} for kind in ("serviceMonitor", "podMonitor", "rule")}
    cluster = {
        "host": f"https://127.0.0.1:{server.port}",
        "bearerTokenFile": str(folder / "token"),
        "tlsConfig": {"caFile": str(server.authority)},
    }
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Prometheus",
        "metadata": {"name": "own", "namespace": MONITORING},
        "spec": {
            **selectors,
            **everywhere,
            "replicas": 1,
            "scrapeInterval": "30s",  # what the definition of the kind sets
            "evaluationInterval": "30s",
            "serviceDiscoveryRole": "EndpointSlice",
            "apiserverConfig": cluster,
        },
    }


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Run an API server with the rendered monitors, rules, Services and pods, and the operator."""
    folder = tmp_path_factory.mktemp("operator")
    objects = monitored("prometheus-operator")
    with ExitStack() as stack:
        server = stack.enter_context(api_server(folder))
        server.define(definition(GROUP, "v1", kind) for kind in KINDS)
        server.define(definition(GROUP, "v1alpha1", kind) for kind in MORE_KINDS)
        running = Operator(server, folder, objects)
        server.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": MONITORING}}])
        server.apply(running.of_kind("Namespace"))
        server.apply(running.of_kind("Service"))
        server.apply(running.of_kind("ServiceMonitor", "PodMonitor", "PrometheusRule"))
        accounts = {workload["metadata"]["namespace"] for workload in running.of_kind(*SERVERS)}
        server.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
            for namespace in sorted(accounts)
        )
        run_pods(running)
        command = [str(OPERATOR), f"--web.listen-address=127.0.0.1:{free_port()}"]
        environment = {**os.environ, "KUBECONFIG": str(server.kubeconfig(folder / "kubeconfig"))}
        log = stack.enter_context((folder / "operator.log").open("w"))
        process = stack.enter_context(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        stack.callback(process.terminate)
        server.apply([own_prometheus(server, folder)])
        expected = len(running.of_kind("ServiceMonitor", "PodMonitor"))
        eventually(lambda: len(yaml.safe_load(running.configuration())["scrape_configs"]) == expected)
        yield running


def run_pods(running: Operator) -> None:
    """Create a pod of each server, and mark it as running; and create the endpoints of each Service."""
    pods = [
        pod(workload, template(workload)["metadata"]["labels"], ports_of(workload))
        for workload in running.of_kind(*SERVERS)
    ]
    ports = [{"name": "metrics", "containerPort": 9187}]
    clusters = running.of_kind("Cluster")  # of PostgreSQL, whose pods another operator makes
    pods += [pod(cluster, {"cnpg.io/cluster": cluster["metadata"]["name"]}, ports) for cluster in clusters]
    running.server.apply(pods)
    status = {"phase": "Running", "podIP": own_address(), "podIPs": [{"ip": own_address()}]}
    for pod_ in pods:
        path = f"{running.server.path(pod_)}/status"
        running.server.ask("PATCH", path, {"status": status}, "application/merge-patch+json")
    running.server.apply(
        endpoints(service, {port["name"]: port["port"] for port in service["spec"]["ports"]})
        for service in running.of_kind("Service")
    )


def ports_of(workload: Object) -> list[Object]:
    return [port for container in template(workload)["spec"]["containers"] for port in container.get("ports", ())]


def pod(of: Object, labels: Any, ports: list[Object]) -> Object:
    """Return a pod with the labels and ports of a server's, as secure as its namespace asks for."""
    head = {"name": f"{of['metadata']['name']}-0", "namespace": of["metadata"]["namespace"], "labels": labels}
    secure = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "server", "image": "server", "ports": ports, "securityContext": secure}
    nobody = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": head,
        "spec": {"containers": [container], "securityContext": nobody},
    }


def test_each_target_is_found_once_under_the_name_of_its_job(operator: Operator, tmp_path: Path) -> None:
    configuration = yaml.safe_load(operator.configuration())
    configuration["rule_files"] = []
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    check("config", file)
    port = free_port()
    options = [f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={tmp_path}/data"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen([str(PROMETHEUS), f"--config.file={file}", *options], stdout=log, stderr=log) as process,
    ):
        try:
            expected = sorted(
                monitor["metadata"]["name"] for monitor in operator.of_kind("ServiceMonitor", "PodMonitor")
            )
            assert len(expected) > 10
            with suppress(AssertionError):  # the comparison says more
                eventually(lambda: jobs(port) == expected, seconds=30)
            assert jobs(port) == expected
        finally:
            process.terminate()


def check(kind: str, file: Path) -> None:
    checked = subprocess.run([str(PROMTOOL), "check", kind, str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def jobs(port: int) -> list[str]:
    """Return namespace and job of each target that a Prometheus collects from."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/targets?state=active", timeout=10) as answer:
        label_sets = [target["labels"] for target in json.load(answer)["data"]["activeTargets"]]
    return sorted(f"{labels['namespace']}.{labels['job']}" for labels in label_sets)


def refusal(operator: Operator, **change: Any) -> str:
    """Apply a rule with a change; return the operator's log line about it."""
    rule = json.loads(json.dumps(operator.of_kind("PrometheusRule")[0]))
    rule["metadata"]["name"] = "changed"
    rule["spec"]["groups"][0]["rules"][0].update(change)
    operator.server.apply([rule])
    log = operator.folder / "operator.log"
    log_field = "prometheusrule=changed"
    return eventually(lambda: next((line for line in log.read_text().splitlines() if log_field in line), ""))


def test_it_accepts_all_rules_and_refuses_an_invalid_one(operator: Operator, tmp_path: Path) -> None:
    expected = {manifest["metadata"]["name"] for manifest in operator.of_kind("PrometheusRule")}
    eventually(lambda: len(operator.rules()) == len(expected))
    files = operator.rules()
    assert {name for name in expected for file in files if file.startswith(f"{PLATFORM}-{name}-")} == expected
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        check("rules", tmp_path / name)
    assert "could not parse expression" in refusal(operator, expr="sum(")
    assert len(operator.rules()) == len(expected)
