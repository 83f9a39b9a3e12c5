"""Runs the verification of data contracts, and tells the collector how many contracts held and how many did not.

Runs in a product's image, with nothing but Python's own library. The arguments are the collector's URL for OTLP over
HTTP, the namespace, the step, and the command: `sh verify-contracts.sh SOURCE CONTRACT...`, which says of each contract
that fails. The exit code is that of the command, whether or not the collector answers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request

BEFORE_CONTRACTS = 3
"""The words of the command before the contracts."""

FAILED = re.compile(r"contract .* failed: soda exited with \d+")
SECONDS_TO_SEND = 10


def run(command: list[str]) -> tuple[int, int]:
    """Run the verification and show what it says; return its exit code, and how many contracts failed."""
    failed = 0
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stderr or ():
            sys.stderr.write(line)
            failed += bool(FAILED.match(line))
        return process.wait(), failed


def message(labels: dict[str, str], outcomes: dict[str, int], now: int) -> dict[str, object]:
    """Return the OTLP message with the number of contracts of each outcome; `now` is in nanoseconds."""
    points = [
        {
            "attributes": [_attribute(name, value) for name, value in {**labels, "outcome": outcome}.items()],
            "timeUnixNano": str(now),
            "asInt": str(count),
        }
        for outcome, count in outcomes.items()
    ]
    metric = {"name": "floe_quality_contracts", "gauge": {"dataPoints": points}}
    resource = {"attributes": [_attribute("service.name", "floe-quality")]}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [metric]}]}]}


def _attribute(name: str, value: str) -> dict[str, object]:
    return {"key": name, "value": {"stringValue": value}}


def send(url: str, content: dict[str, object]) -> None:
    """Send a message to the collector; an error is only shown."""
    body, kind = json.dumps(content).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/v1/metrics", body, kind)  # noqa: S310 - the compiler writes the URL
    try:
        urllib.request.urlopen(request, timeout=SECONDS_TO_SEND).close()  # noqa: S310
    except OSError as error:
        print(f"the collector does not take the result: {error}", file=sys.stderr)  # noqa: T201 - the step's log


def main(url: str, namespace: str, step: str, *command: str) -> int:
    """Run the command, send its result, and return its exit code."""
    code, failed = run([*command])
    contracts = len(command) - BEFORE_CONTRACTS
    labels = {
        "namespace": namespace,
        "domain": os.environ.get("FLOE_DOMAIN", ""),
        "product": os.environ.get("FLOE_PRODUCT", ""),
        "step": step,
    }
    send(url, message(labels, {"passed": contracts - failed, "failed": failed}, time.time_ns()))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
