"""The real Dagster starts runs of a product when its inputs have new data. Needs dagster."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import new_data_catalog
from dagster_program import PROGRAM, code_server
from floe_compiler.components.orchestrator_dagster.instance_file import SENSORS
from floe_compiler.model.plan import Product
from new_data_catalog import CLIENT_ID, CLIENT_SECRET, write
from products import product

dagster = pytest.importorskip("dagster", reason="needs dagster, which is not among the compiler's dependencies")

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("default")]

STEPS = [{"name": "only", "type": "custom", "command": ["sh", "-c", "echo runs; sleep 3"]}]


def triggered(**trigger: Any) -> Product:
    """Return a product that runs when a table of another domain has new data."""
    return product(schedule=None, steps=STEPS, trigger={"inputs": "all", "delay": "0s", **trigger})


def placed_at(url: str) -> Callable[[Path], None]:
    """Return a function that points the files of a code location to the catalog at a URL, polled each second."""

    def edit(folder: Path) -> None:
        file = folder / "etc/floe/product.json"
        data = json.loads(file.read_text())
        trigger, login = data["trigger"], data["trigger"]["catalog"]["login"]
        trigger["check_every"] = 1
        trigger["catalog"]["uri"] = f"{url}/api/catalog"
        login["url"] = f"{url}/api/catalog/v1/oauth/tokens"
        for key, value in (("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)):
            place = folder / str(login[key]).lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(value)
            login[key] = str(place)
        file.write_text(json.dumps(data))

    return edit


@contextmanager
def running(product_: Product, url: str, folder: Path) -> Iterator[Any]:
    """Run a code location and a daemon that knows it, with the instance in a folder; yield the instance."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text(json.dumps({"telemetry": {"enabled": False}, **SENSORS}))
    with ExitStack() as stack:
        client = stack.enter_context(code_server(product_, folder / "code", edit=placed_at(url)))
        server = {"host": "127.0.0.1", "port": client.port, "location_name": product_.name}
        (home / "workspace.yaml").write_text(json.dumps({"load_from": [{"grpc_server": server}]}))
        instance = stack.enter_context(dagster.DagsterInstance.from_config(str(home)))
        command = [f"{PROGRAM}-daemon", "run", "-w", str(home / "workspace.yaml")]
        log = stack.enter_context((folder / "daemon.log").open("wb"))
        process = subprocess.Popen(command, env={**os.environ, "DAGSTER_HOME": str(home)}, stdout=log, stderr=log)
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)
        yield instance


def ended(instance: Any, count: int) -> list[Any]:
    """Return the runs once this many have ended."""
    eventually(lambda: len(instance.get_runs()) == count and all(run.is_finished for run in instance.get_runs()))
    return list(instance.get_runs())


def ticks(instance: Any) -> list[Any]:
    """Return the last ticks of the one sensor, the newest first."""
    (sensor,) = instance.all_instigator_state()
    return list(instance.get_ticks(sensor.instigator_origin_id, sensor.selector_id, limit=5))


def eventually(say: Callable[[], bool]) -> None:
    """Wait until something is true."""
    for _ in range(480):
        if say():
            return
        time.sleep(0.5)
    raise AssertionError("it never came true")


def test_each_change_starts_one_run_even_after_a_restart_of_daemon_and_code_location(tmp_path: Path) -> None:
    product_ = triggered()
    with new_data_catalog.running() as (state, url):
        with running(product_, url, tmp_path) as instance:
            eventually(lambda: bool(instance.all_instigator_state() and ticks(instance)))
            eventually(lambda: "no data yet in marketing__campaign_perf.clicks" in str(ticks(instance)[0].skip_reason))
            write(state, 1)
            (run,) = ended(instance, 1)
            assert run.status == dagster.DagsterRunStatus.SUCCESS
            assert run.job_name == "customer_360"
            assert run.tags["floe/started_by"] == "new data in marketing__campaign_perf.clicks"
            assert run.tags["floe.dev/product"] == "customer-360"
            write(state, 2, "replace")
            requests_before = len(state.log)
            eventually(lambda: len(state.log) > requests_before + 12)
            assert len(instance.get_runs()) == 1, "compaction does not count as new data"
            write(state, 3)
            eventually(lambda: len(instance.get_runs()) == 2)
            write(state, 4)
            write(state, 5)
            assert len(ended(instance, 3)) == 3, "data that arrives during a run starts one further run"
            state.failures = 3
            eventually(lambda: any("is answered with 503" in str(tick.error) for tick in ticks(instance)))
        requests_before = len(state.log)
        with running(product_, url, tmp_path) as instance:
            eventually(lambda: len(state.log) > requests_before + 12)
            assert len(instance.get_runs()) == 3, "nothing was written since"
            write(state, 6)
            ended(instance, 4)
