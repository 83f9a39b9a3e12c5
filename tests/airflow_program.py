"""Airflow as the compiler renders it, for tests that run the real program: its pods as processes in a sandbox.

The program `airflow` must be on the PATH: version 3.3 with the providers cncf-kubernetes, fab, postgres, amazon and
openlineage. It is not installed beside the compiler, as both need other versions of the same packages.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backup_programs import sandboxed
from floe_compiler.components.orchestrator_airflow import COMPONENT, build
from floe_compiler.model.capabilities import Capability, Database
from floe_compiler.model.facts import Container, Parts, Pod
from floe_compiler.model.plan import Context, Product
from postgresql_server import SERVERS
from products import DATABASE, EVERYTHING
from support import PRODUCTION, context_of

GENERATED = "abcdefghijklmnopqrstuvwxyz01234567890123456"
PASSWD = "root:x:0:0::/root:/bin/sh\n"
READ_ONLY = ("/usr", "/root", "/home", "/opt", "/lib", "/lib64", "/bin")


@cache
def program() -> str:
    """Return the path of Airflow; empty if it is not installed."""
    return shutil.which("airflow") or ""


MISSING = [
    *([] if program() else ["Airflow (apache-airflow 3.3 with its providers, on the PATH)"]),
    *([] if SERVERS else ["PostgreSQL (Debian: postgresql)"]),
    *([] if sandboxed() else ["bubblewrap, with user namespaces"]),
]
NEEDS_AIRFLOW = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def context(*products: Product, capabilities: Iterable[Capability] = (), **config: Any) -> Context[Any]:
    """Return the context of a domain with these products, in production; `capabilities` come first."""
    kinds = {type(capability) for capability in capabilities}
    every = (*capabilities, *(capability for capability in EVERYTHING if type(capability) not in kinds))
    return context_of(COMPONENT, config, settings=PRODUCTION, capabilities=every, scope="sales", products=products)


def parts(*products: Product, database: Database = DATABASE, **config: Any) -> Parts:
    """Return the facts of a domain with these products."""
    return build(context(*products, capabilities=(database,), **config))


@dataclass
class Machine:
    """Where pods run: a folder for their files, the values of secrets, and what stands in for rendered texts.

    `hosts` are names of servers that are on the loopback. `texts` replaces parts of files, arguments and variables.
    """

    folder: Path
    secrets: Mapping[tuple[str, str], str]
    texts: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Further files that every pod has."""

    def command(self, pod: Pod, container: Container, arguments: Iterable[str] = ()) -> list[str]:
        """Return the command that runs a container of a pod with its files only, as its user."""
        files = {file.path: self.replaced(file.text) for file in container.config}
        files |= {file.path: self.secret(file.secret.secret.name, file.secret.key) for file in container.secret_files}
        environment = {variable.name: self.value(variable) for variable in container.variables}
        words = [*container.command, *container.arguments, *arguments]
        folders = [scratch.path for scratch in container.scratch]
        volumes = {claim.path: self.volume(claim.name) for claim in container.claims}
        identity, files = pod.identity, {**files, **self.files}
        return self.sandbox(identity.user, identity.group, files, environment, folders, words, volumes)

    def volume(self, name: str) -> Path:
        """Return the folder of a volume claim, which outlives the pods."""
        folder = self.folder / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def value(self, variable: Any) -> str:
        """Return the value of a variable, as Kubernetes would set it."""
        if variable.secret:
            return self.secret(variable.secret.secret.name, variable.secret.key)
        return self.replaced(variable.value.replace("$$", "$"))

    def secret(self, name: str, key: str) -> str:
        """Return the value of a secret's key; if the test gives none, one that could be generated."""
        return self.secrets.get((name, key), GENERATED)

    def replaced(self, text: str) -> str:
        """Return a text with what stands in for its parts."""
        for old, new in self.texts.items():
            text = text.replace(old, new)
        return text

    def sandbox(
        self,
        user: int,
        group: int,
        files: Mapping[str, str],
        environment: Mapping[str, str],
        folders: Iterable[str],
        words: Iterable[str],
        volumes: Mapping[str, Path] | None = None,
    ) -> list[str]:
        """Return a command that runs on a read-only file system with these files, and writes to these folders only."""
        work = self.folder / f"pod-{len(list(self.folder.iterdir()))}"
        command = ["bwrap", "--unshare-user", "--uid", str(user), "--gid", str(group), "--unshare-pid"]
        command += ["--die-with-parent", "--clearenv", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for folder in READ_ONLY:
            command += ["--ro-bind-try", folder, folder]
        if Path(program()).is_relative_to("/tmp"):
            prefix = str(Path(program()).parents[1])
            command += ["--ro-bind", prefix, prefix]
        command += ["--ro-bind-try", "/etc/ssl", "/etc/ssl", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]
        hosts = "".join(f"127.0.0.1 {name}\n" for name in ("localhost", *self.hosts))
        command += ["--tmpfs", "/opt"]
        for path, text in {**files, "/etc/passwd": PASSWD, "/etc/hosts": hosts}.items():
            place = work / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            command += ["--ro-bind", str(place), path]
        for folder in folders:
            command += ["--tmpfs", folder] if folder != "/tmp" else []
        for path, volume in (volumes or {}).items():
            command += ["--bind", str(volume), path]
        path = f"{Path(program()).parent}:/usr/bin:/bin"
        for name, value in {**environment, "PATH": path}.items():
            command += ["--setenv", name, value]
        return [*command, "--remount-ro", "/opt", "--remount-ro", "/", "--", *(self.replaced(word) for word in words)]

    def run(self, pod: Pod, container: Container) -> subprocess.CompletedProcess[str]:
        """Run a container of a pod to its end."""
        return subprocess.run(self.command(pod, container), capture_output=True, text=True, timeout=300, check=False)


def stopped(process: subprocess.Popen[bytes]) -> None:
    """Stop a process: politely first."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(30)
    process.kill()
    process.wait(30)
