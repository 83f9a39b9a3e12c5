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
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dagster_program import free_port
from floe_compiler.check.objects.custom_resources.published import schema_files

T = TypeVar("T")

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
        self._kinds: dict[str, dict[str, str]] = {}
        self.warnings: list[str] = []
        """What the server has warned of, also for its webhooks."""
        self._context = ssl.create_default_context(cafile=str(authority)) if authority.exists() else None

    def ask(self, method: str, path: str, body: Any = None, form: str = "application/json") -> dict[str, Any]:
        """Return the answer; raise urllib.error.HTTPError if the server refuses."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": form}
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", json.dumps(body).encode() if body else None, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=20) as answer:
                text = answer.read()
                self.warnings += answer.headers.get_all("Warning") or ()
        except urllib.error.HTTPError as refused:
            refused.add_note(refused.read().decode())
            raise
        return dict(json.loads(text)) if text.startswith(b"{") else {}

    def kubeconfig(self, file: Path) -> Path:
        """Write the file by which a program is the administrator; return it."""
        cluster = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": TOKEN}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        file.write_text(json.dumps(content))
        return file

    def signal(self, number: int) -> None:
        """Send the server a signal, such as one that stops it for a while."""
        os.kill(self._process, number)

    def create(self, namespace: str, objects: Iterable[dict[str, Any]]) -> None:
        """Create objects of the kinds of PATHS."""
        for manifest in objects:
            self.ask("POST", PATHS[manifest["kind"]].format(namespace), manifest)

    def apply(self, objects: Iterable[dict[str, Any]]) -> None:
        """Apply objects of any kind that the server knows, as a delivery tool does, strictly."""
        for manifest in objects:
            query = "fieldManager=test&fieldValidation=Strict"
            self.ask("PATCH", f"{self.path(manifest)}?{query}", manifest, "application/apply-patch+yaml")

    def path(self, manifest: dict[str, Any]) -> str:
        """Return where an object is."""
        version, metadata = manifest["apiVersion"], manifest["metadata"]
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if manifest["kind"] not in self._kinds.get(version, {}):
            resources = self.ask("GET", base)["resources"]
            self._kinds[version] = {kind["kind"]: kind["name"] for kind in resources if "/" not in kind["name"]}
        place = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
        return f"{base}{place}/{self._kinds[version][manifest['kind']]}/{metadata['name']}"

    def define(self, definitions: Iterable[dict[str, Any]]) -> None:
        """Define custom resources, and wait until the server serves them."""
        for definition in definitions:
            self.apply([definition])
            group, names = definition["spec"]["group"], definition["spec"]["names"]
            path = f"/apis/{group}/{definition['spec']['versions'][0]['name']}/{names['plural']}"
            eventually(partial(self.ask, "GET", path))

    def token(self, namespace: str, account: str) -> str:
        """Return a token of a ServiceAccount, as its pods have it."""
        path = f"{PATHS['ServiceAccount'].format(namespace)}/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": []}}
        return str(self.ask("POST", path, body)["status"]["token"])


def definition(group: str, version: str, kind: str, scope: str = "Namespaced") -> dict[str, Any]:
    """Return the definition of a custom resource, by the schema that its project publishes; else for any fields."""
    path = schema_files().get((f"{group}/{version}", kind))
    anything: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = _with_defaults(json.loads(path.read_text("utf-8"))) if path else dict(anything)
    schema.setdefault("properties", {})["status"] = anything
    plural = _plural(kind.lower())
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    served = {"name": version, "served": True, "storage": True, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": group,
            "scope": scope,
            "names": names,
            "versions": [{**served, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def _plural(word: str) -> str:
    if word.endswith("s"):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("cy") else f"{word}s"


def _with_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the parts that it refers to, as no definition may have references."""
    parts = schema.pop("$defs", {})

    def complete(value: Any) -> Any:
        if isinstance(value, list):
            return [complete(item) for item in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("$ref"), str):
            return complete(parts[value["$ref"].rpartition("/")[2]])
        return {key: complete(child) for key, child in value.items()}

    return dict(complete(schema))


def eventually(ask: Callable[[], T], seconds: int = 60) -> T:
    """Return the first answer that is not empty and not an error."""
    for _ in range(seconds * 5):
        try:
            if result := ask():
                return result
        except (OSError, KeyError):
            pass
        time.sleep(0.2)
    result = ask()
    assert result, "no answer in time"
    return result


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
