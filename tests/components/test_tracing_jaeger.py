"""Jaeger: its requirements, known pitfalls, its configuration in the real program, and the rendered objects."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.tracing_jaeger import COMPONENT, PANELS, VOLUME, JaegerConfig, configuration, provides
from floe_compiler.model.capabilities import Collector
from floe_compiler.model.facts import Container, Workload
from floe_compiler.model.operations import Panel
from floe_compiler.model.plan import Context, Requirement
from floe_compiler.model.settings import Settings
from floe_compiler.model.yaml_text import to_yaml
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, unit_of

MEMORY: dict[str, Any] = {"store": {"type": "memory"}}
BADGER: dict[str, Any] = {"store": {"type": "badger"}}


def context(settings: Settings = PRODUCTION, **config: Any) -> Context[JaegerConfig]:
    return context_of(COMPONENT, config, settings=settings)


def server(settings: Settings = PRODUCTION, **config: Any) -> Workload:
    (jaeger,) = COMPONENT.build(context(settings, **config)).workloads
    return jaeger


def container(**config: Any) -> Container:
    (container_,) = server(**config).pod.containers
    return container_


def configured(**config: Any) -> dict[str, Any]:
    return configuration(context(**config).config.store)


def test_traces_are_on_the_volume_of_a_single_pod() -> None:
    jaeger = server()
    assert (jaeger.kind, jaeger.replicas) == ("StatefulSet", 1)
    assert jaeger.single
    assert [(claim.path, claim.size) for claim in container().claims] == [(VOLUME, "20Gi")]
    badger = configured()["extensions"]["jaeger_storage"]["backends"]["main"]["badger"]
    assert badger["ephemeral"] is False, "it would be in /tmp otherwise, whatever the folders are"
    assert badger["directories"] == {"keys": f"{VOLUME}/keys", "values": f"{VOLUME}/values"}


@pytest.mark.parametrize(("retention", "ttl"), [("72h", "72h"), ("10080m", "168h"), ("90m", "1h30m")])
def test_old_traces_are_deleted(retention: str, ttl: str) -> None:
    jaeger_config = configured(store={"type": "badger", "retention": retention})
    assert jaeger_config["extensions"]["jaeger_storage"]["backends"]["main"]["badger"]["ttl"] == {"spans": ttl}


def test_a_small_environment_keeps_a_number_of_traces_in_memory() -> None:
    jaeger = server(DEVELOPMENT, **COMPONENT.profiles["light"])
    assert (jaeger.kind, jaeger.recreate, jaeger.pod.containers[0].claims) == ("Deployment", True, ())
    backends = configured(**MEMORY)["extensions"]["jaeger_storage"]["backends"]
    assert backends == {"main": {"memory": {"max_traces": 50_000}}}, "without a number, memory grows for ever"


def test_production_does_not_keep_its_traces_in_memory() -> None:
    (refusal,) = COMPONENT.refuses(context(PRODUCTION, **MEMORY))
    assert refusal.path == ("store", "type")
    assert "type: badger" in refusal.hint
    assert [*COMPONENT.refuses(context())] == []
    assert [*COMPONENT.refuses(context(DEVELOPMENT, **MEMORY))] == []


@pytest.mark.parametrize("config", [MEMORY, BADGER], ids=["memory", "badger"])
def test_it_listens_on_the_address_of_the_pod(config: dict[str, Any]) -> None:
    """Every endpoint is on localhost by default (jaegertracing/jaeger#6209)."""
    jaeger_config = configured(**config)
    protocols, extensions = jaeger_config["receivers"]["otlp"]["protocols"], jaeger_config["extensions"]
    query = extensions["jaeger_query"]
    servers = [*protocols.values(), query["http"], query["grpc"], extensions["healthcheckv2"]["http"]]
    ports = {port.number for port in container(**config).ports}
    addresses = {listener["endpoint"] for listener in servers} | {"0.0.0.0:8888"}
    assert addresses == {f"0.0.0.0:{port}" for port in ports}
    reader = jaeger_config["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    assert reader == {"host": "0.0.0.0", "port": 8888}


def test_the_collector_sends_over_grpc() -> None:
    (trace_store,) = provides(context().instance)
    assert trace_store.endpoint.url() == "http://jaeger.floe-platform.svc.cluster.local:4317"
    assert len(trace_store.endpoint.ports) == 1


def test_others_show_its_traces_over_http() -> None:
    (trace_store,) = provides(context().instance)
    assert trace_store.query
    assert trace_store.query.url() == "http://jaeger.floe-platform.svc.cluster.local:16686"


def test_without_a_collector_nothing_would_send_to_it() -> None:
    assert COMPONENT.requires(context().instance) == (Requirement(Collector),)


def test_people_open_its_web_interface_which_has_no_login() -> None:
    (interface,) = server().interfaces
    assert (interface.name, interface.port, interface.authenticates) == ("jaeger", "http", False)
    (health,) = [port for port in server().ports() if port.name == interface.health]
    assert (health.number, health.health) == (13133, "/status")


def test_nothing_waits_for_it() -> None:
    assert not server().awaited


@pytest.mark.parametrize(
    "store", [{"type": "memory", "max_traces": 0}, {"type": "memory", "retention": "1h"}, {"type": "disk"}]
)
def test_invalid_stores_are_refused(store: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        context(store=store)


JAEGER = shutil.which("jaeger")
TRACE = "5b8efff798038103d269b633813fc60c"


@pytest.mark.real
@pytest.mark.skipif(JAEGER is None, reason="no Jaeger 2 (jaeger) is on the PATH")
@pytest.mark.parametrize("config", [MEMORY, BADGER], ids=["memory", "badger"])
def test_jaeger_itself_takes_traces_and_gives_them_back(config: dict[str, Any], tmp_path: Path) -> None:
    text = to_yaml(configured(**config)).replace(VOLUME, str(tmp_path)).replace("0.0.0.0:", "127.0.0.1:")
    (tmp_path / "config.yaml").write_text(text)
    with subprocess.Popen([JAEGER or "", "--config", str(tmp_path / "config.yaml")], stderr=subprocess.PIPE) as jaeger:
        try:
            assert "StatusOK" in answer("http://127.0.0.1:13133/status")
            answer("http://127.0.0.1:4318/v1/traces", span())
            trace = answer(f"http://127.0.0.1:16686/api/traces/{TRACE}", expected="orders")
            assert json.loads(trace)["data"][0]["traceID"] == TRACE
            metrics = answer("http://127.0.0.1:8888/metrics")
            assert {name for panel in PANELS for name in shown_by(panel)} - names(metrics) == set()
        finally:
            jaeger.terminate()
        assert jaeger.wait(30) == 0


def names(metrics: str) -> set[str]:
    """Return the names of the metrics that a program writes."""
    return {re.split(r"[{ ]", line)[0] for line in metrics.splitlines() if not line.startswith("#")}


def shown_by(panel: Panel) -> set[str]:
    """Return the names of the metrics that a panel shows; one for each pattern of names."""
    patterns = re.findall(r'__name__=~"([^"]+)"', panel.query)
    known_patterns = {"otelcol_receiver_refused_.+_total", "otelcol_exporter_(send|enqueue)_failed_.+_total"}
    assert {*patterns} <= known_patterns, "the names below are examples of each"
    examples = {"otelcol_receiver_refused_spans_total", "otelcol_exporter_send_failed_spans_total"}
    return {*re.findall(r"\b(?:otelcol|jaeger)_\w+(?=\{)", panel.query), *(examples if patterns else ())}


def span() -> bytes:
    """Return a span as OTLP over HTTP takes it."""
    now = str(time.time_ns())
    span_ = {
        "traceId": TRACE,
        "spanId": "eee19b7ec3c1b174",
        "name": "orders",
        "kind": 1,
        "startTimeUnixNano": now,
        "endTimeUnixNano": now,
    }
    name = {"key": "service.name", "value": {"stringValue": "sales"}}
    return json.dumps(
        {"resourceSpans": [{"resource": {"attributes": [name]}, "scopeSpans": [{"spans": [span_]}]}]}
    ).encode()


def answer(url: str, data: bytes | None = None, expected: str = "") -> str:
    """Return a server's answer, once it answers and the answer has the expected text."""
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    for _ in range(150):
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                text: str = response.read().decode()
                if expected in text:
                    return text
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


@pytest.mark.parametrize(
    ("settings", "config"), [(DEVELOPMENT, MEMORY), (PRODUCTION, BADGER)], ids=["memory", "badger"]
)
def test_rendered(settings: Settings, config: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    objects = unit_of(COMPONENT, context(settings, **config)).objects

    assert as_text(manifest for manifest in objects if manifest["metadata"]["name"].startswith("jaeger")) == snapshot
