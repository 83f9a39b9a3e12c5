"""A mesh with everything that calls something, in environments of each kind of service mesh."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from floe_compiler.cache.folder import opened
from floe_compiler.pipeline import compile_mesh
from mesh_reader import Tree, read
from monitored_mesh import ALERTMANAGER, PROMETHEUS_URL, monitored_mesh
from small_mesh import ENVIRONMENT, MANIFEST

Delivery = Literal["argocd", "flux"]
Kind = Literal["ambient", "sidecar", "linkerd"]
MESHES: Mapping[Kind, Any] = {
    "ambient": {"type": "istio", "mode": "ambient"},
    "sidecar": {"type": "istio", "mode": "sidecar", "cni": True},
    "linkerd": {"type": "linkerd", "cni": True},
}


@cache
def environment(delivery: Delivery, kind: Kind) -> Tree:
    """Return the environment in a kind of service mesh."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "mesh"
        alertmanager = {**ALERTMANAGER["alertmanager"], "url": "https://alertmanager.acme.example"}
        monitored_mesh(root, url=PROMETHEUS_URL, alertmanager=alertmanager, cert_manager={})
        manifest = yaml.load((root / MANIFEST).read_text(), yaml.CSafeLoader)
        manifest["sync_tests"] = {"enabled": True}
        if delivery == "flux":
            manifest["delivery"] = {"type": "flux", "repository": "https://github.com/acme/lake.git"}
        (root / MANIFEST).write_text(yaml.safe_dump(manifest))
        document = yaml.load((root / ENVIRONMENT).read_text(), yaml.CSafeLoader)
        for name, mesh in MESHES.items():
            cluster = {**document["cluster"], "name": name, "mesh": mesh}
            own = {**document, "metadata": {**document["metadata"], "name": name}, "cluster": cluster}
            (root / "overlays" / name).mkdir()
            (root / "overlays" / name / "environment.yaml").write_text(yaml.safe_dump(own))
        shutil.rmtree((root / ENVIRONMENT).parent)
        with opened(None) as recorder:
            files = compile_mesh(root, (kind,), cache=recorder).files
    return Tree(read(text) for path, text in files.items() if path.endswith(".yaml"))
