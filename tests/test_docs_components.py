"""The tables of docs/components.md say what the components say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.components import registry
from floe_compiler.model.inputs import LargestQuota, PostgresqlServer, Quota, ResourceSettings
from floe_compiler.resolve.scopes import LARGEST, QUOTAS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/components.md"
SCALES = ("light", "medium", "heavy")


def table(after: str) -> list[list[str]]:
    """Return the cells of the first table after some text, without its head."""
    text = PAGE.read_text(encoding="utf-8").partition(after)[2]
    rows = text[text.index("|") :].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def configured(slot: str, kind: str, scale: str) -> Any:
    """Return a component's configuration at a scale, with nothing said."""
    component = registry()[slot, kind]
    return component.config.model_validate({"type": kind, **component.profiles.get(scale, {})})


def amounts(settings: ResourceSettings) -> str:
    requests, limits = settings.requests, settings.limits
    return f"{requests.cpu} {requests.memory} → {limits.cpu} {limits.memory}"


def numbers(scale: str) -> Iterator[tuple[str, str]]:
    """Yield the rows of the table of numbers, in its order."""
    quota = Quota.model_validate(QUOTAS[scale])
    yield "quota, at least: CPU, memory", f"{quota.cpu}, {quota.memory}"
    yield "quota, at least: volumes, pods", f"{quota.storage}, {quota.pods}"
    largest = LargestQuota.model_validate(LARGEST[scale])
    yield "quota of a domain, at most: CPU, memory", f"{largest.cpu}, {largest.memory}"
    yield "quota of a domain, at most: volumes, pods", f"{largest.storage}, {largest.pods}"
    dagster = configured("orchestrator", "dagster", scale)
    yield "Dagster webserver: replicas", str(dagster.webserver.replicas)
    yield "Dagster webserver: resources", amounts(dagster.webserver.resources)
    yield "Dagster daemon (one): resources", amounts(dagster.daemon.resources)
    yield "Dagster code location of a product: replicas", str(dagster.code_locations.replicas)
    yield "Dagster code location of a product: resources", amounts(dagster.code_locations.resources)
    yield "Dagster runs at once: in all, of a product", f"{dagster.runs.at_once}, {dagster.runs.per_product}"
    assert dagster.steps == configured("orchestrator", "kubernetes", scale).steps
    yield "step of a product: resources", amounts(dagster.steps.resources)
    polaris = configured("catalog", "polaris", scale)
    yield "Polaris: replicas", str(polaris.replicas)
    yield "Polaris: resources", amounts(polaris.resources)
    marquez = configured("observability.lineage", "marquez", scale)
    yield "Marquez: replicas, of the web interface", f"{marquez.replicas}, {marquez.web.replicas}"
    yield "Marquez: resources", amounts(marquez.resources)
    yield "Marquez web interface: resources", amounts(marquez.web.resources)
    jaeger = configured("observability.tracing", "jaeger", scale)
    yield "Jaeger (one): store", jaeger.store.type
    yield "Jaeger: resources", amounts(jaeger.resources)
    grafana = configured("observability.dashboards", "grafana", scale)
    database = grafana.database.type if grafana.database else "a file in the pod"
    yield "Grafana: replicas, database", f"{grafana.replicas}, {database}"
    yield "Grafana: resources", amounts(grafana.resources)
    collector = configured("observability.collector", "opentelemetry", scale)
    yield "Collector in mode `deployment`: replicas", str(collector.replicas)
    yield "Collector: resources", amounts(collector.resources)
    logs = configured("observability.logs", "opentelemetry", scale)
    yield "Collector of logs, on each node: resources", amounts(logs.resources)
    minio = configured("storage", "minio", scale)
    yield "MinIO (one): volume", minio.storage
    yield "MinIO (one): resources", amounts(minio.resources)
    server = PostgresqlServer()
    yield "PostgreSQL (one): volume", server.storage
    yield "PostgreSQL (one): resources", amounts(server.resources)
    duckdb = configured("compute", "duckdb", scale)
    yield "DuckDB: threads, its folder", f"{duckdb.threads}, {duckdb.storage}"


@pytest.mark.parametrize("column", range(3), ids=SCALES)
def test_numbers_by_scale(column: int) -> None:
    shown = [(row[0], row[column + 1]) for row in table("## Numbers by scale")]
    assert shown == list(numbers(SCALES[column]))


def test_every_component_has_its_section() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert {kind for _, kind in registry() if f"`{kind}`]" not in text} == set()


def test_images_and_versions_are_those_of_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "compiler/floe_compiler").rglob("*.py"))
    shown = re.findall(r"`(?:docker|ghcr|quay)\.io/(\S+):(\S+)`", PAGE.read_text(encoding="utf-8"))
    assert len(shown) > 6
    assert [f"{name}:{tag}" for name, tag in shown if name not in code or tag not in code] == []


def test_the_secrets_of_production_are_those_of_the_output() -> None:
    asked: dict[str, set[str]] = {}
    for file in ROOT.glob("output/prod/*/externalsecret.*.yaml"):
        for one in yaml.safe_load(file.read_text(encoding="utf-8"))["spec"].get("data", ()):
            asked.setdefault(one["remoteRef"]["key"], set()).add(one["remoteRef"]["property"])
    shown = {
        path.strip("`"): set(keys.replace("`", "").split(", ")) for path, keys in table("<!-- secrets of prod -->")
    }
    assert shown == asked
