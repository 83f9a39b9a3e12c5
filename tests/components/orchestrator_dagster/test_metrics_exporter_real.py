"""The exporter with a real Dagster: a webserver, a daemon, runs that succeed and fail, and code that does not load."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dagster_program import PROGRAM, free_port, parts, write_files
from products import product

pytest.importorskip("dagster", reason="needs dagster, which is not among the compiler's dependencies")
pytest.importorskip("dagster_webserver", reason="needs dagster-webserver")
PROMTOOL = shutil.which("promtool")
SCRIPT = str(files("floe_compiler.components.orchestrator_dagster").joinpath("metrics_exporter.py"))
pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("default")]

Metrics = dict[str, dict[str, float]]


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return str(answer.read().decode())


def eventually(port: int, path: str, seconds: int = 120) -> str:
    for _ in range(seconds):
        try:
            return get(port, path)
        except OSError:
            time.sleep(1)
    raise AssertionError(f"nothing answers at {port}{path}")


def parsed(text: str) -> Metrics:
    metrics: Metrics = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition("{")
            labels, _, value = rest.rpartition("} ")
            metrics.setdefault(name, {})[labels] = float(value)
    return metrics


def code(folder: Path, name: str, command: list[str]) -> Path:
    """Write the definitions of a product with one step, and return their file."""
    product_ = product(name, steps=[{"name": "only-step", "type": "custom", "command": command}])
    return write_files(parts(product_).launched[0].pod, folder / name) / "etc/floe/definitions.py"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the exporter's response while Dagster runs, once its daemon has sent a heartbeat."""
    folder = tmp_path_factory.mktemp("dagster")
    variables = {**os.environ, "DAGSTER_HOME": str(folder)}
    good, bad = code(folder, "good", ["true"]), code(folder, "bad", ["false"])
    broken = folder / "broken.py"
    broken.write_text("raise RuntimeError('no')\n")
    locations = [{"python_file": {"relative_path": str(path), "location_name": path.parts[-4]}} for path in (good, bad)]
    workspace = folder / "workspace.yaml"
    workspace.write_text(json.dumps({"load_from": [*locations, {"python_file": str(broken)}]}))
    for path in (good, bad):
        subprocess.run([PROGRAM, "job", "execute", "-f", str(path)], env=variables, timeout=120, check=path == good)
    web, port = free_port(), free_port()
    programs: list[tuple[list[str], dict[str, str]]] = [
        ([f"{PROGRAM}-webserver", "-h", "127.0.0.1", "-p", str(web), "-w", str(workspace)], variables),
        ([f"{PROGRAM}-daemon", "run", "-w", str(workspace)], variables),
        ([sys.executable, "-I", SCRIPT], {"DAGSTER_URL": f"http://127.0.0.1:{web}", "PORT": str(port)}),
    ]
    with ExitStack() as stack:
        processes = [stack.enter_context(subprocess.Popen(command, env=env)) for command, env in programs]
        for process in processes:
            stack.callback(process.terminate)
        assert get_before(port) == 503, "no metrics while the webserver does not answer"
        eventually(web, "/server_info")
        for _ in range(60):
            answer = eventually(port, "/metrics")
            if "heartbeat" in answer and "+Inf" not in answer:
                break
            time.sleep(2)
        else:
            raise AssertionError(f"not every daemon has a heartbeat: {answer}")
        yield answer


def get_before(port: int) -> int:
    """Return the status of the metrics at the start."""
    eventually(port, "/")
    try:
        get(port, "/metrics")
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def test_the_numbers_are_those_of_dagster(text: str) -> None:
    metrics = parsed(text)
    ages = metrics["dagster_daemon_heartbeat_age_seconds"]
    assert {'daemon="SCHEDULER"', 'daemon="QUEUED_RUN_COORDINATOR"'} <= ages.keys()
    assert all(0 <= age < 120 for age in ages.values())
    assert metrics["dagster_code_location_loaded"] == {
        'location="good"': 1,
        'location="bad"': 1,
        'location="broken.py"': 0,
    }
    assert (metrics["dagster_runs"]['status="success"'], metrics["dagster_runs"]['status="failure"']) == (1, 1)
    assert metrics["dagster_runs_failed_last_hour"] == {'job_name="bad"': 1, 'job_name="good"': 0}
    (success,) = metrics["dagster_last_success_timestamp_seconds"].items()
    assert success[0] == 'job_name="good"'
    assert 0 < time.time() - success[1] < 600
    assert metrics["dagster_last_run_duration_seconds"].keys() == {'job_name="bad"', 'job_name="good"'}
    assert metrics["dagster_longest_active_run_seconds"] == {'job_name="bad"': 0, 'job_name="good"': 0}


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not on the PATH (Debian: prometheus)")
def test_prometheus_reads_them(text: str) -> None:
    command: list[Any] = [PROMTOOL, "check", "metrics"]
    checked = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
