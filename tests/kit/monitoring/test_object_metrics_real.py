"""kube-state-metrics itself, with the rendered arguments and Roles, at a real API server that checks rights."""

from __future__ import annotations

import json
import secrets
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dagster_program import free_port
from monitored_mesh import PLATFORM, SALES, get, monitored

PROGRAMS = ("etcd", "kube-apiserver", "kube-state-metrics", "openssl")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
]
PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
}
OWN = "/api/v1/namespaces/{}/serviceaccounts/kube-state-metrics/token"


class ApiServer(NamedTuple):
    """A running API server, and the token of its administrator."""

    url: str
    authority: Path
    token: str

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        context = ssl.create_default_context(cafile=str(self.authority))
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text.startswith(b"{") else {}
        except urllib.error.HTTPError as refused:
            return refused.code, {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder = tmp_path_factory.mktemp("apiserver")
    store, peers, port, token = free_port(), free_port(), free_port(), secrets.token_hex(16)
    subprocess.run(["openssl", "genrsa", "-out", folder / "key", "2048"], check=True, capture_output=True, timeout=60)
    (folder / "tokens").write_text(f'{token},admin,admin,"system:masters"\n')
    at, beside = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peers}"
    etcd = ["etcd", f"--data-dir={folder}/etcd", f"--listen-client-urls={at}", f"--advertise-client-urls={at}"]
    etcd += [f"--listen-peer-urls={beside}", f"--initial-advertise-peer-urls={beside}"]
    kubernetes = ["kube-apiserver", f"--etcd-servers={at}", "--bind-address=127.0.0.1", f"--secure-port={port}"]
    kubernetes += [f"--cert-dir={folder}/certs", "--service-account-issuer=https://kubernetes.default.svc"]
    kubernetes += [f"--service-account-key-file={folder}/key", f"--service-account-signing-key-file={folder}/key"]
    kubernetes += [f"--token-auth-file={folder}/tokens", "--authorization-mode=RBAC", "--endpoint-reconciler-type=none"]
    kubernetes += ["--service-cluster-ip-range=10.96.0.0/16", "--anonymous-auth=false"]
    commands = [
        [*etcd, f"--initial-cluster=default={beside}"],
        [*kubernetes, "--advertise-address=127.0.0.1"],
    ]
    with ExitStack() as stack:
        for command in commands:
            log = stack.enter_context((folder / f"{command[0]}.log").open("wb"))
            process = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        api_server = ApiServer(f"https://127.0.0.1:{port}", folder / "certs/apiserver.crt", token)
        eventually(lambda: api_server.authority.exists() and api_server.call("GET", "/readyz")[0] == 200, folder)
        yield api_server


def eventually(check: Any, folder: Path, seconds: int = 120) -> Any:
    for _ in range(seconds):
        try:
            if answer := check():
                return answer
        except (OSError, ValueError):
            pass
        time.sleep(1)
    raise AssertionError("\n".join(file.read_text()[-2000:] for file in folder.glob("*.log")))


def test_its_roles_allow_reading_only_what_alerts_need(server: ApiServer, tmp_path: Path) -> None:
    objects = monitored()
    namespaces = [manifest["metadata"]["name"] for manifest in objects if manifest["kind"] == "Namespace"]
    for namespace in namespaces:
        server.call("POST", PATHS["Namespace"], {"metadata": {"name": namespace}})
    needed = [
        (PLATFORM, "ServiceAccount"),
        *((name, kind) for name in namespaces for kind in ("Role", "RoleBinding")),
    ]
    for namespace, kind in needed:
        status, _ = server.call(
            "POST", PATHS[kind].format(namespace), get(objects, namespace, kind, "kube-state-metrics")
        )
        assert status == 201, (namespace, kind)
    backup = get(objects, SALES, "CronJob", "dagster-backup")
    assert server.call("POST", PATHS["CronJob"].format(SALES), backup)[0] == 201
    token_request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3600},
    }
    token = server.call("POST", OWN.format(PLATFORM), token_request)[1]["status"]["token"]
    for path, allowed in (("pods", 200), ("secrets", 403), ("configmaps", 403)):
        assert server.call("GET", f"/api/v1/namespaces/{SALES}/{path}", token=token)[0] == allowed
    assert server.call("GET", "/api/v1/namespaces/kube-system/pods", token=token)[0] == 403

    text, log = run(server, token, tmp_path)
    assert "orbidden" not in log
    assert (
        f'kube_cronjob_labels{{namespace="{SALES}",cronjob="dagster-backup",label_floe_dev_backup="dagster"}} 1' in text
    )
    assert "\nkube_cronjob_spec_suspend{" in text


def run(server: ApiServer, token: str, folder: Path) -> tuple[str, str]:
    """Return the metrics and the log of the rendered program with other ports."""
    (container,) = get(monitored(), PLATFORM, "Deployment", "kube-state-metrics")["spec"]["template"]["spec"][
        "containers"
    ]
    ports = {port["containerPort"]: free_port() for port in container["ports"]}
    arguments = [
        argument.replace(str(old), str(new))
        for argument in container["args"]
        for old, new in ports.items()
        if str(old) in argument
    ]
    arguments += [argument for argument in container["args"] if "port=" not in argument]
    cluster = {"server": server.url, "certificate-authority": str(server.authority)}
    access = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (folder / "access").write_text(json.dumps(access))
    metrics, own = ports.values()
    with (folder / "program.log").open("wb") as log:
        command = ["kube-state-metrics", f"--kubeconfig={folder}/access", *arguments]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            eventually(lambda: opened(own, "/readyz"), folder)
            text = eventually(lambda: "label_floe_dev_backup" in (page := opened(metrics, "/metrics")) and page, folder)
        finally:
            process.terminate()
            process.wait(30)
    return str(text), (folder / "program.log").read_text()


def opened(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return str(answer.read().decode()) or "fine"
