"""The real helm installs the chart of a namespace at a real API server: the same objects are stored as by an apply."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from api_server import MISSING, ApiServer, api_server, definition
from chart_mesh import HELM, NEEDS_HELM
from floe_compiler.model.objects import Object
from floe_compiler.publish.helm_charts import charts_of

pytestmark = [
    NEEDS_HELM,
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}"),
]

OUTPUT = Path(__file__).parents[2] / "output/prod"
NAMESPACE = "floe-finance-domain"
CUSTOM = (
    ("external-secrets.io", "v1", "ExternalSecret", "Namespaced"),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "Namespaced"),
)
OF_THE_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
OF_HELM = ("meta.helm.sh/release-name", "meta.helm.sh/release-namespace")
MANAGER = "app.kubernetes.io/managed-by"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("server")) as started:
        started.define(definition(*kind) for kind in CUSTOM)
        started.apply([yaml.safe_load((OUTPUT / f"_cluster/namespace_{NAMESPACE}.yaml").read_text())])
        yield started


def stored(server: ApiServer, manifest: Object) -> dict[str, Any]:
    """Return an object of the server, without fields that differ for each installation."""
    stored_ = server.ask("GET", server.path(manifest))
    metadata = stored_["metadata"]
    for key in OF_THE_SERVER:
        metadata.pop(key, None)
    for key in OF_HELM:
        metadata.get("annotations", {}).pop(key, None)
    if not metadata.get("annotations"):
        metadata.pop("annotations", None)
    for key in ("clusterIP", "clusterIPs"):
        if stored_.get("spec", {}).get(key) not in ("None", ["None"]):
            stored_.get("spec", {}).pop(key, None)
    if stored_["kind"] == "Job":
        stored_["spec"].pop("selector")
        for key in ("batch.kubernetes.io/controller-uid", "controller-uid"):
            stored_["spec"]["template"]["metadata"]["labels"].pop(key)
    return stored_


def test_helm_installs_the_same_objects_as_an_apply(server: ApiServer, tmp_path: Path) -> None:
    files = {f"output/prod/{path.relative_to(OUTPUT)}": path.read_text() for path in OUTPUT.rglob("*.yaml")}
    (chart,) = (chart for chart in charts_of(files) if chart.namespace == NAMESPACE)
    (tmp_path / "chart.tgz").write_bytes(chart.packed("1.0.0"))
    kubeconfig = server.kubeconfig(tmp_path / "kubeconfig")

    def helm(*words: str) -> None:
        command = [str(HELM), *words, "--namespace", NAMESPACE, "--kubeconfig", str(kubeconfig)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr

    install = ("install", chart.name, str(tmp_path / "chart.tgz"))
    # Hooks are Jobs, which end only where there are controllers.
    objects = [yaml.safe_load(text) for path, text in chart.files.items() if path.startswith("objects/")]
    own = [manifest for manifest in objects if "helm.sh/hook" not in manifest["metadata"].get("annotations", {})]
    assert len(own) > 60
    helm(*install, "--dry-run=server")
    helm(*install, "--no-hooks")
    installed = [stored(server, manifest) for manifest in own]
    for manifest in installed:
        assert manifest["metadata"]["labels"].pop(MANAGER) == "Helm"
    helm("uninstall", chart.name, "--no-hooks")
    server.apply(own)
    applied = [stored(server, manifest) for manifest in own]
    for manifest in applied:
        assert manifest["metadata"]["labels"].pop(MANAGER) == "floe-compile"
    assert installed == applied
