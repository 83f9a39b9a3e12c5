"""A mesh whose metrics are collected, with every kind of alert that there is."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from floe_compiler.cache.folder import opened
from floe_compiler.model.objects import Object
from floe_compiler.pipeline import compile_mesh
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, PRODUCT, small_mesh


def _amtool() -> str | None:
    """Return the program if it is as new as Alertmanager 0.26, which reads a webhook's address from a file."""
    if (program := shutil.which("amtool")) is None:
        return None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    version = re.search(r"version (\d+)\.(\d+)", done.stdout + done.stderr)
    return program if version and (int(version[1]), int(version[2])) >= (0, 26) else None


PLATFORM, SALES = "floe-platform", "floe-sales-domain"
PROMTOOL = shutil.which("promtool")
AMTOOL = _amtool()
RECEIVERS = [
    {"name": "team", "type": "slack", "secret": "slack", "channel": "#data"},
    {"name": "pager", "type": "pagerduty", "secret": "pager"},
    {"name": "sales", "type": "webhook", "secret": "sales-hook", "host": "hooks.acme.example"},
]
ROUTES = [{"receiver": "pager", "severity": "critical"}, {"receiver": "sales", "owner": "@acme/sales"}]
INGRESS = {
    "class": "eg",
    "hosts": {"dagster-sales": "dagster.acme.example"},
    "tls": {"issuer": "letsencrypt"},
    "auth": {"type": "none", "reason": "a test"},
}
BACKUP = {
    "type": "s3",
    "bucket": "acme-backups",
    "region": "eu-central-1",
    "credentials": {"type": "identity", "role": "arn:aws:iam::123456789012:role/backups"},
    "schedule": "0 3 * * *",
}
AUTHORITY = Path(__file__).parent / "kit/monitoring/root-of-1970.pem"
"""The certificate of an authority that ends on the 61st day of 1970."""

PROMETHEUS_URL, ALERTMANAGER_URL = "https://prometheus.acme.example", "https://alertmanager.acme.example"
ALERTMANAGER: dict[str, Any] = {"alertmanager": {"receivers": RECEIVERS, "routes": ROUTES}}

RUNBOOKS = "https://pages.acme.example/runbooks.html"

Kind = Literal["prometheus", "prometheus-operator"]


def monitored_mesh(root: Path, kind: Kind = "prometheus", **settings: Any) -> Path:
    """Make a mesh with Dagster, a product that it runs, and one that is a CronJob; and one that Airflow runs."""
    product = yaml.load((Path(__file__).parent / "meshes/small" / PRODUCT).read_text(), yaml.CSafeLoader)
    observability = {
        "collector": {"type": "opentelemetry"},
        "metrics": {"type": kind, "runbooks": RUNBOOKS, **settings},
    }
    platform = {
        "catalog": {"type": "polaris", "database": {"type": "cloudnative-pg", "storage": "10Gi"}},
        "databases": {"backup": BACKUP},
        "storage": {"type": "seaweedfs"},
        "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
        "observability": observability,
    }
    # A cache that makes room itself has one alert less.
    cache = {"type": "redis", "storage": "10Gi", "eviction": "noeviction"}
    orchestrated = {DOMAIN: {"orchestrator": {"type": "dagster"}, "cache": cache}}
    environment = {
        "ingress": INGRESS,
        "cluster": {"name": "kind", "ingress_namespace": "gateways"},
        "trust": {"bundle": {"type": "files", "files": [AUTHORITY.name]}},
    }
    small_mesh(root, {MANIFEST: platform, **orchestrated, ENVIRONMENT: environment})
    (root / "trust").mkdir()
    shutil.copy(AUTHORITY, root / "trust")
    check = {"name": "check", "type": "quality", "contracts": ["orders.yml"], "data_source": "source.yml"}
    (root / PRODUCT).write_text(yaml.safe_dump({**product, "steps": [*product["steps"], check]}))
    exports = {**product, "metadata": {**product["metadata"], "name": "exports"}, "run_by": "kubernetes", "outputs": []}
    (root / "domains/sales/products/exports.yaml").write_text(yaml.safe_dump(exports))
    _with_airflow(root, {**exports, "run_by": "orchestrator"})
    return root


def _with_airflow(root: Path, product: dict[str, Any]) -> None:
    """Add a domain with Airflow, and a product that it runs."""
    domain = yaml.load((root / DOMAIN).read_text(), yaml.CSafeLoader)
    campaigns = {**product, "metadata": {**product["metadata"], "name": "campaigns"}}
    named = {**domain, "metadata": {**domain["metadata"], "name": "marketing"}, "orchestrator": {"type": "airflow"}}
    folder = root / "domains/marketing"
    (folder / "products").mkdir(parents=True)
    (folder / "domain.yaml").write_text(yaml.safe_dump(named))
    (folder / "products/campaigns.yaml").write_text(yaml.safe_dump(campaigns))


@cache
def monitored(kind: Kind = "prometheus") -> tuple[Object, ...]:
    """Return the objects of that mesh, with three receivers of alerts."""
    alertmanager = {**ALERTMANAGER["alertmanager"], "url": ALERTMANAGER_URL}
    settings = {"url": PROMETHEUS_URL, "alertmanager": alertmanager, "cert_manager": {}} if kind == "prometheus" else {}
    with tempfile.TemporaryDirectory() as folder, opened(None) as cache:
        files = compile_mesh(monitored_mesh(Path(folder) / "mesh", kind, **settings), cache=cache).files
    return tuple(yaml.load(text, yaml.CSafeLoader) for path, text in files.items() if path.startswith("output/dev/"))


def get(objects: tuple[Object, ...], namespace: str, kind: str, name: str) -> Object:
    """Return one object."""
    identity = (namespace, kind, name)
    (manifest,) = (
        manifest
        for manifest in objects
        if (manifest["metadata"].get("namespace"), manifest["kind"], manifest["metadata"]["name"]) == identity
    )
    return manifest


@cache
def rule_files(kind: Kind = "prometheus") -> dict[str, dict[str, Any]]:
    """Return the rules of each namespace: the content of a file, or of an object of the operator."""
    objects = monitored(kind)
    if kind == "prometheus":
        data = get(objects, PLATFORM, "ConfigMap", "prometheus-rules-0")["data"]
        return {name.removesuffix(".yaml"): yaml.load(text, yaml.CSafeLoader) for name, text in data.items()}
    return {
        manifest["metadata"]["name"]: manifest["spec"] for manifest in objects if manifest["kind"] == "PrometheusRule"
    }


def rules(kind: Kind = "prometheus") -> list[dict[str, Any]]:
    """Return all rules."""
    return [rule for file in rule_files(kind).values() for group in file["groups"] for rule in group["rules"]]
