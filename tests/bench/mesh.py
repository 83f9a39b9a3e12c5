"""A mesh of any number of domains, in three environments: what the benchmark compiles.

Every fourth domain runs its products by Dagster, the others by CronJobs; each has two products, and reads a table of
the domain before it. Every tenth domain has a patch of its own, and some patches reach every domain: so the work of
each stage grows as it does in a real mesh, where not only the number of objects grows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from floe_compiler.model.yaml_text import to_yaml

ENVIRONMENTS = ("dev", "prod", "staging")
OWNER = "platform@acme.example"
EDITED_PRODUCT = "domains/domain-0000/products/model.yaml"
EDITED_PATCH = "overlays/prod/domain-0000.yaml"
DIVIDED = "prod"
"""The environment that has no data inside a cluster, so that it may have several."""

Document = dict[str, Any]


def write_mesh(root: Path, domains: int) -> None:
    """Write the inputs of a mesh of that many domains below `root`."""
    for file, document in _documents(domains):
        _write(root / file, document)


def divide(root: Path, domains: int, clusters: int) -> None:
    """Give one environment of a mesh several clusters: the first runs the platform, and all share the domains."""
    _write(root / "overlays" / DIVIDED / "environment.yaml", _divided(domains, clusters))


def edit_product(root: Path, version: str) -> None:
    """Give one product another version of its image: the smallest everyday change."""
    _write(root / EDITED_PRODUCT, _model(0, image=f"acme/domain-0000:{version}"))


def edit_patch(root: Path, jobs: int) -> None:
    """Change the number of jobs in a patch that selects in one domain of one environment."""
    _write(root / EDITED_PATCH, _quota_patch("domain-0000", jobs))


def edit_setting(root: Path) -> None:
    """Take the products' images from another registry: every unit of a domain changes."""
    _write(root / "platform-manifest.yaml", _manifest(registry="registry.acme.example"))


def _write(path: Path, document: Document) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_yaml(document), encoding="utf-8")


def _documents(domains: int) -> Iterator[tuple[str, Document]]:
    yield "platform-manifest.yaml", _manifest()
    yield "base/kustomization.yaml", _kustomization("CronJob", resources=["priority-class.yaml"])
    yield "base/priority-class.yaml", _priority_class()
    for number in range(domains):
        folder = f"domains/{_domain_name(number)}"
        yield f"{folder}/domain.yaml", _domain(number)
        yield f"{folder}/products/raw.yaml", _raw(number)
        yield f"{folder}/products/model.yaml", _model(number)
    for environment in ENVIRONMENTS:
        folder = f"overlays/{environment}"
        patched = [_domain_name(number) for number in range(0, domains, 10)]
        yield f"{folder}/environment.yaml", _environment(environment, domains)
        yield (
            f"{folder}/kustomization.yaml",
            _kustomization("Deployment", resources=["../../base"], patches=[f"{name}.yaml" for name in patched]),
        )
        for name in patched:
            yield f"{folder}/{name}.yaml", _quota_patch(name)


def _domain_name(number: int) -> str:
    return f"domain-{number:04}"


def _has_dagster(number: int) -> bool:
    return number % 4 == 0


def _document(kind: str, name: str, **fields: Any) -> Document:
    version = {} if kind in ("Domain", "Environment") else {"version": "1.0.0"}
    return {"apiVersion": "floe.dev/v1", "kind": kind, "metadata": {"name": name, "owner": OWNER, **version}, **fields}


def _manifest(registry: str = "ghcr.io/acme") -> Document:
    return _document(
        "PlatformManifest",
        "acme",
        images={"registry": registry},
        quota={"cpu": "100", "memory": "200Gi", "pods": 500, "storage": "1Ti"},
        orchestrator={"type": "dagster"},
        catalog={"type": "polaris"},
        storage={"type": "minio", "buckets": ["warehouse"]},
        compute={"type": "duckdb"},
        observability={"collector": {"type": "opentelemetry"}, "lineage": {"type": "marquez"}},
        secrets={"type": "external-secrets", "store": {"kind": "ClusterSecretStore", "name": "vault"}},
        delivery={"type": "argocd", "repository": "https://github.com/acme/data-platform.git"},
        locks=["catalog.type", "delivery.repository"],
    )


def _domain(number: int) -> Document:
    orchestrator = {} if _has_dagster(number) else {"orchestrator": {"type": "kubernetes"}}
    return _document("Domain", _domain_name(number), **orchestrator)


def _raw(number: int) -> Document:
    return _document(
        "DataProduct",
        "raw",
        image=f"acme/{_domain_name(number)}:1.0.0",
        schedule={"cron": f"{number % 60} 3 * * *", "time_zone": "Europe/Berlin"},
        outputs=[{"name": "events"}],
        steps=[
            {
                "name": "ingest",
                "type": "dlt",
                "script": "pipelines/source.py",
                "secrets": {"SOURCES__API_KEY": {"secret": "source", "key": "api-key"}},
                "connects": [{"host": "api.source.example"}],
            }
        ],
    )


def _model(number: int, image: str = "") -> Document:
    inputs = [{"product": "raw", "output": "events"}]
    if number:
        inputs.append({"domain": _domain_name(number - 1), "product": "model", "output": "facts"})
    return _document(
        "DataProduct",
        "model",
        image=image or f"acme/{_domain_name(number)}:1.0.0",
        schedule={"cron": f"{number % 60} 5 * * *", "time_zone": "Europe/Berlin"},
        inputs=inputs,
        outputs=[{"name": "facts"}],
        steps=[
            {"name": "transform", "type": "dbt"},
            {"name": "check", "type": "quality", "data_source": "soda/data.yml", "contracts": ["soda/facts.yml"]},
        ],
    )


def _environment(name: str, domains: int) -> Document:
    production = name == "prod"
    return _document(
        "Environment",
        name,
        cluster={"name": name, "api_server_cidr": "10.20.0.0/16", "ingress_namespace": "ingress-nginx"},
        production=production,
        scale={"dev": "light", "staging": "medium", "prod": "heavy"}[name],
        storage_class="standard",
        platform=_cloud(name) if production else {"secrets": {"type": "generated"}} if name == "dev" else {},
        domains=_external_databases(domains) if production else {},
    )


def _divided(domains: int, clusters: int) -> Document:
    """Return the environment that `divide` writes: neighbouring domains run in different clusters."""
    environment = _environment(DIVIDED, domains)
    cluster, storage_class = environment.pop("cluster"), environment.pop("storage_class")
    names = [_domain_name(number) for number in range(domains)]
    several = [
        {
            **cluster,
            "name": f"{DIVIDED}-{number}",
            "server": f"https://{DIVIDED}-{number}.k8s.acme.example",
            "storage_class": storage_class,
            "runs": [*(["platform"] if number == 0 else []), *names[number::clusters]],
            "reached_at": {"cidr": f"10.{100 + number}.0.0/16"},
        }
        for number in range(clusters)
    ]
    return {**environment, "clusters": several, "links": {"type": "mcs"}}


def _cloud(environment: str) -> Document:
    database = {"type": "external", "host": "platform.rds.acme.example", "secret": {"name": "platform-postgresql"}}
    return {
        "images": {"mirrors": dict.fromkeys(("docker.io", "quay.io", "ghcr.io"), "ghcr.io/acme/mirror")},
        "storage": {
            "type": "s3",
            "bucket": f"acme-warehouse-{environment}",
            "region": "us-east-1",
            "credentials": {"type": "identity", "role": "arn:aws:iam::333333333333:role/acme-warehouse"},
        },
        "catalog": {"database": database},
        "observability": {"lineage": {"database": database}},
        "compute": {"type": "snowflake", "account": f"acme-{environment}"},
    }


def _external_databases(domains: int) -> Document:
    return {
        name: {
            "orchestrator": {
                "database": {
                    "type": "external",
                    "host": f"{name}.rds.acme.example",
                    "secret": {"name": "dagster-postgresql"},
                }
            }
        }
        for name in map(_domain_name, range(domains))
        if _has_dagster(int(name.removeprefix("domain-")))
    }


def _kustomization(kind: str, resources: list[str], patches: list[str] | None = None) -> Document:
    """Return a kustomization that annotates all objects of a kind and applies the files in `patches`."""
    every = {"op": "add", "path": "/metadata/labels/acme.example~1cost-centre", "value": "data"}
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
        "patches": [
            {"target": {"kind": kind}, "patch": json.dumps([every])},
            *({"path": file} for file in patches or []),
        ],
    }


def _priority_class() -> Document:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "mesh-critical"},
        "value": 100000,
        "globalDefault": False,
        "description": "What the whole mesh depends on",
    }


def _quota_patch(domain: str, jobs: int = 100) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "quota", "namespace": f"floe-{domain}-domain"},
        "spec": {"hard": {"count/jobs.batch": str(jobs)}},
    }
