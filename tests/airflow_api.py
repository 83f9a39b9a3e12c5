"""The API of a running Airflow, and what its processes need to find a Kubernetes API, for tests."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import yaml


def answer(
    port: int, path: str, body: Any = None, headers: dict[str, str] | None = None, method: str | None = None
) -> Any:
    """Return the answer of the server at a port."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json", **(headers or {})}, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or "null")


def eventually(say: Any, seconds: int = 600) -> Any:
    """Return the first true answer."""
    last: object = None
    for _ in range(seconds):
        try:
            last = say()
        except (OSError, KeyError, ValueError) as error:
            last = error
        if last and not isinstance(last, Exception):
            return last
        time.sleep(1)
    raise AssertionError(f"it never came true: {last}")


def client_of(port: int) -> str:
    """Return the settings of a client of the Kubernetes API."""
    cluster = {"name": "one", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "one", "context": {"cluster": "one", "user": "one"}}
    users = [{"name": "one", "user": {}}]
    head = {"apiVersion": "v1", "kind": "Config", "current-context": "one"}
    return yaml.safe_dump({**head, "clusters": [cluster], "contexts": [context], "users": users})
