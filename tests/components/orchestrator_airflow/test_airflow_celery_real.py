"""The rendered Airflow with Celery, with PostgreSQL, a broker, and a small Kubernetes API that runs the pods.

Every process and every step runs as another user, on a read-only file system, with its own files only.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from msgspec.structs import replace

import kubernetes_pods
import redis_program
from airflow_api import answer, client_of, eventually
from airflow_program import NEEDS_AIRFLOW, Machine, context, program, stopped
from airflow_run import BELOW, BROKEN, ENDLESS, KUBERNETES, OWNER, SECRETS, Api, address_of, database_server, migrate
from backup_programs import free_port, rclone, store
from floe_compiler.components.orchestrator_airflow import build
from floe_compiler.components.orchestrator_airflow.celery import NEEDED_WORKERS
from floe_compiler.model.facts import Parts, Variable, named_pods
from postgresql_server import Server
from products import DATABASE, LINEAGE, SALES, STORE, product
from redis_program import NEEDS_REDIS


@cache
def has_celery() -> bool:
    """Return whether Airflow has its provider for Celery."""
    airflow = program()
    if not airflow:
        return False
    command = [str(Path(airflow).with_name("python")), "-c", "import airflow.providers.celery, redis"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.real,
    pytest.mark.filterwarnings("default"),
    NEEDS_AIRFLOW,
    NEEDS_REDIS,
    pytest.mark.skipif(not has_celery(), reason="not installed: Airflow's provider celery, with redis"),
]

STEPS = [
    {
        "name": "first",
        "type": "custom",
        "command": [
            "sh",
            "-c",
            'echo "says $SHOP, {{ ds }}, $(id -u), $(env | grep -c ^AIRFLOW)"; >/file || true',
        ],
        "variables": {"SHOP": "eu $1"},
    },
    {"name": "second", "type": "custom", "command": ["sh", "-c", 'echo "after it, for $OPENLINEAGE_PARENT_ID"']},
]
PRODUCTS = (product(steps=STEPS, schedule=None), product("broken", steps=BROKEN, schedule=None))
STOPPED = product("stopped", steps=ENDLESS, schedule=None)
AT_ONCE = 2


@dataclass
class Running(Api):
    """A running Airflow: its facts, its API, the pods of its steps, and its processes."""

    parts: Parts
    port: int
    pods: kubernetes_pods.Pods
    logs: Path
    machine: Machine
    processes: dict[str, subprocess.Popen[bytes]]

    def stop(self, dag: str, run: str) -> None:
        """Stop a run, as a user does."""
        self.ask(f"/api/v2/dags/{dag}/dagRuns/{quote(run)}", {"state": "failed"}, "PATCH")

    def start(self, name: str) -> None:
        """Start a process."""
        server = next(workload for workload in self.parts.workloads if workload.name == name)
        log = (self.machine.folder / f"{name}.log").open("ab")
        command = self.machine.command(server.pod, server.pod.containers[0])
        self.processes[name] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def works(self) -> bool:
        """Return True while all processes run; raise AssertionError with the end of the log if one has ended."""
        for name, process in self.processes.items():
            log = (self.machine.folder / f"{name}.log").read_text()
            assert process.poll() is None, f"{name} has ended: {log[-2000:]}"
        return True

    def end(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            stopped(process)

    def probe(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the check of a process, as the kubelet does."""
        pod = dict(named_pods(self.parts))[name]
        checked = pod.containers[0].liveness
        assert checked is not None
        return self.machine.run(pod, replace(pod.containers[0], command=checked.command))


def tell_to_end(process: subprocess.Popen[Any]) -> None:
    """Send SIGTERM to a program. It is a child of the first process of its sandbox, which ends with it."""
    inner = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False)
    for pid in inner.stdout.split():
        subprocess.run(["pkill", "-TERM", "-P", pid], check=False)


class Pods(kubernetes_pods.Pods):
    """Pods whose programs end when they are deleted."""

    def __init__(self) -> None:
        super().__init__(self.execute)
        self.programs: dict[str, subprocess.Popen[str]] = {}
        self.command: Any = None

    def execute(self, pod: dict[str, Any]) -> int:
        name = pod["metadata"]["name"]
        process = subprocess.Popen(self.command(pod), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.programs[name] = process
        assert process.stdout is not None
        for line in process.stdout:
            self.logs[name] = self.logs.get(name, "") + line
        return process.wait()

    def tell(self, kind: str, pod: dict[str, Any]) -> None:
        super().tell(kind, pod)
        if kind == "DELETED" and (process := self.programs.get(pod["metadata"]["name"])):
            tell_to_end(process)


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with database_server() as server:
        yield server


@pytest.fixture(scope="module")
def airflow(database: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    api, health = free_port(), free_port()
    pods = Pods()
    with ExitStack() as stack:
        kubernetes = stack.enter_context(kubernetes_pods.serving(pods))
        buckets = tmp_path_factory.mktemp("buckets")
        (buckets / STORE.bucket).mkdir()
        s3 = stack.enter_context(store(buckets)) if rclone() else 0
        capabilities = (
            replace(DATABASE, endpoint=address_of(database)),
            replace(STORE, url=f"http://127.0.0.1:{s3}"),
            replace(LINEAGE, url="http://127.0.0.1:9"),
        )
        settings = {"logs": {"remote": bool(s3)}, "executor": "celery", "runs": {"at_once": AT_ONCE}}
        parts = build(context(*PRODUCTS, STOPPED, capabilities=capabilities, **settings))
        broker = next(workload for workload in parts.workloads if workload.name == "airflow-broker")
        queue = stack.enter_context(redis_program.running(broker, tmp_path_factory.mktemp("broker")))
        launched = {pods.name: pods for pods in parts.launched}
        machine = Machine(
            tmp_path_factory.mktemp("pods"),
            {**SECRETS, ("airflow-broker", "password"): redis_program.PASSWORD},
            texts={
                f"airflow-api-server.{BELOW}:8080": f"airflow-api-server.{BELOW}:{api}",
                f"airflow-broker.{BELOW}:6379": f"airflow-broker.{BELOW}:{queue.port}",
                "port = 8080": f"port = {api}",
                "port = 8974": f"port = {health}",
                '"in_cluster": True': f'"config_file": "{KUBERNETES}"',
            },
            hosts=("database.example", *(f"airflow-{name}.{BELOW}" for name in ("api-server", "broker"))),
            files={KUBERNETES: client_of(kubernetes)},
        )

        def command(pod: dict[str, Any]) -> list[str]:
            declared = launched[pod["metadata"]["labels"]["app.kubernetes.io/component"]].pod
            container = declared.containers[0]
            known = {variable.name for variable in container.variables}
            added = (variable for variable in pod["spec"]["containers"][0]["env"] if variable["name"] not in known)
            fresh = [Variable(variable["name"], variable["value"]) for variable in added]
            # As Kubernetes does: two dollars are one.
            words = tuple(word.replace("$$", "$") for word in container.command)
            variables = (*container.variables, *fresh)
            return machine.command(declared, replace(container, command=words, variables=variables))

        pods.command = command
        migrate(machine, parts)
        running = Running(parts, api, pods, buckets, machine, {})
        stack.callback(running.end)
        for server in (workload.name for workload in parts.workloads if workload.name != "airflow-broker"):
            running.start(server)
        eventually(lambda: running.works() and answer(api, "/api/v2/version")["version"])
        eventually(lambda: running.works() and running.ask("/api/v2/dags")["total_entries"] == len(PRODUCTS) + 1)
        yield running


@pytest.fixture(scope="module")
def ran(airflow: Running) -> Running:
    """Airflow after a run of each product, started by hand."""
    airflow.run_to_the_end(product_.name for product_ in PRODUCTS)
    return airflow


def test_the_worker_passes_its_probe(airflow: Running) -> None:
    eventually(lambda: airflow.probe("airflow-worker").returncode == 0, 20)


def test_steps_run_in_order_until_one_fails(ran: Running) -> None:
    assert ran.states("customer-360") == {"first": "success", "second": "success"}
    assert ran.states("broken") == {"only": "failed", "never": "upstream_failed"}


def test_a_step_sees_its_own_variables_only(ran: Running) -> None:
    (output,) = (text for name, text in ran.pods.logs.items() if "customer--360-first" in name)
    assert "says eu $1, {{ ds }}, 10001, 0" in output
    assert "Read-only file system" in output
    (output,) = (text for name, text in ran.pods.logs.items() if "customer--360-second" in name)
    assert "after it, for acme.sales/customer-360.second/" in output


def test_the_logs_of_steps_are_in_the_object_store(ran: Running) -> None:
    if not rclone():
        pytest.skip("rclone is not installed")
    # Airflow says that a step has ended before it sends the step's logs.
    log_files = eventually(lambda: {"task_id=first", "task_id=second", "task_id=only"} <= set(logs(ran)) and logs(ran))
    eventually(lambda: "after it" in log_files["task_id=second"].read_text())
    (run,) = ran.ask("/api/v2/dags/customer-360/dagRuns")["dag_runs"]
    path = f"/api/v2/dags/customer-360/dagRuns/{quote(run['dag_run_id'])}/taskInstances/second/logs/1"
    assert "after it" in json.dumps(ran.ask(path))


def logs(ran: Running) -> dict[str, Path]:
    return {path.parent.name: path for path in (ran.logs / "warehouse").glob("airflow-logs/sales__*/**/*.log")}


def test_pods_match_their_declaration(ran: Running) -> None:
    worker = next(workload for workload in ran.parts.workloads if workload.name == "airflow-worker").pod.containers[0]
    templates = {file.path: yaml.safe_load(file.text) for file in worker.config if "pod_templates" in file.path}
    assert len(ran.pods.created) >= 3
    for pod in ran.pods.created:
        labels = pod["metadata"]["labels"]
        template = templates[f"/opt/airflow/pod_templates/{labels['dag_id']}/{labels['task_id']}.yaml"]
        assert template["metadata"]["labels"].items() <= labels.items()
        assert template["metadata"]["annotations"].items() <= pod["metadata"]["annotations"].items()
        assert pod["metadata"]["namespace"] == SALES
        (base,), (template_base,) = pod["spec"].pop("containers"), template["spec"].pop("containers")
        spec = {name: value for name, value in pod["spec"].items() if value not in ({}, [])}
        assert {"hostNetwork": False, **spec} == {"hostNetwork": False, **template["spec"]}
        (parent,) = (variable for variable in base["env"] if variable["name"] == "OPENLINEAGE_PARENT_ID")
        assert base.pop("env") == [*template_base.pop("env"), parent]
        assert base.pop("terminationMessagePolicy") == "File"
        assert {name: value for name, value in base.items() if value != []} == template_base


def test_pods_of_finished_steps_are_deleted(ran: Running) -> None:
    eventually(lambda: not ran.pods.pods)


def test_a_stopped_run_ends_its_program(airflow: Running) -> None:
    run = airflow.run(STOPPED.name)
    eventually(lambda: airflow.states(STOPPED.name) == {"endless": "deferred"})
    eventually(lambda: "started" in "".join(airflow.pods.logs.values()))
    airflow.stop(STOPPED.name, run)
    eventually(lambda: "says goodbye" in "".join(airflow.pods.logs.values()))
    eventually(lambda: not airflow.pods.pods)


def test_processes_use_only_what_their_roles_allow(ran: Running) -> None:
    pods = dict(named_pods(ran.parts))
    roles = [pods[name].kubernetes_api for name in ("airflow-worker", "airflow-triggerer")]
    allowed = {(verb, name) for rules in roles for rule in rules for name in rule.resources for verb in rule.verbs}
    assert {("create", "pods"), ("delete", "pods"), ("get", "pods/log")} <= ran.pods.requested <= allowed


def test_keda_gets_the_number_of_busy_workers(ran: Running, database: Server) -> None:
    assert database.ask(*OWNER, NEEDED_WORKERS.format(4)).stdout.strip() == "0"


FULL = """
import runpy
from unittest import mock
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client.exceptions import ApiException

step = runpy.run_path("dag.py")["dag"].get_task("first")
for body in ("exceeded quota: quota, requested: pods=1", "violates PodSecurity"):
    error = ApiException(status=403)
    error.body = body
    with mock.patch.object(KubernetesPodOperator, "execute", side_effect=error):
        try:
            step.execute({"ti": None})
        except Exception as raised:
            print("raised", type(raised).__name__)
"""


def test_a_step_waits_only_for_room_in_the_quota(tmp_path: Path) -> None:
    (worker,) = (
        workload
        for workload in build(context(PRODUCTS[0], executor="celery")).workloads
        if workload.name == "airflow-worker"
    )
    for file in worker.pod.containers[0].config:
        if file.path.startswith("/opt/airflow/dags/"):
            (tmp_path / Path(file.path).name).write_text(file.text.replace('"lineage": true', '"lineage": false'))
    python = Path(program()).with_name("python")
    done = subprocess.run(
        [str(python), "-c", FULL],
        cwd=tmp_path,
        env={"AIRFLOW_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    raised = [line for line in done.stdout.splitlines() if line.startswith("raised")]
    assert raised == ["raised AirflowRescheduleException", "raised ApiException"], done.stderr


def test_a_worker_stops_gracefully_and_another_finishes_its_steps(airflow: Running) -> None:
    run = airflow.run(STOPPED.name)
    eventually(lambda: airflow.states(STOPPED.name) == {"endless": "deferred"})
    time.sleep(2)
    worker = airflow.processes.pop("airflow-worker")
    tell_to_end(worker)
    worker.wait(300)
    log = (airflow.machine.folder / "airflow-worker.log").read_text()
    assert "Warm shutdown" in log
    assert airflow.states(STOPPED.name) == {"endless": "deferred"}
    airflow.stop(STOPPED.name, run)
    eventually(lambda: not airflow.pods.pods)
    airflow.start("airflow-worker")
    eventually(lambda: airflow.probe("airflow-worker").returncode == 0, 30)
