"""The elector with a real kube-apiserver, the permissions that the compiler renders, and Dagster's own daemon."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import importlib.util
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api_server import MISSING, PATHS, ApiServer, api_server
from dagster_program import PROGRAM
from elector_pods import FAST, Pod, Times, alive, eventually, now, running
from floe_compiler.components.orchestrator_dagster import COMPONENT
from floe_compiler.components.orchestrator_dagster.daemon import LEASE
from products import EVERYTHING, SALES, product
from support import PRODUCTION, context_of, unit_of

pytestmark = [
    pytest.mark.real,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}"),
]
LEASES = PATHS["Lease"].format(SALES)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Yield a server with the account of the daemon, and its permissions."""
    config = {"daemon": {"mode": "ha"}}
    context_ = context_of(
        COMPONENT, config, settings=PRODUCTION, capabilities=EVERYTHING, scope="sales", products=(product(),)
    )
    rendered = unit_of(COMPONENT, context_).objects
    kinds = ("ServiceAccount", "Role", "RoleBinding")
    own = [
        manifest
        for manifest in rendered
        if manifest["kind"] in kinds and manifest["metadata"]["name"] == "dagster-daemon"
    ]
    assert len(own) == 3
    with api_server(tmp_path_factory.mktemp("api")) as running_server:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SALES}}
        running_server.ask("POST", "/api/v1/namespaces", namespace)
        running_server.create(SALES, own)
        yield running_server


@pytest.fixture(autouse=True)
def _no_lease(server: ApiServer) -> None:
    if any(item["metadata"]["name"] == LEASE for item in server.ask("GET", LEASES)["items"]):
        server.ask("DELETE", f"{LEASES}/{LEASE}")


def pod(server: ApiServer, name: str, folder: Path, times: Times = FAST, **more: Any) -> Pod:
    account = {
        "token": server.token(SALES, "dagster-daemon"),
        "namespace": SALES,
        "ca.crt": server.authority.read_text(),
    }
    return Pod(name, folder, server.port, times, f"--lease={LEASE}", account=account, **more)


def spec(server: ApiServer) -> dict[str, Any]:
    return dict(server.ask("GET", f"{LEASES}/{LEASE}")["spec"])


def test_its_own_account_has_all_rights_that_it_needs(server: ApiServer, tmp_path: Path) -> None:
    first, second = pod(server, "first", tmp_path), pod(server, "second", tmp_path)
    with running(first, second):
        eventually(lambda: first.starts())
        leader, follower = (first, second) if first.starts()[0].pod == "first" else (second, first)
        lease = spec(server)
        assert lease["holderIdentity"].startswith(f"{leader.name}_")
        assert lease["leaseDurationSeconds"] == 3
        acquired = datetime.fromisoformat(lease["acquireTime"])
        assert abs((datetime.now(UTC) - acquired).total_seconds()) < 60
        leader.signal(signal.SIGKILL)
        eventually(lambda: len(first.starts()) == 2)
        assert spec(server)["leaseTransitions"] == 1
        follower.signal(signal.SIGTERM, follower.elector.pid)
        assert follower.elector.wait(10) == 0
        assert spec(server)["holderIdentity"] == "", "it was given back"
        assert [start.word for start in first.starts()] == ["start", "start"]
        assert "cannot" not in first.output.read_text() + second.output.read_text()


def test_a_stopped_api_server_ends_the_program(server: ApiServer, tmp_path: Path) -> None:
    """Like a failing network: connections stay open, and no answers come."""
    only = pod(server, "only", tmp_path)
    with running(only):
        eventually(lambda: only.starts())
        process = only.starts()[0].process
        server.signal(signal.SIGSTOP)
        try:
            stopped = now()
            eventually(lambda: not alive(process), 10)
            assert now() - stopped < FAST.renew_deadline + FAST.stop + 3
        finally:
            server.signal(signal.SIGCONT)
        eventually(lambda: len(only.starts()) == 2, 30)


@pytest.mark.skipif(importlib.util.find_spec("dagster") is None, reason="needs dagster")
def test_the_dagster_daemon_is_back_in_time(server: ApiServer, tmp_path: Path) -> None:
    """From the crash to the first heartbeat of the other daemon, with the default times."""
    from dagster import DagsterInstance

    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text(json.dumps({"load_from": []}))
    environment = {**os.environ, "DAGSTER_HOME": str(home), "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE": "60"}
    command = [f"{PROGRAM}-daemon", "run", "-w", str(workspace)]

    def daemon(name: str) -> Pod:
        return pod(server, name, tmp_path, Times(), program=command, environment=environment)

    def daemons(instance: Any) -> dict[str, str]:
        """Return the process with the latest heartbeat, for each thread of the daemon."""
        return {kind: heartbeat.daemon_id for kind, heartbeat in instance.get_daemon_heartbeats().items()}

    first = daemon("first")
    with running(first), DagsterInstance.from_config(str(home)) as instance:
        eventually(lambda: len(daemons(instance)) > 1, 90)
        before = set(daemons(instance).values())
        second = daemon("second")
        with running(second):
            time.sleep(5)
            crashed = now()
            first.signal(signal.SIGKILL, first.elector.pid)
            eventually(lambda: set(daemons(instance).values()) - before, 60)
            gap = now() - crashed
            assert gap < 15, "the requirement"
            after = set(daemons(instance).values())
            first.end()
            first = daemon("third")
            with running(first):
                time.sleep(5)
                stopped = now()
                second.signal(signal.SIGTERM, second.elector.pid)
                eventually(lambda: set(daemons(instance).values()) - before - after, 60)
                print(f"crash: {gap:.1f} s, stop: {now() - stopped:.1f} s")  # noqa: T201 - shown with -s
                assert second.elector.wait(20) == 0
