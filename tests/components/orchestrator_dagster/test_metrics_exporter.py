"""The exporter of Dagster's metrics, with answers as its webserver gives them."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from typing import Any

import pytest

from floe_compiler.components.orchestrator_dagster import metrics_exporter
from floe_compiler.components.orchestrator_dagster.metrics_exporter import METRICS, Handler, metrics, text_of

NOW = 1_000_000.0
DAEMONS = [
    {"daemonType": "SCHEDULER", "required": True, "lastHeartbeatTime": NOW - 30},
    {"daemonType": "SENSOR", "required": True, "lastHeartbeatTime": None},
    {"daemonType": "FRESHNESS_DAEMON", "required": False, "lastHeartbeatTime": None},
]
LOCATIONS = [
    {
        "name": "orders",
        "locationOrLoadError": {
            "__typename": "RepositoryLocation",
            "repositories": [{"jobs": [{"name": "orders"}, {"name": "__ASSET_JOB"}]}],
        },
    },
    {"name": "broken", "locationOrLoadError": {"__typename": "PythonError"}},
    {"name": "loading", "locationOrLoadError": None},
]
INSTANCE = {
    "instance": {"daemonHealth": {"allDaemonStatuses": DAEMONS}},
    "workspaceOrError": {"locationEntries": LOCATIONS},
}
COUNTS = {status: {"count": 2} for status in metrics_exporter.STATUSES}
RUNS = {
    **COUNTS,
    "failed0": {"count": 3},
    "succeeded0": {"results": [{"startTime": NOW - 500, "endTime": NOW - 400}]},
    "ended0": {"results": [{"startTime": None, "endTime": NOW - 100}]},
    "active0": {"results": [{"startTime": NOW - 10}, {"startTime": None}, {"startTime": NOW - 90}]},
}


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the webserver, and return the queries that it gets."""
    queries: list[str] = []

    def open_url(request: Any, timeout: float) -> io.BytesIO:
        queries.append(json.loads(request.data)["query"])
        assert request.full_url == "http://dagster-webserver:3000/graphql"
        return io.BytesIO(json.dumps({"data": RUNS if len(queries) % 2 == 0 else INSTANCE}).encode())

    monkeypatch.setattr("urllib.request.urlopen", open_url)
    monkeypatch.setattr("time.time", lambda: NOW)
    return queries


def test_all_metrics_are_exposed_in_the_format_of_prometheus(queries: list[str]) -> None:
    lines = metrics("http://dagster-webserver:3000").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'dagster_daemon_heartbeat_age_seconds{daemon="SCHEDULER"} 30.0',
        'dagster_daemon_heartbeat_age_seconds{daemon="SENSOR"} +Inf',
        'dagster_code_location_loaded{location="orders"} 1.0',
        'dagster_code_location_loaded{location="broken"} 0.0',
        'dagster_code_location_loaded{location="loading"} 0.0',
        *(f'dagster_runs{{status="{status.lower()}"}} 2' for status in metrics_exporter.STATUSES),
        'dagster_runs_failed_last_hour{job_name="orders"} 3',
        f'dagster_last_success_timestamp_seconds{{job_name="orders"}} {NOW - 400}',
        'dagster_last_run_duration_seconds{job_name="orders"} 0.0',
        'dagster_longest_active_run_seconds{job_name="orders"} 90.0',
    ]
    assert [line.split()[2] for line in lines if line.startswith("# TYPE")] == [*METRICS]


def test_only_failures_of_the_last_hour_count(queries: list[str]) -> None:
    metrics("http://dagster-webserver:3000")
    assert 'failed0: runsOrError(filter: {pipelineName: "orders", statuses: [FAILURE], ' in queries[1]
    assert f"updatedAfter: {NOW - 3600}" in queries[1]


def test_a_metric_without_samples_is_left_out() -> None:
    assert text_of([]) == ""


def test_a_job_without_runs_has_no_time_of_success(queries: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    none: dict[str, Any] = {key: {"results": []} for key in ("succeeded0", "ended0", "active0")}
    monkeypatch.setitem(globals(), "RUNS", {**RUNS, **none})
    text = metrics("http://dagster-webserver:3000")
    assert "dagster_last_success" not in text
    assert 'dagster_longest_active_run_seconds{job_name="orders"} 0.0' in text


def test_an_error_of_the_webserver_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"errors": [{"message": "no such field"}]}).encode()
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(answer))
    with pytest.raises(ValueError, match="no such field"):
        metrics("http://dagster-webserver:3000")


def test_scrapes_within_the_cache_time_get_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["the first", "the second"])
    monkeypatch.setenv("DAGSTER_URL", "http://dagster-webserver:3000")
    monkeypatch.setattr(metrics_exporter, "metrics", lambda _url: next(answers))
    monkeypatch.setattr(Handler, "kept", (float("-inf"), 0, ""))
    handler = Handler.__new__(Handler)
    assert [handler.answer(), handler.answer()] == [(200, "the first"), (200, "the first")]


def test_failures_are_cached_too(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = []

    def fail(url: str) -> str:
        requests.append(url)
        raise OSError("no answer")

    monkeypatch.setenv("DAGSTER_URL", "http://dagster-webserver:3000")
    monkeypatch.setattr(metrics_exporter, "metrics", fail)
    monkeypatch.setattr(Handler, "kept", (float("-inf"), 0, ""))
    handler = Handler.__new__(Handler)
    assert [handler.answer(), handler.answer()] == [(503, "no answer\n"), (503, "no answer\n")]
    assert len(requests) == 1


def test_the_kubelet_does_not_wait_for_the_webserver() -> None:
    """A webserver that accepts connections and never answers must not make the exporter restart."""
    with socket.socket() as silent, socket.socket() as reserved:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        reserved.close()
        env = {"DAGSTER_URL": f"http://127.0.0.1:{silent.getsockname()[1]}", "PORT": str(port)}
        with subprocess.Popen([sys.executable, metrics_exporter.__file__], env=env) as process:
            try:
                for _ in range(100):
                    with suppress(OSError):
                        socket.create_connection(("127.0.0.1", port), timeout=5).close()
                        break
                    time.sleep(0.1)
                scrape = socket.create_connection(("127.0.0.1", port), timeout=30)
                scrape.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=3) as answer:
                    assert answer.status == 200
                assert scrape.recv(12) == b"HTTP/1.0 503", "in less than ten seconds, but after the kubelet"
                scrape.close()
            finally:
                process.terminate()
