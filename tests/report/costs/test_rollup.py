"""Requested resources and their costs: of objects made here, and of the real ones of this repository."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.model.inputs import Prices
from floe_compiler.model.objects import Object
from floe_compiler.report.costs.requested import Requested, consumers
from floe_compiler.report.costs.rollup import EVERYTHING, Bounds, Costs, matters, state_of
from floe_compiler.report.costs.runs import Uncounted
from floe_compiler.report.costs.texts import cost_lines, cost_rows, cost_section, costs_data
from floe_compiler.report.terminal import plain
from report.samples import deployment, resource

OUTPUT = Path(__file__).parents[3] / "output" / "prod"
PRICES = Prices(currency="EUR", cpu_hour=0.03, memory_gib_hour=0.004, storage_gib_month={"gp3": 0.08})
POD: dict[str, Any] = {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
DAYS = Fraction(3653, 120)
"""The days of a month, on average over the ten years from 2024."""


def counted(*objects: Object, nodes: int = 3) -> Bounds:
    bounds = Bounds()
    for consumer in consumers(objects, nodes):
        assert not isinstance(consumer, Uncounted), consumer
        bounds += Bounds(consumer.least, consumer.most)
    return bounds


def uncounted(*objects: Object) -> list[str]:
    return [consumer.reason for consumer in consumers(objects, 3) if isinstance(consumer, Uncounted)]


def amounts(requested: Requested) -> tuple[Any, Any]:
    return requested.cpu, requested.memory


def test_replicas_of_a_server_run_all_the_time() -> None:
    bounds = counted(deployment(**POD))
    assert bounds.least == bounds.most == Requested(Fraction(1), Fraction(2))


def test_an_autoscaler_has_a_minimum_and_a_maximum() -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "polaris"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 10}
    scaler = resource("HorizontalPodAutoscaler", "polaris", "floe-platform", "autoscaling/v2", spec=spec)
    bounds = counted(deployment(**POD), scaler)
    assert (amounts(bounds.least), amounts(bounds.most)) == ((1, 2), (5, 10))


def test_a_daemon_set_is_on_each_node_and_volumes_count_for_each_pod() -> None:
    template = {"spec": {"containers": [POD]}}
    daemons = resource("DaemonSet", api="apps/v1", spec={"template": template})
    assert amounts(counted(daemons, nodes=9).least) == (Fraction(9, 2), 9)
    claim: dict[str, Any] = {"spec": {"storageClassName": "gp3", "resources": {"requests": {"storage": "10Gi"}}}}
    spec = {"replicas": 3, "template": template, "volumeClaimTemplates": [claim]}
    assert counted(resource("StatefulSet", api="apps/v1", spec=spec)).least.volumes == {"gp3": 30}
    assert counted(resource("PersistentVolumeClaim", **claim)).most.volumes == {"gp3": 10}
    database = {"instances": 3, "resources": POD["resources"], "storage": {"size": "20Gi", "storageClass": "gp3"}}
    least = counted(resource("Cluster", api="postgresql.cnpg.io/v1", spec=database)).least
    assert amounts(least) == (Fraction(3, 2), 3)
    assert least.volumes == {"gp3": 60}


def cron_job(**spec: Any) -> Object:
    deadline = {"activeDeadlineSeconds": 7300}
    job = {**deadline, "template": {"spec": {"containers": [POD]}}}
    return resource("CronJob", api="batch/v1", spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": job}, **spec})


def test_a_scheduled_run_costs_between_zero_and_its_timeout() -> None:
    bounds = counted(cron_job())
    share = DAYS * 7300 / (730 * 3600)
    assert (bounds.least, amounts(bounds.most)) == (Requested(), (share / 2, share))
    often = cron_job(schedule="*/10 * * * *", concurrencyPolicy="Forbid")
    assert amounts(counted(often).most) == (Fraction(1, 2), 1)
    assert amounts(counted(cron_job(schedule="*/10 * * * *", concurrencyPolicy="Allow")).most)[1] > 12
    assert counted(cron_job(suspend=True)) == Bounds()


def test_unknown_amounts_are_named() -> None:
    endless = {"spec": {"template": {"spec": {"containers": [POD]}}}}
    assert uncounted(cron_job(jobTemplate=endless)) == ["CronJob a/x has no time after which a run is ended"]
    assert uncounted(cron_job(schedule="every day")) == ["CronJob a/x cannot be read"]
    assert uncounted(resource("Rollout", api="argoproj.io/v1alpha1", spec={"replicas": 2})) == [
        "Rollout a/x: its controller decides on its pods"
    ]
    assert uncounted(deployment() | {"spec": {"replicas": "many", "template": {"spec": {"containers": [POD]}}}}) == [
        "Deployment floe-platform/polaris cannot be read"
    ]


def files() -> Iterator[Object]:
    for file in sorted(OUTPUT.glob("*/*.yaml")):
        if matters(f"output/prod/{file.parent.name}/{file.name}"):
            yield yaml.load(file.read_bytes(), yaml.CSafeLoader)


@pytest.fixture(scope="module")
def prod() -> list[Object]:
    """Return the objects of this repository's production that request resources."""
    return list(files())


def test_runs_of_all_orchestrators_are_found_in_what_is_rendered(prod: list[Object]) -> None:
    state = state_of(prod, 9)
    runs = {product: bounds.most.cpu - bounds.least.cpu for (_, product), bounds in state.parts.items() if product}
    # Each has a timeout of an hour and a step of one CPU, at most: a CronJob, two of Dagster, and one of Airflow.
    assert runs["cost-center"] == Fraction(1, 730)
    assert runs["revenue-metrics"] == runs["campaign-perf"] == DAYS / 730
    assert runs["order-analytics"] == 24 * DAYS / 730
    assert [consumer.reason for consumer in state.uncounted] == [
        "runs of attribution, which are started by new data of its inputs, nobody knows how often"
    ]
    assert state.quotas["finance"]["requests.cpu"] == "16"
    domains = [bounds for (domain, product), bounds in state.parts.items() if domain and not product]
    assert sum((domain.most.cpu for domain in domains), Fraction(0)) == state.parts[EVERYTHING].most.cpu


def costs(before: list[Object], after: list[Object]) -> Costs:
    namespace = resource("Namespace", "floe-platform", "")
    namespace["metadata"]["labels"] = {"floe.dev/scope": "platform"}
    return Costs("prod", PRICES, *(state_of([namespace, *objects], 3) for objects in (before, after)))


VOLUME = resource(
    "PersistentVolumeClaim",
    "x",
    "floe-platform",
    spec={"storageClassName": "slow", "resources": {"requests": {"storage": "5Gi"}}},
)
CHANGED = costs([deployment(**POD)], [deployment(**POD), deployment("marquez", **POD), VOLUME])
A_SERVER = 730 * (Fraction(3, 100) + 2 * Fraction(4, 1000))


def test_an_amount_is_times_its_price() -> None:
    assert CHANGED.of(CHANGED.before, EVERYTHING) == (A_SERVER, A_SERVER)
    assert CHANGED.of(CHANGED.after, ("platform", "")) == (2 * A_SERVER, 2 * A_SERVER)


def test_text_shows_changed_costs() -> None:
    assert list(cost_lines([CHANGED], plain)) == [
        "prod: costs of a month in EUR, by what is requested",
        "  ~ everything: 27.74 -> 55.48 (+27.74)",
        "  ~ platform: 27.74 -> 55.48 (+27.74)",
        "  not counted: volumes of the StorageClass slow, which has no price",
        "",
    ]
    assert list(cost_lines([costs([deployment(**POD)], [deployment(**POD)])], plain)) == []


def test_markdown_has_few_rows_and_escapes_names() -> None:
    assert "| prod | everything | 27.74 | 55.48 EUR | +27.74 |\n" in cost_section([CHANGED])
    many = [deployment(f"server-{number}", f"ns-{number:02}<b>", **POD) for number in range(30)]
    section = cost_section([costs([], many)])
    assert "| prod | ns-00&lt;b> | 0.00 |" in section
    assert section.count("\n|") == 22
    assert "11 more rows are left out: see `floe-compile diff`." in section
    assert cost_section([costs([], [])]) == ""


def test_json_has_all_parts() -> None:
    data = costs_data([CHANGED])["prod"]
    assert [(part["domain"], part["after"]["costs"]) for part in data["parts"]] == [
        ("", {"atLeast": 55.48, "atMost": 55.48}),
        ("platform", {"atLeast": 55.48, "atMost": 55.48}),
    ]
    assert data["parts"][0]["after"]["requested"]["atMost"] == {"cpu": 2, "memoryGiB": 4, "volumesGiB": {"slow": 5}}
    assert list(cost_rows(CHANGED)) == [
        (name, "", "55.48", "55.48 EUR", "+27.74", "2", "4", "5") for name in ("(everything)", "platform")
    ]
