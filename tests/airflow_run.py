"""What tests with a running Airflow share: its database and secrets, its products, and their requests to its API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import postgresql_server
from airflow_api import answer, eventually
from airflow_program import Machine
from backup_programs import ACCESS_KEY, SECRET_KEY
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Parts
from postgresql_server import ADMINISTRATOR, Server
from products import SALES

BELOW = f"{SALES}.svc.cluster.local"
PASSWORD = "p@ss/w:rd%+x"
KUBERNETES = "/opt/kubernetes/config"
"""The file by which processes find the Kubernetes API."""

OWNER = ("dagster", PASSWORD, "dagster")
"""How the owner of the database logs in to it."""

SECRETS = {
    ("dagster-postgresql", "password"): PASSWORD,
    ("airflow-administrator", "username"): "admin",
    ("airflow-administrator", "password"): "its-password",
    ("minio-warehouse", "access-key"): ACCESS_KEY,
    ("minio-warehouse", "secret-key"): SECRET_KEY,
}

BROKEN = [
    {"name": "only", "type": "custom", "command": ["sh", "-c", "echo broken; exit 3"]},
    {"name": "never", "type": "custom", "command": ["true"]},
]
ENDLESS = [
    {
        "name": "endless",
        "type": "custom",
        "command": ["sh", "-c", "trap 'echo says goodbye; exit 1' TERM; echo started; while :; do sleep 0.2; done"],
    }
]


class Api:
    """The API of a running Airflow at a port, as the administrator."""

    port: int

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Return the answer of the API."""
        login = {"username": "admin", "password": "its-password"}
        token = answer(self.port, "/auth/token", login)["access_token"]
        return answer(self.port, path, body, {"Authorization": f"Bearer {token}"}, method)

    def states(self, dag: str) -> dict[str, str]:
        """Return the states of the tasks of a DAG's runs."""
        tasks = self.ask(f"/api/v2/dags/{dag}/dagRuns/~/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in tasks}

    def run(self, dag: str) -> str:
        """Start a run of a DAG; return its ID."""
        return str(self.ask(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"])

    def run_to_the_end(self, dags: Iterable[str]) -> None:
        """Start a run of each DAG, and wait until all have ended."""
        started = set(dags)
        for dag in sorted(started):
            self.run(dag)

        def ended() -> bool:
            runs = self.ask("/api/v2/dags/~/dagRuns")["dag_runs"]
            states = [run["state"] for run in runs if run["dag_id"] in started]
            return len(states) == len(started) and set(states) <= {"success", "failed"}

        eventually(ended)


@contextmanager
def database_server() -> Iterator[Server]:
    """Run a server with Airflow's database."""
    with postgresql_server.running() as server:
        server.ask(*ADMINISTRATOR, f"CREATE ROLE dagster LOGIN PASSWORD '{PASSWORD}'")
        server.ask(*ADMINISTRATOR, "CREATE DATABASE dagster OWNER dagster")
        yield server


def address_of(server: Server) -> Endpoint:
    """Return the address of the server, as pods know it."""
    return Endpoint("database.example", (Port("postgresql", server.port, scheme="postgresql"),))


def migrate(machine: Machine, parts: Parts) -> None:
    """Prepare the database, as the Job does."""
    (migration,) = parts.tasks
    for container in (*migration.pod.setup, *migration.pod.containers):
        done = machine.run(migration.pod, container)
        assert done.returncode == 0, done.stderr
