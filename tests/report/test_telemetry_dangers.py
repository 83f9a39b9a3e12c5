"""A reviewer sees which metrics are no longer collected, and which traces and logs are lost."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from floe_compiler.components.collector_opentelemetry.configuration import configuration
from floe_compiler.components.collector_opentelemetry.settings import CollectorConfig
from floe_compiler.components.tracing_jaeger import BadgerStore, MemoryStore
from floe_compiler.components.tracing_jaeger import configuration as jaeger
from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Objects, Surroundings, dangers_of
from report.samples import resource


def dangers(before: Object, after: Object | None, *beside: Object) -> list[tuple[str, str]]:
    reported = dangers_of(identify(before), before, after, Surroundings((), Objects(beside)))
    return [(danger.word, danger.sentence) for danger in reported]


def file(content: Any, name: str = "relay.yaml") -> Object:
    return {**resource("ConfigMap"), "data": {name: yaml.safe_dump(content)}}


def prometheus(*jobs: str) -> Object:
    return file({"scrape_configs": [{"job_name": job} for job in jobs]}, "prometheus.yml")


def test_a_removed_target_is_reported() -> None:
    wider, narrower = prometheus("sales/dagster-metrics", "floe-platform/polaris"), prometheus("floe-platform/polaris")
    message = "the metrics of sales/dagster-metrics are no longer collected"
    assert dangers(wider, narrower) == [("metrics-removed", message)]
    assert (
        dangers(narrower, wider) == dangers(wider, prometheus("floe-platform/polaris", "sales/dagster-metrics")) == []
    )
    assert dangers(wider, narrower, prometheus("sales/dagster-metrics")) == [], "another Prometheus does"


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor"])
def test_a_removed_monitor_is_reported(kind: str) -> None:
    assert [word for word, _ in dangers(resource(kind), None)] == ["metrics-removed"]
    assert dangers(resource(kind), resource(kind) | {"other": 1}) == []


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor"])
def test_a_target_taken_over_by_another_kind_of_prometheus_is_not_reported(kind: str) -> None:
    by_itself = prometheus("floe-platform/polaris", "floe-platform/jaeger")
    by_an_operator = [resource(kind, f"floe-platform.{name}") for name in ("polaris", "jaeger")]
    assert dangers(by_itself, None, *by_an_operator) == []
    assert dangers(by_an_operator[0], None, by_itself) == []
    assert [word for word, _ in dangers(by_an_operator[0], None, prometheus("floe-platform/jaeger"))] == [
        "metrics-removed"
    ]


def collector(**config: Any) -> Object:
    return file(configuration(CollectorConfig.model_validate(config), production=False))


GRAFANA, TEMPO = ({"name": name, "host": f"{name}.example"} for name in ("grafana", "tempo"))


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ({"backends": [GRAFANA]}, {}, "logs, metrics, traces no longer go to grafana.example:443"),
        (
            {"backends": [GRAFANA, TEMPO]},
            {"backends": [GRAFANA, {**TEMPO, "signals": ["traces"]}]},
            "logs, metrics no longer go to tempo.example:443",
        ),
        ({}, {"sampling_percentage": 10}, "10 % of the traces are kept instead of 100 %"),
        ({"sampling_percentage": 10}, {"sampling_percentage": 0.5}, "0.5 % of the traces are kept instead of 10 %"),
        ({}, {"backends": [GRAFANA]}, ""),
        ({"sampling_percentage": 10}, {}, ""),
        ({"backends": [GRAFANA]}, {"backends": [{**GRAFANA, "name": "other"}]}, ""),
        ({"backends": [GRAFANA]}, {"backends": [{**GRAFANA, "host": "eu.grafana.example"}]}, ""),
        (
            {"backends": [GRAFANA]},
            {"backends": [{**GRAFANA, "host": "eu.grafana.example", "signals": ["logs"]}]},
            "metrics, traces no longer go to grafana.example:443",
        ),
    ],
)
def test_a_collector_that_forwards_less_is_reported(
    before: dict[str, Any], after: dict[str, Any], sentence: str
) -> None:
    assert dangers(collector(**before), collector(**after)) == ([("telemetry-reduced", sentence)] if sentence else [])


def test_a_removed_collector_is_reported() -> None:
    assert [word for word, _ in dangers(collector(backends=[GRAFANA]), None)] == ["telemetry-reduced"]
    assert dangers(collector(backends=[GRAFANA]), None, collector(backends=[GRAFANA])) == []


def test_a_shorter_retention_of_traces_is_reported() -> None:
    long, short = (file(jaeger(BadgerStore(retention=time))) for time in ("72h", "24h"))
    assert dangers(long, short) == [("telemetry-reduced", "traces are kept for 24h instead of 72h")]
    assert dangers(short, long) == dangers(file(jaeger(MemoryStore())), long) == []


def test_logs_that_are_no_longer_read_are_reported() -> None:
    def agent(*files: str) -> Object:
        pipelines = {"logs": {"receivers": ["file_log"]}}
        return file({"receivers": {"file_log": {"include": [*files]}}, "service": {"pipelines": pipelines}})

    wider, narrower = agent("/var/log/pods/sales_*", "/var/log/pods/hr_*"), agent("/var/log/pods/hr_*")
    assert dangers(wider, narrower) == [("telemetry-reduced", "logs are no longer read from /var/log/pods/sales_*")]
    assert dangers(narrower, wider) == []
