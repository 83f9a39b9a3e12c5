"""Prometheus and Alertmanager run with their rendered configuration: as another user, writing only to their volumes.

Names of the cluster do not resolve here, so Prometheus also scrapes a local server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_program import free_port
from floe_compiler.components.metrics_prometheus import IDENTITY, OTLP
from floe_compiler.kit.products.report_quality import message, send
from monitored_mesh import ALERTMANAGER_URL, PLATFORM, PROMETHEUS_URL, RUNBOOKS, get, monitored

PROMETHEUS, ALERTMANAGER = shutil.which("prometheus"), shutil.which("alertmanager")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not PROMETHEUS, reason="prometheus is not on the PATH (Debian: prometheus)"),
    pytest.mark.skipif(not ALERTMANAGER, reason="alertmanager is not on the PATH (Debian: prometheus-alertmanager)"),
]
NOBODY = IDENTITY.user if os.geteuid() == 0 else None
TARGET = 'up{namespace="floe-platform",job="polaris"}'


def arguments(workload: str) -> list[str]:
    (container, *_) = get(monitored(), PLATFORM, "StatefulSet", workload)["spec"]["template"]["spec"]["containers"]
    return list(container["args"])


def files(name: str) -> dict[str, str]:
    return dict(get(monitored(), PLATFORM, "ConfigMap", name)["data"])


@contextmanager
def served(answer: str, received: list[Any]) -> Iterator[int]:
    """Serve a text, collect the bodies of POST requests, and yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(answer.encode())

        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def program(command: list[str], folder: Path, log: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start a program as its container does: as its user, which may write only to the volume."""
    with (folder / log).open("wb") as output:
        group = NOBODY
        return subprocess.Popen(
            command, user=NOBODY, group=group, extra_groups=None if group is None else [], cwd="/",
            stdout=output, stderr=output, env=variables,
        )  # fmt: skip


def get_json(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return json.load(answer)


def eventually(check: Callable[[], Any], log: Path, seconds: int = 60) -> Any:
    for _ in range(seconds * 2):
        try:
            if answer := check():
                return answer
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(log.read_text()[-3000:])


def queried(port: int, expression: str) -> list[Any]:
    quoted = urllib.parse.quote(expression)
    return list(get_json(port, f"/api/v1/query?query={quoted}")["data"]["result"])


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that another user may enter, with a volume for each program."""
    with tempfile.TemporaryDirectory(prefix="floe-prometheus-") as name:
        root = Path(name)
        root.chmod(0o755)
        for volume in ("prometheus", "alertmanager"):
            (root / volume).mkdir()
            if NOBODY is not None:
                os.chown(root / volume, NOBODY, NOBODY)
        yield root


def test_an_alert_reaches_its_receiver_and_the_results_of_a_step_are_stored(folder: Path) -> None:
    received: list[Any] = []
    prometheus, alertmanager = free_port(), free_port()
    with ExitStack() as stack:
        hook = stack.enter_context(served("up_to_date 1\n", received))
        (folder / "hook").write_text(f"http://127.0.0.1:{hook}/")
        write_alertmanager(folder)
        write_prometheus(folder, hook, alertmanager)
        places = {"/etc/prometheus": str(folder), "/alertmanager": str(folder / "alertmanager")}
        commands = {
            "alertmanager": ([str(ALERTMANAGER), f"--web.listen-address=127.0.0.1:{alertmanager}"], places),
            "prometheus": ([str(PROMETHEUS), f"--web.listen-address=127.0.0.1:{prometheus}"], places),
        }
        replaced = {
            "--config.file=/etc/prometheus/prometheus.yml": f"--config.file={folder}/prometheus.yml",
            "--storage.tsdb.path=/prometheus": f"--storage.tsdb.path={folder}/prometheus",
            "--config.file=/etc/alertmanager/alertmanager.yml": f"--config.file={folder}/alertmanager.yml",
            "--storage.path=/alertmanager": f"--storage.path={folder}/alertmanager",
        }
        for name, (command, _) in commands.items():
            container_arguments = arguments(name)
            assert len({*container_arguments} & {*replaced}) == 2, "the arguments have both paths of the container"
            process = program(
                [*command, *(replaced.get(argument, argument) for argument in container_arguments)],
                folder,
                f"{name}.log",
                POD_NAME="prometheus-0",
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        log = folder / "prometheus.log"
        eventually(lambda: queried(prometheus, TARGET), log)
        up = {sample["metric"]["job"]: sample["value"][1] for sample in queried(prometheus, "up")}
        assert up["polaris"] == "1"
        send(f"http://127.0.0.1:{prometheus}{OTLP}", message({"product": "orders"}, {"failed": 2}, time.time_ns()))
        (result,) = eventually(lambda: queried(prometheus, "floe_quality_contracts"), log)
        assert (result["metric"]["product"], result["metric"]["outcome"], result["value"][1]) == (
            "orders",
            "failed",
            "2",
        )
        rules = get_json(prometheus, "/api/v1/rules")["data"]["groups"]
        health = {rule["name"]: rule["health"] for group in rules for rule in group["rules"]}
        assert {"TargetDown", "ProductLate", "BackupLate"} <= health.keys()
        assert "err" not in health.values()
        message_sent, alert = eventually(lambda: sent(received), folder / "alertmanager.log")
    assert message_sent["externalURL"] == ALERTMANAGER_URL
    assert alert["generatorURL"].startswith(f"{PROMETHEUS_URL}/graph?")
    assert alert["labels"]["alertname"] == "AllTargetsDown"
    assert "replica" not in alert["labels"]
    assert alert["annotations"]["runbook_url"] == f"{RUNBOOKS}#alltargetsdown"


def sent(received: list[Any]) -> Any:
    """Return a message to a receiver, and its first alert that is still firing."""
    return next(
        (
            (notification, alert)
            for notification in received
            for alert in notification["alerts"]
            if alert["status"] == "firing"
        ),
        None,
    )


def write_alertmanager(folder: Path) -> None:
    """Write its configuration, with a local server for all receivers, and without the wait for further alerts."""
    config = yaml.load(files("alertmanager")["alertmanager.yml"], yaml.CSafeLoader)
    names = [receiver["name"] for receiver in config["receivers"]]
    config["receivers"] = [{"name": name, "webhook_configs": [{"url_file": str(folder / "hook")}]} for name in names]
    config["route"]["group_wait"] = "1s"
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))


def write_prometheus(folder: Path, target: int, alertmanager: int) -> None:
    """Write its configuration, with local addresses, and alerts that fire at once."""
    config = yaml.load(files("prometheus")["prometheus.yml"], yaml.CSafeLoader)
    config["global"] |= {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]
    for job in config["scrape_configs"]:
        if job["job_name"] == f"{PLATFORM}/polaris":
            job["static_configs"] = [{"targets": [f"127.0.0.1:{target}"]}]
    config["rule_files"] = [pattern.replace("/etc/prometheus", str(folder)) for pattern in config["rule_files"]]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    rules = folder / "rules/0"
    rules.mkdir(parents=True)
    for name, text in files("prometheus-rules-0").items():
        (rules / name).write_text(text.replace("for: 5m", "for: 0s"))
