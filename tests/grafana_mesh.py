"""A mesh with all components that have metrics, and the dashboards that follow from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from floe_compiler.load.digests import compiler_digest
from floe_compiler.pipeline import compile_mesh
from pipeline.mesh_of_three import Recorder
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, small_mesh

Json = dict[str, Any]

FOLDER = "output/dev/floe-platform"
MEASURED: Mapping[str, Any] = {
    "quota": {"cpu": "16", "memory": "32Gi"},
    "catalog": {"type": "polaris"},
    "storage": {"type": "minio"},
    "monitoring": {"type": "vigil"},
    "observability": {
        "collector": {"type": "opentelemetry"},
        "tracing": {"type": "jaeger"},
        "lineage": {"type": "marquez"},
        "metrics": {"type": "store"},
        "dashboards": {"type": "grafana"},
    },
}


@contextmanager
def installed(root: Path) -> Iterator[None]:
    """Install the components of the tests as packages, as pip would."""
    folder = root / "site-packages" / "floe_tests-1.0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: floe-tests\nVersion: 1.0.0\n")
    names = {"metrics": "third_party_metrics", "monitor": "third_party_monitor"}
    lines = [f"{name} = {module}:COMPONENT" for name, module in names.items()]
    (folder / "entry_points.txt").write_text("\n".join(["[floe_compile.components]", *lines, ""]))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder.parent))
        compiler_digest.cache_clear()
        yield
    compiler_digest.cache_clear()


def measured_mesh(root: Path, **dashboards: Any) -> Path:
    """Make the mesh, and return its folder; `dashboards` are settings of Grafana."""
    observability = {**MEASURED["observability"], "dashboards": {"type": "grafana", **dashboards}}
    manifest = {**MEASURED, "observability": observability}
    return small_mesh(root / "mesh", {MANIFEST: manifest, DOMAIN: {"orchestrator": {"type": "dagster"}}})


def production_mesh(root: Path) -> Path:
    """Make the mesh as a large production environment with a login, and return its folder."""
    url = "https://login.acme.example"
    login = {
        "type": "oidc",
        "auth_url": "https://accounts.acme.example/authorize",
        "token_url": f"{url}/token",
        "api_url": f"{url}/userinfo",
        "admins": ["platform-team"],
    }
    mesh = measured_mesh(root, url="https://grafana.acme.example", login=login)
    manifest = json.loads((mesh / MANIFEST).read_text(encoding="utf-8"))
    changes = {
        "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
        "databases": {"backup": {"type": "none", "reason": "tests"}},
        "quota": {"cpu": "64", "memory": "128Gi"},
    }
    (mesh / MANIFEST).write_text(json.dumps({**manifest, **changes}), encoding="utf-8")
    environment = yaml.load((mesh / ENVIRONMENT).read_text(encoding="utf-8"), yaml.CSafeLoader)
    cluster = {**environment["cluster"], "api_server_cidr": "10.0.0.0/24", "ingress_namespace": "ingress-nginx"}
    changes = {"production": True, "scale": "heavy", "cluster": cluster}
    (mesh / ENVIRONMENT).write_text(json.dumps({**environment, **changes}), encoding="utf-8")
    return mesh


@cache
def compiled() -> tuple[Mapping[str, str], Recorder]:
    """Return the output of the mesh, and what the cache holds of it."""
    with TemporaryDirectory() as folder, installed(Path(folder)):
        recorder = Recorder()
        return dict(compile_mesh(measured_mesh(Path(folder)), cache=recorder).files), recorder


def files() -> Mapping[str, str]:
    """Return the output of the mesh."""
    return compiled()[0]


@cache
def manifests() -> Sequence[Json]:
    """Return the objects of the platform's namespace."""
    return [yaml.load(text, yaml.CSafeLoader) for path, text in files().items() if path.startswith(f"{FOLDER}/")]


@cache
def dashboards() -> Mapping[str, Json]:
    """Return the dashboards, by their uid."""
    dashboards_ = {}
    for manifest in manifests():
        for key, text in manifest.get("data", {}).items():
            if manifest["kind"] == "ConfigMap" and key.startswith("floe-"):
                dashboards_[key.removesuffix(".json")] = json.loads(text)
    return dashboards_


def panels(dashboard: Json) -> list[Json]:
    """Return the panels of a dashboard, without its rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets(dashboard: Json) -> Iterator[tuple[Json, Json]]:
    """Yield what the panels of a dashboard ask, each with its panel."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel, target


def expressions(dashboard: Json) -> Iterator[str]:
    """Yield the PromQL queries of a dashboard."""
    yield from (target["expr"] for _, target in targets(dashboard) if "expr" in target)


def evaluated(expression: str) -> str:
    """Return a query as Prometheus gets it: Grafana has replaced its variables."""
    values = {"__rate_interval": "2m", "namespace": "floe-sales-domain", "product": "orders", "mesh": "a|b"}
    return re.sub(r"\$([a-z_]+)", lambda match: values[match[1]], expression)
