"""The rendered Airflow itself, with PostgreSQL, and with a small Kubernetes API that runs the pods of steps.

Every process and every step runs as another user, on a read-only file system, with its own files only.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from msgspec.structs import replace

import kubernetes_pods
import new_data_catalog
import polaris_server
from airflow_api import answer, client_of, eventually
from airflow_program import NEEDS_AIRFLOW, Machine, context, stopped
from airflow_run import BELOW, BROKEN, ENDLESS, KUBERNETES, OWNER, SECRETS, Api, address_of, database_server, migrate
from backup_programs import free_port, rclone, store
from floe_compiler.components.orchestrator_airflow import build
from floe_compiler.components.orchestrator_airflow.monitoring import ALERTED
from floe_compiler.components.orchestrator_airflow.processes import TRIGGERER
from floe_compiler.kit.monitoring.statsd import MAPPING
from floe_compiler.model.capabilities import Monitoring
from floe_compiler.model.facts import Parts, named_pods
from postgresql_server import Server
from products import CATALOG, DATABASE, LINEAGE, SALES, STORE, product

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("default"), NEEDS_AIRFLOW]

STEPS = [
    {
        "name": "first",
        "type": "custom",
        "command": ["sh", "-c", 'echo "says $SHOP, $(id -u), $(env | grep -c ^AIRFLOW), $PATH"; touch /file || true'],
        "variables": {"SHOP": "eu $1", "STEP_PATH": "/bin:/usr/bin:/elsewhere"},
    },
    {"name": "second", "type": "custom", "command": ["sh", "-c", 'echo "after it, for $OPENLINEAGE_PARENT_ID"']},
]
PRODUCTS = (product(steps=STEPS), product("broken", steps=BROKEN, schedule=None))
STOPPED = product("stopped", steps=ENDLESS, schedule=None)
WAITING = product(
    "order-analytics",
    schedule=None,
    trigger={"inputs": "all", "delay": "0s"},
    steps=[{"name": "only", "type": "custom", "command": ["sh", "-c", "echo runs; sleep 3"]}],
)


@dataclass
class Running(Api):
    """A running Airflow: its facts, its API, the pods of its steps, their output, and the metrics that it sent."""

    parts: Parts
    port: int
    pods: kubernetes_pods.Pods
    output: dict[str, str]
    packets: list[str]
    health: int
    logs: Path
    """The folder of the object store."""

    events: list[dict[str, Any]]
    """The events that the lineage service received."""

    catalog: polaris_server.State
    machine: Machine
    stack: ExitStack
    triggerer: subprocess.Popen[bytes] = field(init=False)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a process of Airflow."""
        server = next(workload for workload in self.parts.workloads if workload.name == name)
        log = self.stack.enter_context((self.machine.folder / f"{name}.log").open("ab"))
        command = self.machine.command(server.pod, server.pod.containers[0])
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.stack.callback(stopped, process)
        return process


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with database_server() as server:
        yield server


@contextmanager
def packets(port: int) -> Iterator[list[str]]:
    """Receive StatsD packets, and pass them on to the exporter, if there is one."""
    received: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", port))

        def receive() -> None:
            while True:
                try:
                    received.append(server.recv(65536).decode())
                except OSError:
                    return

        threading.Thread(target=receive, daemon=True).start()
        yield received


@contextmanager
def told_of_lineage() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Receive OpenLineage events; yield the port and the events."""
    events: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            text = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            assert self.path == "/api/v1/lineage"
            events.append(json.loads(text))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, events
        server.shutdown()


@pytest.fixture(scope="module")
def airflow(database: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    api, health, statsd = free_port(), free_port(), free_port()
    output: dict[str, str] = {}

    def run(pod: dict[str, Any]) -> int:
        name, base = pod["metadata"]["name"], pod["spec"]["containers"][0]
        declared = launched[pod["metadata"]["labels"]["app.kubernetes.io/component"]].pod
        command = machine.command(declared, declared.containers[0], base["args"])
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        output[name] = done.stdout + done.stderr
        return done.returncode

    pods = kubernetes_pods.Pods(run)
    with ExitStack() as stack:
        kubernetes = stack.enter_context(kubernetes_pods.serving(pods))
        received = stack.enter_context(packets(statsd))
        lineage, events = stack.enter_context(told_of_lineage())
        buckets = tmp_path_factory.mktemp("buckets")
        (buckets / STORE.bucket).mkdir()
        s3 = stack.enter_context(store(buckets)) if rclone() else 0
        catalog, url = stack.enter_context(new_data_catalog.running())
        capabilities = (
            replace(DATABASE, endpoint=address_of(database)),
            replace(STORE, url=f"http://127.0.0.1:{s3}"),
            replace(LINEAGE, url=f"http://127.0.0.1:{lineage}"),
            Monitoring("prometheus"),
        )
        parts = build(context(*PRODUCTS, STOPPED, WAITING, capabilities=capabilities, logs={"remote": bool(s3)}))
        launched = {pods.name: pods for pods in parts.launched}
        machine = Machine(
            tmp_path_factory.mktemp("pods"),
            {
                **SECRETS,
                ("polaris-client-sales-order-analytics", "client-id"): new_data_catalog.CLIENT_ID,
                ("polaris-client-sales-order-analytics", "client-secret"): new_data_catalog.CLIENT_SECRET,
            },
            texts={
                CATALOG.endpoint.url(): url,
                '"check_every": 60': '"check_every": 2',
                f"airflow-api-server.{BELOW}:8080": f"airflow-api-server.{BELOW}:{api}",
                "port = 8080": f"port = {api}",
                "port = 8974": f"port = {health}",
                "statsd_port = 9125": f"statsd_port = {statsd}",
                "[kubernetes_executor]\n": f"[kubernetes_executor]\nin_cluster = False\nconfig_file = {KUBERNETES}\n",
            },
            hosts=("database.example", *(f"airflow-{name}.{BELOW}" for name in ("api-server", "statsd"))),
            files={KUBERNETES: client_of(kubernetes)},
        )
        migrate(machine, parts)
        running = Running(parts, api, pods, output, received, health, buckets, events, catalog, machine, stack)
        for server in (workload for workload in parts.workloads if workload.name not in ("airflow-statsd", TRIGGERER)):
            running.start(server.name)
        running.triggerer = running.start(TRIGGERER)
        eventually(lambda: answer(api, "/api/v2/version")["version"])
        eventually(lambda: running.ask("/api/v2/dags")["total_entries"] == len(PRODUCTS) + 2)
        yield running


@pytest.fixture(scope="module")
def ran(airflow: Running) -> Running:
    """Airflow after a run of each product, started by hand."""
    airflow.run_to_the_end(product_.name for product_ in PRODUCTS)
    return airflow


def test_all_processes_are_healthy(airflow: Running) -> None:
    def healthy() -> bool:
        processes = answer(airflow.port, "/api/v2/monitor/health")
        return all(process["status"] == "healthy" for process in processes.values()) and len(processes) == 4

    eventually(healthy)
    with urllib.request.urlopen(f"http://127.0.0.1:{airflow.health}/health", timeout=30) as response:
        assert response.status == 200


def test_requests_without_a_valid_login_are_refused(airflow: Running) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        answer(airflow.port, "/api/v2/dags")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        answer(airflow.port, "/auth/token", {"username": "admin", "password": "admin"})


def test_the_migration_may_run_again_and_sets_a_new_password(
    airflow: Running, database: Server, tmp_path: Path
) -> None:
    (migration,) = airflow.parts.tasks
    password = "SELECT password FROM ab_user WHERE username = 'admin'"
    before = database.ask(*OWNER, password).stdout
    for value, unchanged in (("its-password", True), ("a-new-one", False), ("its-password", False)):
        secrets_ = {**SECRETS, ("airflow-administrator", "password"): value}
        folder = tmp_path / f"{value}-{unchanged}"
        folder.mkdir()
        machine = Machine(folder, secrets_, hosts=("database.example",))
        done = machine.run(migration.pod, migration.pod.containers[0])
        assert done.returncode == 0, done.stderr
        after = database.ask(*OWNER, password).stdout
        assert (after == before) is unchanged
        before = after
        assert value not in done.stdout + done.stderr


def test_the_dags_load_and_have_the_schedules_of_their_products(airflow: Running) -> None:
    assert airflow.ask("/api/v2/importErrors")["total_entries"] == 0
    dags = {dag["dag_id"]: dag for dag in airflow.ask("/api/v2/dags")["dags"]}
    assert {name: dag["is_paused"] for name, dag in dags.items()} == {
        "customer-360": False,
        "broken": False,
        "stopped": False,
        "order-analytics": False,
    }
    assert dags["broken"]["next_dagrun_run_after"] is None
    due = datetime.fromisoformat(dags["customer-360"]["next_dagrun_run_after"])
    # Five in Berlin, and never a time before the product was there.
    assert due > datetime.now(UTC)
    assert (due.astimezone(UTC).hour, due.minute) in ((3, 0), (4, 0))


def test_steps_run_in_order_until_one_fails(ran: Running) -> None:
    assert ran.states("customer-360") == {"first": "success", "second": "success"}
    assert ran.states("broken") == {"only": "failed", "never": "upstream_failed"}


def test_a_step_sees_its_own_variables_only(ran: Running) -> None:
    (output,) = (text for name, text in ran.output.items() if name.startswith("customer-360-first"))
    assert '"says eu $1, 10001, 0, /bin:/usr/bin:/elsewhere"' in output
    assert "Read-only file system" in output
    (output,) = (text for name, text in ran.output.items() if name.startswith("broken-only"))
    assert "step only ended with exit code 3" in output


def test_the_logs_of_steps_are_in_the_object_store(ran: Running) -> None:
    if not rclone():
        pytest.skip("rclone is not installed")
    # Airflow says that a step has ended before it sends the step's logs.
    eventually(lambda: len(logs(ran)) == 3)
    assert set(logs(ran)) == {"task_id=first", "task_id=second", "task_id=only"}
    eventually(lambda: "after it" in logs(ran)["task_id=second"].read_text())
    (run,) = ran.ask("/api/v2/dags/customer-360/dagRuns")["dag_runs"]
    path = f"/api/v2/dags/customer-360/dagRuns/{quote(run['dag_run_id'])}/taskInstances/second/logs/1"
    log = json.dumps(ran.ask(path))
    assert "after it" in log


def logs(ran: Running) -> dict[str, Path]:
    return {path.parent.name: path for path in (ran.logs / "warehouse").glob("airflow-logs/sales__*/**/*.log")}


def test_the_lineage_service_gets_events_of_runs_and_steps(ran: Running) -> None:
    def received() -> set[tuple[str, str]]:
        return {(event["job"]["name"], event["eventType"]) for event in ran.events}

    expected = {("customer-360.first", "COMPLETE"), ("customer-360", "COMPLETE"), ("broken.only", "FAIL")}
    eventually(lambda: expected <= received(), 60)
    assert {event["job"]["namespace"] for event in ran.events} == {"acme.sales"}
    (run,) = {event["run"]["runId"] for event in ran.events if event["job"]["name"] == "customer-360.second"}
    (output,) = (text for name, text in ran.output.items() if name.startswith("customer-360-second"))
    assert f"for acme.sales/customer-360.second/{run}" in output


def test_a_stopped_run_ends_its_program(airflow: Running) -> None:
    started = airflow.ask(f"/api/v2/dags/{STOPPED.name}/dagRuns", {"logical_date": None})
    eventually(lambda: airflow.states(STOPPED.name) == {"endless": "running"})
    time.sleep(5)
    path = f"/api/v2/dags/{STOPPED.name}/dagRuns/{quote(started['dag_run_id'])}"
    airflow.ask(path, {"state": "failed"}, "PATCH")
    output = eventually(lambda: "".join(text for name, text in airflow.output.items() if name.startswith("stopped")))
    assert '"says goodbye"' in output


def test_each_change_of_its_inputs_starts_one_run_of_a_product(airflow: Running) -> None:
    def ended(count: int) -> list[dict[str, Any]]:
        """Return the runs when there are as many, and all have ended."""
        runs = list(airflow.ask(f"/api/v2/dags/{WAITING.name}/dagRuns")["dag_runs"])
        return runs if len(runs) == count and all(run["state"] == "success" for run in runs) else []

    def wait_for_requests(times: int) -> None:
        """Wait for this many more polls of the catalog."""
        known = len(airflow.catalog.log)
        eventually(lambda: len(airflow.catalog.log) >= known + 3 * times)

    wait_for_requests(2)
    assert not ended(1), "no data was written yet"
    new_data_catalog.write(airflow.catalog, 1)
    (run,) = eventually(lambda: ended(1))
    assert run["run_type"] == "asset_triggered"
    wait_for_requests(8)
    new_data_catalog.write(airflow.catalog, 2, "replace")
    wait_for_requests(3)
    assert ended(1), "the same data and compaction do not count as new data"
    new_data_catalog.write(airflow.catalog, 3)
    eventually(lambda: len(airflow.ask(f"/api/v2/dags/{WAITING.name}/dagRuns")["dag_runs"]) == 2)
    new_data_catalog.write(airflow.catalog, 4)
    new_data_catalog.write(airflow.catalog, 5)
    eventually(lambda: ended(3))
    wait_for_requests(8)
    stopped(airflow.triggerer)
    airflow.triggerer = airflow.start(TRIGGERER)
    wait_for_requests(3)
    airflow.catalog.failures = 4
    wait_for_requests(5)
    assert ended(3), "a restarted triggerer remembers what was read"
    new_data_catalog.write(airflow.catalog, 6)
    eventually(lambda: ended(4))


def test_pods_match_their_declaration(ran: Running) -> None:
    scheduler = next(
        workload for workload in ran.parts.workloads if workload.name == "airflow-scheduler"
    ).pod.containers[0]
    templates = {file.path: yaml.safe_load(file.text) for file in scheduler.config if "pod_templates" in file.path}
    assert len(ran.pods.created) >= 3
    for pod in ran.pods.created:
        product_name, step = (pod["metadata"]["annotations"][name] for name in ("dag_id", "task_id"))
        template = deepcopy(templates[f"/opt/airflow/pod_templates/{product_name}/{step}.yaml"])
        assert template["metadata"]["labels"].items() <= pod["metadata"]["labels"].items()
        assert template["metadata"]["annotations"].items() <= pod["metadata"]["annotations"].items()
        assert pod["metadata"]["namespace"] == SALES
        (base,), (template_base,) = pod["spec"].pop("containers"), template["spec"].pop("containers")
        assert pod["spec"] == template["spec"]
        assert base.pop("args")[:3] == ["python", "-m", "airflow.sdk.execution_time.execute_workload"]
        own = {"name": "AIRFLOW_IS_K8S_EXECUTOR_POD", "value": "True"}
        # The catalog of this run is on the loopback.
        env = re.sub(r"http://127\.0\.0\.1:\d+(?=/api/catalog)", CATALOG.endpoint.url(), json.dumps(base.pop("env")))
        assert json.loads(env) == [*template_base.pop("env"), own]
        assert base == template_base


def test_pods_of_finished_steps_are_deleted(ran: Running) -> None:
    eventually(lambda: not ran.pods.pods)


def test_the_scheduler_uses_only_what_its_role_allows(ran: Running) -> None:
    scheduler = dict(named_pods(ran.parts))["airflow-scheduler"]
    allowed = {(verb, name) for rule in scheduler.kubernetes_api for name in rule.resources for verb in rule.verbs}
    assert {("create", "pods"), ("watch", "pods"), ("delete", "pods")} <= ran.pods.requested <= allowed


def test_alerts_use_metrics_that_airflow_sends(ran: Running, tmp_path: Path) -> None:
    program = shutil.which("statsd_exporter")
    if program is None:
        pytest.skip("statsd_exporter is not installed")
    exporter = next(workload for workload in ran.parts.workloads if workload.name == "airflow-statsd").pod.containers[0]
    (mapping,) = (file.text for file in exporter.config if file.path == MAPPING)
    (tmp_path / "mapping.yaml").write_text(mapping)
    udp, web = free_port(), free_port()
    command = [program, f"--statsd.mapping-config={tmp_path}/mapping.yaml", "--statsd.listen-tcp="]
    command += [f"--statsd.listen-udp=127.0.0.1:{udp}", f"--web.listen-address=127.0.0.1:{web}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: text_of(web))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for packet in ran.packets:
                client.sendto(packet.encode(), ("127.0.0.1", udp))
                time.sleep(0.001)
        time.sleep(2)
        names = set(re.findall(r"^([a-z_]+)[{ ]", text_of(web), re.MULTILINE))
    finally:
        stopped(process)
    assert set(ALERTED) <= names


def text_of(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response:
        return str(response.read().decode())
