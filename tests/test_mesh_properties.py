"""Every platform compiles to a valid output, or to errors with a location."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation
from monitored_mesh import RUNBOOKS
from small_mesh import ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

Keys = Mapping[str, Any]

S3 = {"type": "s3", "bucket": "acme-warehouse", "region": "eu-central-1"}
ROLE = "arn:aws:iam::333333333333:role/warehouse"
EXTERNAL = {"type": "external", "host": "catalog.acme.example", "secret": {"name": "catalog-postgresql"}}
REST = {"type": "rest", "url": "https://catalog.acme.example", "warehouse": "lake", "credentials": {"type": "oauth2"}}
GLUE = {"type": "glue", "region": "eu-west-1", "account": "123456789012"}
SERVERS: list[dict[str, Any]] = [{}, {"database": {"server": "postgresql"}}]

SLOTS: dict[str, list[dict[str, Any] | None]] = {
    "orchestrator": [{"type": "kubernetes"}, {"type": "dagster"}],
    "storage": [
        None,
        {"type": "minio"},
        {"type": "seaweedfs", "console": True},
        {**S3, "credentials": {"type": "secret"}},
        {**S3, "credentials": {"type": "identity", "role": ROLE}},
    ],
    "catalog": [None, REST, GLUE, *({"type": "polaris", **server} for server in [*SERVERS, {"database": EXTERNAL}])],
    "compute": [{"type": "duckdb"}, {"type": "snowflake", "account": "acme-dev"}],
    "collector": [
        None,
        {"type": "opentelemetry", "mode": "deployment"},
        {"type": "opentelemetry", "mode": "daemonset"},
    ],
    "lineage": [None, *({"type": "marquez", **server} for server in SERVERS)],
    "tracing": [None, {"type": "jaeger"}],
    "metrics": [None, *({"type": kind, "runbooks": RUNBOOKS} for kind in ("prometheus", "prometheus-operator"))],
    "dashboards": [None, {"type": "grafana"}],
    "databases": [
        None,
        {"backup": {"type": "none", "reason": "nothing is kept"}},
        {"backup": {"type": "minio"}},
        {"backup": {"type": "seaweedfs"}},
        {"backup": {**S3, "credentials": {"type": "identity", "role": ROLE}}},
    ],
    "sync_tests": [None, {"enabled": True}],
    "secrets": [{"type": "external-secrets", "store": {"name": "vault"}}, {"type": "generated"}],
    "delivery": [{"type": tool, "repository": "https://github.com/acme/small.git"} for tool in ("argocd", "flux")],
}
STEPS: list[dict[str, Any]] = [
    {"name": "ingest", "type": "dlt", "script": "shop.py", "secrets": {"TOKEN": {"secret": "shop", "key": "token"}}},
    {"name": "transform", "type": "dbt"},
    {"name": "check", "type": "quality", "data_source": "soda/source.yml", "contracts": ["soda/orders.yml"]},
    {"name": "publish", "type": "custom", "command": ["python", "-m", "publish"]},
]

OBSERVABILITY = ("collector", "lineage", "tracing", "metrics", "dashboards")

MISTAKES = {
    "R012": "a catalog without an object store, dashboards without metrics, traces without a collector",
    "R020": "traces of production in memory, alerts of production that nobody is told of",
    "R055": "production with databases in the cluster that nothing backs up",
    "R056": "production whose backups are in the cluster, too",
    "R100": "an object store in a cloud whose login all products share",
    "R014": "production that makes up its secrets",
    "S001": "secrets of another system, which cannot be made up",
    "C093": "production of the lightest scale, with single replicas",
}
"""Everything that can be wrong with these choices; any other error would be one of the compiler's own."""

WARNINGS = {"R056", "R100"}
"""Those of them that are warnings."""

MESHES = st.fixed_dictionaries({slot: st.sampled_from(choices) for slot, choices in SLOTS.items()})
ENVIRONMENTS = st.fixed_dictionaries(
    {"scale": st.sampled_from(["light", "medium", "heavy"]), "production": st.booleans()}
)
PRODUCTS = st.fixed_dictionaries(
    {
        "steps": st.lists(st.sampled_from(STEPS), min_size=1, unique_by=lambda step: str(step["name"])),
        "run_by": st.sampled_from(["orchestrator", "kubernetes"]),
        "schedule": st.sampled_from([None, {"cron": "0 6 * * *"}, {"cron": "0 6 * * *", "enabled": False}]),
    }
)

TOGGLES = {
    "storage": ({"type": "seaweedfs"}, "seaweedfs"),
    "catalog": ({"type": "polaris"}, "polaris"),
    "collector": ({"type": "opentelemetry", "mode": "deployment"}, "otel-collector"),
    "lineage": ({"type": "marquez"}, "marquez"),
}
"""For a slot: what fills it, and the word that everything it brings has in its name."""


def manifest(slots: Keys) -> dict[str, Any]:
    """Return the keys of a platform manifest with these slots filled."""
    nested = {name: slots[name] for name in OBSERVABILITY if slots.get(name)}
    top = {name: value for name, value in slots.items() if name not in OBSERVABILITY}
    return {**top, "observability": nested or None}


def compiled(folder: Path, slots: Keys, environment: Keys, product: Keys) -> Compilation:
    return compile_mesh(small_mesh(folder, {MANIFEST: manifest(slots), ENVIRONMENT: environment, PRODUCT: product}))


@settings(max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.too_slow])
@given(slots=MESHES, environment=ENVIRONMENTS, product=PRODUCTS)
def test_a_mesh_compiles_or_its_errors_have_a_place(
    slots: dict[str, Any],
    environment: dict[str, Any],
    product: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("mesh")
    try:
        mesh = compiled(root, slots, environment, product)
    except StageFailed as failed:
        for diagnostic in failed.diagnostics:
            assert diagnostic.rule.code in MISTAKES, diagnostic
            assert diagnostic.span, diagnostic
            assert (root / diagnostic.span.file).is_file(), diagnostic
    else:
        assert {warning.rule.code for warning in mesh.warnings} <= WARNINGS


def without_hash(path: str) -> str:
    """Return a file's path without the hash by which a Job that changed is another one."""
    return re.sub(r"(/job\.batch_.+)-[0-9a-f]{8}\.yaml$", r"\1.yaml", path)


EVERYTHING = {
    **{slot: choices[-1] for slot, choices in SLOTS.items()},
    "storage": {"type": "minio"},
    "metrics": {"type": "prometheus", "runbooks": RUNBOOKS},
}


# The gate tries the mesh with everything.
MANY = settings(max_examples=settings().max_examples // 50, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("slot", TOGGLES)
@settings(MANY, phases=MANY.phases if MANY.max_examples > 1 else [Phase.explicit])
@example(slots=EVERYTHING, product={"steps": STEPS, "run_by": "orchestrator", "schedule": None})
@given(slots=MESHES, product=PRODUCTS)
def test_a_component_adds_and_removes_exactly_its_objects(
    slot: str, slots: Keys, product: Keys, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """REQ-633: with the component also every trace of it in the others is gone: most would be where all are."""
    filling, word = TOGGLES[slot]
    secrets = {"type": "external-secrets", "store": {"name": "vault"}}
    store = {"storage": {"type": "minio"}} if slot == "catalog" else {}  # which a catalog needs
    # What needs another slot, and what tests all connections, is left out.
    alone = dict.fromkeys(("catalog", "tracing", "dashboards", "databases", "sync_tests"))
    usual = {**slots, **alone, "secrets": secrets, **store}
    root = tmp_path_factory.mktemp("mesh")
    off = compiled(root, {**usual, slot: None}, {}, product).files
    on = compiled(root, {**usual, slot: filling}, {}, product).files
    before, after = ({without_hash(path) for path in files} for files in (off, on))
    assert before - after == set()
    assert after - before
    assert {path for path in after - before if word not in path} == set()
    assert {path for path, text in off.items() if word in text} == set()
