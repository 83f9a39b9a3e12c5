"""Flux's own kustomize-controller at a real API server: it applies a whole environment in order, waits, and prunes."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import threading
import urllib.error
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from api_server import MISSING, ApiServer, api_server, definition, eventually
from dagster_program import free_port
from floe_compiler.model.objects import Object

CONTROLLER = shutil.which("kustomize-controller")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
    pytest.mark.skipif(CONTROLLER is None, reason="Flux's kustomize-controller is not on the PATH"),
]
MESH = Path(__file__).parents[1] / "golden/flux"
FOLDER = Path("output/prod")
KUSTOMIZE, SOURCE = "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"
SYSTEM = "flux-system"
SOURCES = ("GitRepository", "OCIRepository", "Bucket", "ExternalArtifact")
NOW = datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
DONE = [{"type": kind, "status": "True", "lastTransitionTime": NOW} for kind in ("SuccessCriteriaMet", "Complete")]
FAILED = [{"type": kind, "status": "True", "lastTransitionTime": NOW} for kind in ("FailureTarget", "Failed")]


def read(folder: str) -> dict[tuple[str, str], Object]:
    """Return the objects of a folder of the output, by kind and name."""
    manifests = [
        yaml.load(path.read_text(), yaml.CSafeLoader) for path in sorted((MESH / FOLDER / folder).glob("*.yaml"))
    ]
    return {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests}


CLUSTER, PLATFORM, SALES = read("_cluster"), read("floe-platform"), read("floe-sales-domain")
PLATFORM_TESTS, SALES_TESTS = read("_tests_floe-platform"), read("_tests_floe-sales-domain")


class Flux(NamedTuple):
    """A running controller, and the server from which it fetches the Git repository."""

    server: ApiServer
    folder: Path
    port: int

    def publish(self, without: Iterable[str] = ()) -> str:
        """Announce a new commit, as the source-controller does; return its revision."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as archive:
            for path in sorted((MESH / FOLDER).rglob("*.yaml")):
                if path.name not in without:
                    archive.add(path, str(path.relative_to(MESH)))
        digest = hashlib.sha256(content.getvalue()).hexdigest()
        (self.folder / f"{digest}.tar.gz").write_bytes(content.getvalue())
        artifact = {
            "path": digest,
            "url": f"http://127.0.0.1:{self.port}/{digest}.tar.gz",
            "revision": f"main@sha1:{digest[:40]}",
            "digest": f"sha256:{digest}",
            "lastUpdateTime": NOW,
        }
        ready = [condition("Ready", "Succeeded")]
        source = read("_delivery")["GitRepository", "lake-prod"]
        self.say(source, {"observedGeneration": 1, "conditions": ready, "artifact": artifact})
        return artifact["revision"]

    def say(self, manifest: Object, status: Any) -> None:
        """Set the status of an object, in the place of its controller."""
        self.server.ask(
            "PATCH", f"{self.server.path(manifest)}/status", {"status": status}, "application/merge-patch+json"
        )

    def ready(self, name: str) -> tuple[str, str]:
        """Return status and reason of the condition Ready of a Kustomization."""
        conditions = self.status(name).get("conditions", ())
        return next(
            ((reported["status"], reported["reason"]) for reported in conditions if reported["type"] == "Ready"),
            ("", ""),
        )

    def status(self, name: str) -> Any:
        path = f"/apis/{KUSTOMIZE}/v1/namespaces/{SYSTEM}/kustomizations/lake-prod-{name}"
        return self.server.ask("GET", path).get("status", {})

    def existing(self, objects: Iterable[Object]) -> set[str]:
        """Return the names of the objects that exist in the cluster."""
        return {manifest["metadata"]["name"] for manifest in objects if self.exists(manifest)}

    def exists(self, manifest: Object) -> bool:
        try:
            return "deletionTimestamp" not in self.server.ask("GET", self.server.path(manifest))["metadata"]
        except urllib.error.HTTPError as refused:
            if refused.code != 404:
                raise
            return False

    def becomes_healthy(self, objects: Iterable[Object]) -> None:
        """Mark objects as running, completed or ready, in the place of their controllers."""
        for manifest in objects:
            if manifest["kind"] == "Deployment":
                count = manifest["spec"]["replicas"]
                numbers = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), count)
                conditions = [condition("Available", "MinimumReplicasAvailable")]
                conditions.append(condition("Progressing", "NewReplicaSetAvailable"))
                self.say(manifest, {"observedGeneration": 1, **numbers, "conditions": conditions})
            elif manifest["kind"] == "PodDisruptionBudget":
                healthy = dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed"), 1)
                self.say(manifest, {"observedGeneration": 1, **healthy})
            elif manifest["kind"] == "Job":
                self.say(manifest, {"startTime": NOW, "completionTime": NOW, "succeeded": 1, "conditions": DONE})
            elif manifest["kind"] == "ExternalSecret":
                self.say(manifest, {"conditions": [condition("Ready", "SecretSynced")]})


def condition(kind: str, reason: str) -> dict[str, str]:
    return {"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": NOW}


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flux]:
    """Run an API server with the objects for Flux, the controller, and a server of archives."""
    folder = tmp_path_factory.mktemp("flux")

    class Archives(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = (folder / Path(self.path).name).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ExitStack() as stack:
        archives = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Archives))
        threading.Thread(target=archives.serve_forever, daemon=True).start()
        stack.callback(archives.shutdown)
        server = stack.enter_context(api_server(folder))
        server.define([definition(KUSTOMIZE, "v1", "Kustomization")])
        server.define(definition(SOURCE, "v1", kind) for kind in SOURCES)
        server.define([definition("external-secrets.io", "v1", "ExternalSecret")])
        server.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
        environment = {
            **os.environ,
            "KUBECONFIG": str(server.kubeconfig(folder / "kubeconfig")),
            "RUNTIME_NAMESPACE": SYSTEM,
        }
        command = [str(CONTROLLER), "--metrics-addr=0", f"--health-addr=127.0.0.1:{free_port()}"]
        command += ["--requeue-dependency=1s", "--interval-jitter-percentage=0"]
        log = stack.enter_context((folder / "controller.log").open("w"))
        process = stack.enter_context(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        stack.callback(process.terminate)
        running = Flux(server, folder, archives.server_port)
        server.apply(read("_delivery").values())
        running.publish()
        yield running


def test_it_applies_in_order_and_waits_for_health(flux: Flux) -> None:
    eventually(lambda: flux.ready("cluster")[0] == "True")
    assert flux.existing(CLUSTER.values()) == {"floe-platform", "floe-sales-domain"}
    eventually(lambda: flux.existing(PLATFORM.values()) == {name for _, name in PLATFORM})
    assert flux.ready("platform")[0] == "Unknown", "it waits"
    assert flux.ready("sales-domain") == ("False", "DependencyNotReady")
    assert flux.existing((*SALES.values(), *PLATFORM_TESTS.values())) == set()

    flux.becomes_healthy(PLATFORM.values())
    eventually(lambda: flux.ready("platform")[0] == "True")
    eventually(lambda: flux.existing(SALES.values()) == {name for _, name in SALES})
    eventually(lambda: flux.existing(PLATFORM_TESTS.values()) == {name for _, name in PLATFORM_TESTS})
    assert flux.existing(SALES_TESTS.values()) == set()

    flux.becomes_healthy((*SALES.values(), *PLATFORM_TESTS.values()))
    eventually(lambda: flux.ready("sales-domain")[0] == flux.ready("platform-tests")[0] == "True")


def test_a_failing_test_fails_only_its_own_kustomization(flux: Flux) -> None:
    eventually(lambda: flux.existing(SALES_TESTS.values()) == {name for _, name in SALES_TESTS})
    first, *other_tests = SALES_TESTS.values()
    flux.say(first, {"startTime": NOW, "failed": 1, "conditions": FAILED})
    flux.becomes_healthy(other_tests)
    eventually(lambda: flux.ready("sales-domain-tests")[0] == "False")
    assert flux.ready("sales-domain-tests") == ("False", "HealthCheckFailed")
    assert flux.ready("sales-domain")[0] == "True"


def test_it_deletes_removed_tests_and_nothing_of_production(flux: Flux) -> None:
    job = next(iter(PLATFORM_TESTS.values()))
    served = PLATFORM["ConfigMap", "sync-tests"]
    revision = flux.publish(without=(f"job.batch_{job['metadata']['name']}.yaml", "configmap_sync-tests.yaml"))
    eventually(lambda: not flux.exists(job))
    eventually(lambda: flux.status("platform")["lastAppliedRevision"] == revision)
    assert flux.exists(served)
    assert flux.existing(PLATFORM.values()) == {name for _, name in PLATFORM}
