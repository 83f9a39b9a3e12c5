"""A real kube-apiserver with etcd on the loopback, for tests. No controllers run, so nothing becomes a pod."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from dagster_program import free_port

PROGRAMS = ("kube-apiserver", "etcd", "openssl")
MISSING = [name for name in PROGRAMS if not shutil.which(name)]
TOKEN = "administrator"
PATHS = {
    "Lease": "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
}


class ApiServer:
    """A server that runs; the administrator asks."""

    def __init__(self, port: int, authority: Path, process: int) -> None:
        self.port, self.authority, self._process = port, authority, process
        self._context = ssl.create_default_context(cafile=str(authority)) if authority.exists() else None

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Return the answer; raise urllib.error.HTTPError if the server refuses."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", json.dumps(body).encode() if body else None, headers, method=method
        )
        with urllib.request.urlopen(request, context=self._context, timeout=20) as answer:
            text = answer.read()
        return dict(json.loads(text)) if text.startswith(b"{") else {}

    def signal(self, number: int) -> None:
        """Send the server a signal, such as one that stops it for a while."""
        os.kill(self._process, number)

    def create(self, namespace: str, objects: Iterable[dict[str, Any]]) -> None:
        """Create objects of the kinds of PATHS."""
        for one in objects:
            self.ask("POST", PATHS[one["kind"]].format(namespace), one)

    def token(self, namespace: str, account: str) -> str:
        """Return a token of a ServiceAccount, as its pods have it."""
        path = f"{PATHS['ServiceAccount'].format(namespace)}/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": []}}
        return str(self.ask("POST", path, body)["status"]["token"])


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Start a server whose data is in `folder`; yield it when it is ready."""
    port, client, peer = free_port(), free_port(), free_port()
    subprocess.run(["openssl", "genrsa", "-out", folder / "sa.key", "2048"], check=True, capture_output=True)
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    etcd = f"http://127.0.0.1:{client}"
    commands: list[list[str]] = [
        [
            "etcd", f"--data-dir={folder}/etcd", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
        ],
        [
            "kube-apiserver", f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--secure-port={port}", "--endpoint-reconciler-type=none", f"--cert-dir={folder}/certs",
            "--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder}/sa.key", f"--service-account-signing-key-file={folder}/sa.key",
            f"--token-auth-file={folder}/tokens.csv", "--authorization-mode=RBAC", "--anonymous-auth=false",
        ],
    ]  # fmt: skip
    with ExitStack() as stack:
        for command in commands:
            log = stack.enter_context((folder / f"{command[0]}.log").open("w"))
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.terminate)
        yield _ready(port, folder / "certs/apiserver.crt", process.pid)


def _ready(port: int, authority: Path, process: int, seconds: int = 180) -> ApiServer:
    for _ in range(seconds):
        try:
            server = ApiServer(port, authority, process)
            server.ask("GET", "/readyz")
        except (OSError, urllib.error.URLError):
            time.sleep(1)
        else:
            return server
    raise AssertionError("kube-apiserver does not become ready")
