"""CloudNativePG's own operator at a real API server: its webhooks, and the pods that it creates for a Cluster."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from api_server import MISSING, ApiServer, api_server, definition, eventually
from certificates import authority
from components.database_cloudnative_pg.test_database_cloudnative_pg import ADLS, CLIENT, KEYS, S3, Store, objects
from dagster_program import free_port
from floe_compiler.components import backup_adls, backup_s3
from floe_compiler.model.objects import Object
from floe_compiler.pipeline import compile_mesh

PROGRAM = shutil.which("cnpg-manager")  # cmd/manager of the project
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
    pytest.mark.skipif(PROGRAM is None, reason="CloudNativePG's operator is not on the PATH as cnpg-manager"),
]
GROUP = "postgresql.cnpg.io"
MESH = Path(__file__).parents[2] / "meshes/operators"
SALES = "floe-sales-domain"
KINDS = ("Cluster", "ScheduledBackup", "Backup", "Database", "DatabaseRole", "FailoverQuorum", "ImageCatalog", "Pooler")
MORE_KINDS = ("Publication", "Subscription")


def webhooks(port: int, pem: str) -> Iterator[Object]:
    """Yield the configurations of the webhooks, as the project's release has them, but by address."""
    for verb in ("mutate", "validate"):
        hooks = [
            {
                "name": f"{verb}.{plural}.test",
                "admissionReviewVersions": ["v1"],
                "clientConfig": {
                    "url": f"https://127.0.0.1:{port}/{verb}-postgresql-cnpg-io-v1-{plural.removesuffix('s')}",
                    "caBundle": base64.b64encode(pem.encode()).decode(),
                },
                "rules": [
                    {
                        "apiGroups": [GROUP],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": [plural],
                    }
                ],
                "sideEffects": "None",
            }
            for plural in ("clusters", "scheduledbackups")
        ]
        kind = "MutatingWebhookConfiguration" if verb == "mutate" else "ValidatingWebhookConfiguration"
        head = {"name": "cnpg"}
        yield {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": head, "webhooks": hooks}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Run an API server and the operator."""
    folder, port = tmp_path_factory.mktemp("cnpg"), free_port()
    signer = authority()
    certificates = signer.issue(folder / "certificates", "localhost")
    for kind in ("crt", "key"):
        (certificates / f"tls.{kind}").rename(certificates / f"apiserver.{kind}")
    for name in ("plugins", "operator"):
        (folder / name).mkdir()
    (folder / "operator/manager_amd64").symlink_to(PROGRAM or "")  # instances of this architecture are possible
    with api_server(folder) as running:
        running.define(definition(GROUP, "v1", kind) for kind in (*KINDS, *MORE_KINDS))
        running.define([definition(GROUP, "v1", "ClusterImageCatalog", "Cluster")])
        environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(running.kubeconfig(folder / "kubeconfig")),
            "OPERATOR_NAMESPACE": "cnpg-system",
            "OPERATOR_IMAGE_NAME": "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0",
            "PLUGIN_SOCKET_DIR": str(folder / "plugins"),
            "WEBHOOK_CERT_DIR": str(certificates),
        }
        command = [PROGRAM or "", "controller", f"--webhook-port={port}", "--metrics-bind-address=0"]
        with (folder / "operator.log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            running.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cnpg-system"}}])
            running.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tried"}}])
            running.apply(webhooks(port, signer.pem))
            eventually(lambda: accepted(running, objects()["Cluster"]))
            yield running
        finally:
            process.terminate()
            process.wait(30)


def accepted(server: ApiServer, manifest: Object) -> Object:
    """Ask the webhooks about an object; return it with their defaults."""
    own = {**manifest, "metadata": {**manifest["metadata"], "namespace": "tried"}}
    return server.ask("POST", f"{server.path(own).rpartition('/')[0]}?dryRun=All&fieldValidation=Strict", own)


STORES: list[Store | None] = [
    None,
    (backup_s3.COMPONENT, {**S3, "schedule": "@daily", "retention_days": 30}),
    (backup_s3.COMPONENT, {**KEYS, "schedule": "*/15 2-4 1,15 JAN-JUN MON-FRI"}),
    (backup_adls.COMPONENT, {**ADLS, "credentials": {"type": "identity", "client_id": CLIENT}}),
]


@pytest.mark.parametrize("store", STORES, ids=["no backups", "a word", "fields", "adls"])
def test_the_webhooks_accept_it_without_warnings(store: Store | None, server: ApiServer) -> None:
    manifests = objects(store)
    before = len(server.warnings)
    spec = accepted(server, manifests["Cluster"])["spec"]
    assert spec["bootstrap"]["initdb"]["database"] == "app", "the default that the webhook sets"
    if store:
        accepted(server, manifests["ScheduledBackup"])
    assert server.warnings[before:] == []


def test_the_webhooks_refuse_errors_and_warn(server: ApiServer) -> None:
    manifests = objects(STORES[1])
    cluster = {**manifests["Cluster"], "spec": {**manifests["Cluster"]["spec"], "minSyncReplicas": 5}}
    with pytest.raises(urllib.error.HTTPError) as refused:
        accepted(server, cluster)
    assert refused.value.code == 422
    backup = {**manifests["ScheduledBackup"], "spec": {**manifests["ScheduledBackup"]["spec"], "schedule": "@daily"}}
    accepted(server, backup)
    assert "number of arguments" in server.warnings[-1]


def test_its_pods_are_admitted_and_selected(server: ApiServer) -> None:
    files = compile_mesh(MESH).files
    rendered = [yaml.load(text, yaml.CSafeLoader) for path, text in files.items() if path.startswith("output/")]

    def own(kind: str) -> list[Any]:
        return [
            manifest for manifest in rendered if manifest["kind"] == kind and SALES in json.dumps(manifest["metadata"])
        ]

    login = {"username": "postgres", "password": "of-the-test"}
    head = {"name": "dagster-postgresql-admin", "namespace": SALES}
    server.apply(own("Namespace"))
    server.apply([{"apiVersion": "v1", "kind": "Secret", "metadata": head, "stringData": login}])
    server.apply([*own("LimitRange"), *own("Cluster")])
    jobs = f"/apis/batch/v1/namespaces/{SALES}/jobs"
    (job,) = eventually(lambda: server.ask("GET", jobs)["items"])
    (volume,) = eventually(lambda: server.ask("GET", f"/api/v1/namespaces/{SALES}/persistentvolumeclaims")["items"])
    assert volume["spec"]["resources"]["requests"] == {"storage": "10Gi"}

    # What its controller makes of the Job; the pod has to be as secure as the namespace asks for.
    template = job["spec"]["template"]
    metadata = {**template["metadata"], "name": "initdb", "namespace": SALES}
    before = len(server.warnings)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    server.ask("POST", f"/api/v1/namespaces/{SALES}/pods", pod)
    assert server.warnings[before:] == []
    (policy,) = (policy_ for policy_ in own("NetworkPolicy") if policy_["metadata"]["name"] == "dagster-postgresql")
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= metadata["labels"].items()
    assert metadata["labels"]["access.floe.dev/dagster-postgresql"] == "true", "so that a standby reaches the primary"
    requests = [container["resources"]["requests"] for container in template["spec"]["containers"]]
    assert requests == [own("Cluster")[0]["spec"]["resources"]["requests"]]
