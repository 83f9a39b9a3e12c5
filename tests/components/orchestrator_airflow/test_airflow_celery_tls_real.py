"""A rendered Celery worker, and its broker with TLS: it verifies the broker, and refuses any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import redis_program
from airflow_program import NEEDS_AIRFLOW, Machine
from certificates import authority
from components.orchestrator_airflow.test_airflow_celery_real import has_celery
from floe_compiler.components.orchestrator_airflow import COMPONENT, build
from floe_compiler.kit import trust
from floe_compiler.model.trust import Trust
from products import DATABASE, SALES
from redis_program import NEEDS_REDIS
from support import PRODUCTION, context_of

pytestmark = [
    pytest.mark.real,
    NEEDS_AIRFLOW,
    NEEDS_REDIS,
    pytest.mark.skipif(not has_celery(), reason="not installed: Airflow's provider celery, with redis"),
]

SECURE: Any = replace(PRODUCTION, trust=Trust("company-ca"), tls_issuer="acme-internal")
HOST = f"airflow-broker.{SALES}.svc.cluster.local"
OURS, OTHERS = authority("Ours"), authority("Others")

SENDS = """
from airflow.providers.celery.executors.celery_executor import app
with app.connection_for_write() as connection:
    connection.ensure_connection(max_retries=1, timeout=5)
    queue = connection.SimpleQueue("tried")
    queue.put("hello")
    message = queue.get(timeout=5)
    message.ack()
    print("received", message.payload, flush=True)
    queue.close()
"""


class Broker:
    """The running broker, and the worker's pod, in which any program can run."""

    def __init__(self, worker: Any, port: int, folder: Path) -> None:
        self.worker, self.port, self.folder = worker, port, folder

    def ask(self, roots: str, host: str = HOST) -> tuple[int, str]:
        """Return the exit code and the output of a program that sends and receives a message."""
        (container,) = self.worker.pod.containers
        machine = Machine(
            self.folder,
            {("airflow-broker", "password"): redis_program.PASSWORD},
            texts={f"rediss://{HOST}:6379": f"rediss://{host}:{self.port}"},
            hosts=(HOST, "another.example", "database.example"),
            files={trust.CERTIFICATES_FILE: roots},
        )
        variables = (*container.variables, *trust.variables(SECURE, container))
        done = machine.run(
            self.worker.pod, replace(container, command=("python", "-c", SENDS), arguments=(), variables=variables)
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    endpoint = replace(DATABASE.endpoint, host="database.example")
    capabilities = (replace(DATABASE, endpoint=endpoint),)
    config = {"executor": "celery", "logs": {"remote": False}}
    servers = build(context_of(COMPONENT, config, settings=SECURE, capabilities=capabilities, scope="sales")).workloads
    worker, server = (
        next(server for server in servers if server.name == name) for name in ("airflow-worker", "airflow-broker")
    )
    certificate = OURS.issue(tmp_path_factory.mktemp("tls"), HOST)
    roots = tmp_path_factory.mktemp("roots") / "roots.pem"
    roots.write_text(OURS.pem)
    options = ("--tls", "--cacert", str(roots))
    with redis_program.running(server, tmp_path_factory.mktemp("broker"), certificate, options) as running:
        yield Broker(worker, running.port, tmp_path_factory.mktemp("pods"))


def test_a_message_goes_through_the_broker(broker: Broker) -> None:
    code, output = broker.ask(OURS.pem)
    assert code == 0, output
    assert "received hello" in output


def test_a_broker_of_another_authority_is_refused(broker: Broker) -> None:
    code, output = broker.ask(OTHERS.pem)
    assert code != 0
    assert "CERTIFICATE_VERIFY_FAILED" in output


def test_a_broker_with_another_name_is_refused(broker: Broker) -> None:
    code, output = broker.ask(OURS.pem, host="another.example")
    assert code != 0
    assert "Hostname mismatch" in output
