"""A real OCI registry (github.com/distribution/distribution) on this machine, for tests."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = shutil.which("docker-registry")
needs_registry = pytest.mark.skipif(
    not PROGRAM, reason="docker-registry is not installed (Debian: apt-get install docker-registry)"
)
USER = "robot"
PASSWORD = "hunter2"
_HASH = "$2b$04$kZhn2mLTUKX0JmqJ65nSq.CuYPXSAsSPvm.hJCV3IAzVl4GpSleSW"
"""The bcrypt hash of the password, as the registry wants it."""


@contextmanager
def registry(folder: Path, *, with_login: bool = False) -> Iterator[str]:
    """Run a registry that keeps its data in a folder, and yield its host and port."""
    assert PROGRAM
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    config: dict[str, Any] = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
        "log": {"level": "warn"},
    }
    if with_login:
        (folder / "htpasswd").write_text(f"{USER}:{_HASH}\n", encoding="utf-8")
        config["auth"] = {"htpasswd": {"realm": "a registry", "path": str(folder / "htpasswd")}}
    file = folder / "registry.yaml"
    file.write_text(json.dumps(config), encoding="utf-8")
    with (folder / "registry.log").open("wb") as log:
        server = subprocess.Popen([PROGRAM, "serve", str(file)], stdout=log, stderr=log)
        try:
            _wait(address)
            yield address
        finally:
            server.terminate()
            server.wait(30)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://{address}/v2/", timeout=10):
                return
        except urllib.error.HTTPError:  # it wants a login
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the registry did not start")


def fetched(address: str, path: str) -> tuple[bytes, str]:
    """Return what a registry has at a path below /v2/, and its media type."""
    kinds = {"Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(f"http://{address}/v2/{path}", headers=kinds)) as answer:
        return answer.read(), answer.headers["Content-Type"]
