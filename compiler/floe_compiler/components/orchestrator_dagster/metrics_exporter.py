"""Metrics of Dagster for Prometheus, which Dagster itself does not have: read from the webserver's GraphQL API.

Runs in Dagster's image, with nothing but Python's own library. `DAGSTER_URL` is where the webserver is, and `PORT`
where the metrics are; every other path than `/metrics` only shows that the program runs.

While the webserver does not answer, there are no metrics (503), so that Prometheus sees that something is down.
"""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECONDS_TO_ANSWER = 4
"""Two queries, one after the other, must take less than the ten seconds that Prometheus waits."""

SECONDS_KEPT = 10
"""Several Prometheus get the same answer, or hear of the same failure."""

HOUR = 3600
MOST_ACTIVE = 100
STATUSES = ("QUEUED", "STARTING", "STARTED", "CANCELING", "SUCCESS", "FAILURE", "CANCELED")
ACTIVE = "STARTING, STARTED, CANCELING"
ENDED = "SUCCESS, FAILURE, CANCELED"

INSTANCE = """{
  instance { daemonHealth { allDaemonStatuses { daemonType required lastHeartbeatTime } } }
  workspaceOrError {
    ... on Workspace {
      locationEntries {
        name
        locationOrLoadError { __typename ... on RepositoryLocation { repositories { jobs { name } } } }
      }
    }
  }
}"""

METRICS = {
    "dagster_daemon_heartbeat_age_seconds": "Seconds since a daemon last said that it runs; infinite if it never did.",
    "dagster_code_location_loaded": "Whether Dagster could load a code location.",
    "dagster_runs": "Runs that Dagster knows, by status.",
    "dagster_runs_failed_last_hour": "Runs of a job that failed in the last hour.",
    "dagster_last_success_timestamp_seconds": "When the last run of a job that succeeded ended.",
    "dagster_last_run_duration_seconds": "How long the last run of a job took, whatever its outcome.",
    "dagster_longest_active_run_seconds": "How long the oldest run of a job that still runs has been running.",
}
"""All metrics, which are gauges: runs that are deleted leave the counts, as a counter may not."""

Sample = tuple[str, dict[str, str], float]
"""A metric's name, its labels and its value."""


def ask(url: str, query: str) -> dict[str, Any]:
    """Return the data of a GraphQL query; raise OSError or ValueError if there is no answer to it."""
    body, kind = json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/graphql", body, kind)  # noqa: S310 - the compiler writes the URL
    with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as answer:  # noqa: S310
        found = json.load(answer)
    if found.get("errors") or not found.get("data"):
        raise ValueError(f"the webserver answers: {json.dumps(found.get('errors'))}")
    return dict(found["data"])


def instance_samples(data: dict[str, Any], now: float) -> Iterator[Sample]:
    """Yield what is known of daemons and code locations."""
    for daemon in data["instance"]["daemonHealth"]["allDaemonStatuses"]:
        if daemon["required"]:
            last = daemon["lastHeartbeatTime"]
            age = now - last if last is not None else float("inf")
            yield "dagster_daemon_heartbeat_age_seconds", {"daemon": daemon["daemonType"]}, age
    for entry in locations(data):
        loaded = (entry["locationOrLoadError"] or {}).get("__typename") == "RepositoryLocation"
        yield "dagster_code_location_loaded", {"location": entry["name"]}, float(loaded)


def locations(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the code locations, loaded or not."""
    return list(data["workspaceOrError"].get("locationEntries", ()))


def jobs_in(data: dict[str, Any]) -> list[str]:
    """Return the names of all jobs, but not of those that Dagster makes up itself."""
    found = (entry["locationOrLoadError"] or {} for entry in locations(data))
    names = (job["name"] for one in found for repository in one.get("repositories", ()) for job in repository["jobs"])
    return sorted({name for name in names if not name.startswith("__")})


def runs_query(jobs: list[str], now: float) -> str:
    """Return the query for the runs of all jobs, numbered in this order, and for the runs of each status."""
    parts = [
        f"{status}: runsOrError(filter: {{statuses: [{status}]}}, limit: 1) {{ ...counted }}" for status in STATUSES
    ]
    for number, name in enumerate(jobs):
        wanted = (
            ("failed", f"FAILURE], updatedAfter: {now - HOUR}", 1, "counted"),
            ("succeeded", "SUCCESS]", 1, "timed"),
            ("ended", f"{ENDED}]", 1, "timed"),
            ("active", f"{ACTIVE}]", MOST_ACTIVE, "timed"),
        )
        for key, statuses, limit, fields in wanted:
            chosen = f"{{pipelineName: {json.dumps(name)}, statuses: [{statuses}}}"
            parts.append(f"{key}{number}: runsOrError(filter: {chosen}, limit: {limit}) {{ ...{fields} }}")
    fragments = "fragment counted on Runs { count } fragment timed on Runs { results { startTime endTime } }"
    return f"{{ {' '.join(parts)} }} {fragments}"


def run_samples(jobs: list[str], data: dict[str, Any], now: float) -> Iterator[Sample]:
    """Yield what is known of runs."""
    for status in STATUSES:
        yield "dagster_runs", {"status": status.lower()}, data[status]["count"]
    for number, name in enumerate(jobs):
        labels = {"job_name": name}
        yield "dagster_runs_failed_last_hour", labels, data[f"failed{number}"]["count"]
        for run in data[f"succeeded{number}"]["results"]:
            yield "dagster_last_success_timestamp_seconds", labels, run["endTime"]
        for run in data[f"ended{number}"]["results"]:
            # A run that could not start has no start.
            yield "dagster_last_run_duration_seconds", labels, run["endTime"] - (run["startTime"] or run["endTime"])
        started = [run["startTime"] for run in data[f"active{number}"]["results"] if run["startTime"]]
        yield "dagster_longest_active_run_seconds", labels, now - min(started, default=now)


def text_of(samples: Iterable[Sample]) -> str:
    """Return samples in the text format of Prometheus."""
    lines: dict[str, list[str]] = {name: [] for name in METRICS}
    for name, labels, value in samples:
        written = ",".join(f"{label}={json.dumps(text)}" for label, text in labels.items())
        lines[name].append(f"{name}{{{written}}} {'+Inf' if value == float('inf') else value}")
    heads = {name: [f"# HELP {name} {about}", f"# TYPE {name} gauge"] for name, about in METRICS.items()}
    return "".join(f"{line}\n" for name, found in lines.items() if found for line in (*heads[name], *found))


def metrics(url: str) -> str:
    """Return all metrics; raise OSError or ValueError if the webserver does not answer."""
    now = time.time()
    instance = ask(url, INSTANCE)
    jobs = jobs_in(instance)
    runs = ask(url, runs_query(jobs, now))
    return text_of([*instance_samples(instance, now), *run_samples(jobs, runs, now)])


class Handler(BaseHTTPRequestHandler):
    """Answers Prometheus and the kubelet, each in a thread of its own: the kubelet must not wait for the webserver."""

    asking = threading.Lock()
    kept: tuple[float, int, str] = (float("-inf"), 0, "")
    """When the last answer came, its status and its text."""

    def do_GET(self) -> None:
        """Answer a request."""
        status, body = self.answer() if self.path == "/metrics" else (200, "")
        content = body.encode()
        with suppress(ConnectionError):  # whoever asked did not wait
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def answer(self) -> tuple[int, str]:
        """Return a status and all metrics, or what is wrong; both are kept for some seconds."""
        with Handler.asking:
            if time.monotonic() - Handler.kept[0] > SECONDS_KEPT:
                status, body = self.asked()
                Handler.kept = (time.monotonic(), status, body)
            return Handler.kept[1:]

    def asked(self) -> tuple[int, str]:
        """Ask the webserver for the status and text of an answer."""
        try:
            return 200, metrics(os.environ["DAGSTER_URL"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(json.dumps({"level": "error", "message": str(error)}), flush=True)  # noqa: T201 - its log
            return 503, f"{error}\n"

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()  # noqa: S104 - behind a policy
