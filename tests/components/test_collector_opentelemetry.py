"""The collector: its requirements, known pitfalls, its configuration, and the rendered objects."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.collector_opentelemetry import COMPONENT, provides
from floe_compiler.components.collector_opentelemetry.configuration import SECRETS, TOKEN_FILE, configuration
from floe_compiler.components.collector_opentelemetry.settings import CollectorConfig
from floe_compiler.model.capabilities import Collector, MetricsStore, TraceStore
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import Container, Workload
from floe_compiler.model.plan import Context
from floe_compiler.model.settings import Settings
from floe_compiler.model.yaml_text import to_yaml
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, unit_of

GRAFANA = {
    "name": "grafana",
    "host": "tempo-prod-10.grafana.example",
    "signals": ["traces"],
    "header": {"scheme": "Basic", "secret": "grafana-cloud", "key": "api-key"},
}
DATADOG = {
    "name": "datadog",
    "protocol": "http",
    "host": "otlp.datadog.example",
    "path": "/api/v0.2",
    "cidr": "10.1.0.0/16",
    "header": {"name": "dd-api-key", "secret": "datadog", "key": "key"},
}
LEGACY = ("logging", "jaeger", "otlp/", "otlphttp/")


def context(settings: Settings = DEVELOPMENT, **config: Any) -> Context[CollectorConfig]:
    return context_of(COMPONENT, config, settings=settings)


def server(settings: Settings = DEVELOPMENT, **config: Any) -> Workload:
    (collector,) = COMPONENT.build(context(settings, **config)).workloads
    return collector


def container(**config: Any) -> Container:
    (collector,) = server(**config).pod.containers
    return collector


def configured(*, production: bool = False, metrics_store: MetricsStore | None = None, **config: Any) -> dict[str, Any]:
    return configuration(context(**config).config, metrics_store=metrics_store, production=production)


def pipelines(*, production: bool = False, **config: Any) -> dict[str, Any]:
    by_signal: dict[str, Any] = configured(production=production, **config)["service"]["pipelines"]
    return by_signal


def test_it_is_a_daemon_set_by_default() -> None:
    assert server().kind == "DaemonSet"


@pytest.mark.parametrize(("scale", "replicas"), [("light", 1), ("medium", 2), ("heavy", 3)])
def test_it_may_be_a_deployment_whose_replicas_follow_the_scale(scale: str, replicas: int) -> None:
    profile = COMPONENT.profiles[scale]

    assert profile == {"replicas": replicas}
    collector = server(mode="deployment", **profile)
    assert (collector.kind, collector.replicas) == ("Deployment", replicas)


def test_it_requests_the_resources_of_the_platform_design() -> None:
    assert (container().resources.cpu, container().resources.memory) == ("200m", "256Mi")


def test_it_listens_where_clients_expect_it() -> None:
    assert [(port.number, port.service) for port in container().ports] == [
        (4317, True),
        (4318, True),
        (8888, True),
        (13133, False),
    ]
    (collector,) = provides(context().instance)
    assert collector.grpc.url() == "http://otel-collector.floe-platform.svc.cluster.local:4317"
    assert collector.http.url() == "http://otel-collector.floe-platform.svc.cluster.local:4318"
    ports = [[port.number for port in endpoint.ports] for endpoint in (collector.grpc, collector.http)]
    assert ports == [[4317], [4318]], "a client calls only the port that it uses"


def test_it_listens_on_the_address_of_the_pod() -> None:
    """The health check and the metrics would listen on localhost, so that probes and scrapes failed for ever."""
    collector_config = configured()
    protocols = collector_config["receivers"]["otlp"]["protocols"]
    reader = collector_config["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]

    assert protocols == {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}
    assert collector_config["extensions"]["health_check"]["endpoint"] == "0.0.0.0:13133"
    assert reader == {"host": "0.0.0.0", "port": 8888}


def test_its_probes_use_its_health_check() -> None:
    for probe in (container().liveness, container().readiness):
        assert probe is not None
        assert (probe.port, probe.path, probe.command) == ("health", "/", ()), "the image has no shell"


def test_batches_are_of_a_second_or_1024() -> None:
    assert configured()["processors"]["batch"] == {"timeout": "1s", "send_batch_size": 1024}


def test_memory_is_limited_first_and_batches_are_made_last() -> None:
    for pipeline in pipelines(production=True).values():
        assert pipeline["processors"][0] == "memory_limiter"
        assert pipeline["processors"][-1] == "batch"


@pytest.mark.parametrize(("limit", "goal"), [("512Mi", "409MiB"), ("1Gi", "819MiB"), ("500M", "381MiB")])
def test_go_frees_memory_before_the_limit_is_reached(limit: str, goal: str) -> None:
    resources = {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": limit}}
    assert {variable.name: variable.value for variable in container(resources=resources).variables} == {
        "GOMEMLIMIT": goal
    }


def test_production_samples_a_tenth_of_the_traces_and_keeps_everything_else() -> None:
    by_signal = pipelines(production=True)

    assert configured(production=True)["processors"]["probabilistic_sampler"] == {"sampling_percentage": 10}
    assert by_signal["traces"]["processors"] == ["memory_limiter", "probabilistic_sampler", "batch"]
    assert "probabilistic_sampler" not in by_signal["metrics"]["processors"] + by_signal["logs"]["processors"]


def test_without_sampling_there_is_no_sampler() -> None:
    for collector_config in (configured(), configured(production=True, sampling_percentage=100)):
        assert "probabilistic_sampler" not in collector_config["processors"]
        assert "probabilistic_sampler" not in collector_config["service"]["pipelines"]["traces"]["processors"]


@pytest.mark.parametrize("percentage", [0, -1, 100.5])
def test_an_invalid_percentage_is_refused(percentage: float) -> None:
    with pytest.raises(ValidationError):
        context(sampling_percentage=percentage)


def test_signals_without_a_backend_are_counted_in_the_log() -> None:
    assert {signal: pipeline["exporters"] for signal, pipeline in pipelines(backends=[GRAFANA]).items()} == {
        "traces": ["otlp_grpc/grafana"],
        "metrics": ["debug"],
        "logs": ["debug"],
    }
    assert configured()["exporters"] == {"debug": {"verbosity": "basic"}}


def test_the_platforms_trace_store_gets_traces_as_well_as_the_backends() -> None:
    store = TraceStore("jaeger", service_endpoint("jaeger", "floe-platform", "cluster.local", (Port("otlp", 4317),)))
    context_ = context_of(COMPONENT, {"backends": [GRAFANA]}, settings=DEVELOPMENT, capabilities=[store])
    (collector,) = COMPONENT.build(context_).workloads
    text = yaml.load(collector.pod.containers[0].config[0].text, yaml.CSafeLoader)

    assert {signal: pipeline["exporters"] for signal, pipeline in text["service"]["pipelines"].items()} == {
        "traces": ["otlp_grpc/grafana", "otlp_grpc/trace_store"],
        "metrics": ["debug"],
        "logs": ["debug"],
    }
    assert text["exporters"]["otlp_grpc/trace_store"] == {
        "endpoint": "jaeger.floe-platform.svc.cluster.local:4317",
        "tls": {"insecure": True},
    }
    assert [call.host for call in collector.pod.calls] == [
        "jaeger.floe-platform.svc.cluster.local",
        "tempo-prod-10.grafana.example",
    ]


def test_every_replica_of_the_platforms_metrics_store_gets_metrics() -> None:
    server = service_endpoint("prometheus", "floe-platform", "cluster.local", (Port("http", 9090),))
    urls = tuple(f"http://prometheus-{number}.prometheus-headless:9090/api/v1/otlp" for number in (0, 1))
    context_ = context_of(COMPONENT, settings=DEVELOPMENT, capabilities=[MetricsStore("prometheus", server, urls)])
    (collector,) = COMPONENT.build(context_).workloads
    text = yaml.load(collector.pod.containers[0].config[0].text, yaml.CSafeLoader)
    exporters = ["otlp_http/metrics_store_0", "otlp_http/metrics_store_1"]
    assert text["service"]["pipelines"]["metrics"]["exporters"] == exporters
    assert [text["exporters"][exporter] for exporter in exporters] == [{"endpoint": url} for url in urls]
    assert text["service"]["pipelines"]["traces"]["exporters"] == ["debug"]
    assert collector.pod.calls == (server,)


def test_a_store_that_takes_no_metrics_is_not_called() -> None:
    server = service_endpoint("mimir", "floe-platform", "cluster.local", (Port("http", 9090),))
    context_ = context_of(COMPONENT, settings=DEVELOPMENT, capabilities=[MetricsStore("mimir", server)])
    (collector,) = COMPONENT.build(context_).workloads
    assert collector.pod.calls == ()


@pytest.mark.parametrize("tls", [True, False])
def test_with_a_central_collector_it_sends_everything_there_only(tls: bool) -> None:
    hub = Endpoint("otlp.hub.acme.example", (Port("otlp", 443, scheme="https", tls=tls, grpc=True),))
    store = service_endpoint("jaeger", "floe-platform", "cluster.local", (Port("otlp", 4317),))
    capabilities = (Collector("otel-collector", hub, hub), TraceStore("jaeger", store))
    away = context_of(COMPONENT, {"backends": [GRAFANA]}, settings=PRODUCTION, capabilities=capabilities)
    (workload,) = COMPONENT.build(away).workloads
    (only,) = workload.pod.containers
    text = yaml.safe_load(next(file.text for file in only.config))
    insecure = {} if tls else {"tls": {"insecure": True}}
    assert text["exporters"] == {"otlp_grpc/central": {"endpoint": "otlp.hub.acme.example:443", **insecure}}
    assert {tuple(pipeline["exporters"]) for pipeline in text["service"]["pipelines"].values()} == {
        ("otlp_grpc/central",)
    }
    assert "probabilistic_sampler" not in text["processors"], "the central one keeps a tenth"
    assert (workload.pod.calls, only.secret_files) == ((hub,), ())


def test_the_token_for_a_backend_is_a_secret_that_only_the_collector_reads() -> None:
    exporter = configured(backends=[GRAFANA])["exporters"]["otlp_grpc/grafana"]
    (file,) = container(backends=[GRAFANA]).secret_files

    assert exporter["endpoint"] == "tempo-prod-10.grafana.example:443"
    assert exporter["headers"] == {"authorization": f"Basic ${{file:{file.path}}}"}
    assert (file.secret.secret.name, file.secret.key) == ("grafana-cloud", "api-key")
    assert "tls" not in exporter, "encrypted, with the certificate checked: the default"


def test_http_backends_may_have_a_path_and_any_headers() -> None:
    exporter = configured(backends=[DATADOG])["exporters"]["otlp_http/datadog"]

    assert exporter["endpoint"] == "https://otlp.datadog.example:443/api/v0.2"
    assert exporter["headers"] == {"dd-api-key": "${file:/run/secrets/backends/datadog/key}"}


def test_keys_of_one_secret_stay_together() -> None:
    """Two Secrets of one name would be two ExternalSecrets of one name."""
    second = {**GRAFANA, "name": "second", "header": {"secret": "grafana-cloud", "key": "other-key"}}
    files = container(backends=[GRAFANA, second, DATADOG]).secret_files

    datadog, grafana = sorted({file.secret.secret for file in files})
    assert [key.name for key in datadog.keys] == ["key"]
    assert [key.name for key in grafana.keys] == ["api-key", "other-key"]
    assert len({file.path for file in files}) == 3


def test_two_backends_may_share_a_key() -> None:
    second = {**GRAFANA, "name": "second"}

    assert len(container(backends=[GRAFANA, second]).secret_files) == 1


def test_it_calls_only_its_backends() -> None:
    calls = server(backends=[GRAFANA, DATADOG]).pod.calls

    assert [(call.host, call.ports, call.group, call.cidr) for call in calls] == [
        ("otlp.datadog.example", (Port("otlp", 443, scheme="https"),), None, "10.1.0.0/16"),
        ("tempo-prod-10.grafana.example", (Port("otlp", 443, scheme="https"),), None, "0.0.0.0/0"),
    ]
    assert server().pod.calls == ()
    assert server().pod.kubernetes_api == ()


@pytest.mark.parametrize(
    ("backends", "complaint"),
    [
        ([GRAFANA, GRAFANA], "two backends are called grafana"),
        ([{**GRAFANA, "path": "/otlp"}], "gRPC has no path"),
        ([{**GRAFANA, "signals": []}], "at least 1 item"),
        ([{**DATADOG, "path": "otlp"}], "pattern"),
        ([{**GRAFANA, "tls": False}], "not permitted"),
    ],
)
def test_invalid_backends_are_refused(backends: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        context(backends=backends)


STORE = MetricsStore(
    "prometheus",
    service_endpoint("prometheus", "floe-platform", "cluster.local", (Port("http", 9090),)),
    ("http://prometheus-0.prometheus-headless.floe-platform.svc.cluster.local:9090/api/v1/otlp",),
)
VARIANTS: dict[str, dict[str, Any]] = {
    "development": {"production": False},
    "production": {"production": True},
    "backends": {"production": True, "backends": [GRAFANA, DATADOG]},
    "no header": {"production": False, "backends": [{"name": "plain", "host": "otlp.example"}]},
    "store": {"metrics_store": STORE},
    "sampled": {"production": False, "sampling_percentage": 0.5},
    "outside": {"outside": True},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_exporter_has_a_name_that_the_collector_removed(variant: str) -> None:
    collector_config = configured(**VARIANTS[variant])

    assert not [name for name in collector_config["exporters"] if name.startswith(LEGACY)]
    assert "address" not in collector_config["service"]["telemetry"]["metrics"]


def test_senders_outside_need_the_token() -> None:
    collector_config = configured(outside=True)
    protocols = collector_config["receivers"]["otlp/outside"]["protocols"]
    assert {protocol["endpoint"] for protocol in protocols.values()} == {"0.0.0.0:14317", "0.0.0.0:14318"}
    assert {protocol["auth"]["authenticator"] for protocol in protocols.values()} == {"bearertokenauth/outside"}
    assert collector_config["extensions"]["bearertokenauth/outside"] == {"filename": TOKEN_FILE}
    assert "bearertokenauth/outside" in collector_config["service"]["extensions"]
    assert {tuple(pipeline["receivers"]) for pipeline in collector_config["service"]["pipelines"].values()} == {
        ("otlp", "otlp/outside")
    }
    (token,) = container(outside=True).secret_files
    assert (token.path, token.secret.secret.name, token.secret.key) == (TOKEN_FILE, "otel-collector-token", "token")
    assert token.secret.secret.keys[0].generated


def test_programs_in_the_cluster_need_no_token() -> None:
    protocols = configured(outside=True)["receivers"]["otlp"]["protocols"]
    assert not [protocol for protocol in protocols.values() if "auth" in protocol]
    assert configured()["receivers"].keys() == {"otlp"}
    assert container().secret_files == ()


def test_the_external_ports_are_for_programs_and_authenticate_them() -> None:
    interfaces = server(outside=True).interfaces
    assert [
        (interface.name, interface.protocol, interface.authenticates, interface.for_programs)
        for interface in interfaces
    ] == [
        ("otlp", "grpc", True, True),
        ("otlp-http", "http", True, True),
    ]
    ports = {port.name: port.number for port in server(outside=True).ports()}
    assert [ports[interface.port] for interface in interfaces] == [14317, 14318]
    assert server().interfaces == ()


COLLECTOR = next(filter(None, map(shutil.which, ("otelcol-k8s", "otelcol", "otelcol-contrib"))), None)


@pytest.mark.real
@pytest.mark.skipif(COLLECTOR is None, reason="no OpenTelemetry Collector (otelcol-k8s, otelcol) is on the PATH")
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_collector_accepts_its_configuration(variant: str, tmp_path: Path) -> None:
    assert COLLECTOR is not None
    for name in ("grafana-cloud/api-key", "datadog/key"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("c2VjcmV0")
    text = to_yaml(configured(**VARIANTS[variant])).replace(SECRETS, str(tmp_path))
    (tmp_path / "relay.yaml").write_text(text)

    ran = subprocess.run(
        [COLLECTOR, "validate", f"--config={tmp_path}/relay.yaml"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("settings", "config"),
    [(DEVELOPMENT, {}), (PRODUCTION, {"backends": [GRAFANA]}), (PRODUCTION, {"mode": "deployment"})],
    ids=["dev", "prod", "deployment"],
)
def test_rendered(settings: Settings, config: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    objects = unit_of(COMPONENT, context(settings, **config)).objects

    assert (
        as_text(manifest for manifest in objects if manifest["metadata"]["name"] in ("otel-collector", "grafana-cloud"))
        == snapshot
    )


def test_its_own_metrics_can_be_scraped_and_nothing_is_open_to_people() -> None:
    (server,) = COMPONENT.build(context()).workloads
    assert [(metric.port, metric.path) for metric in server.metrics] == [("metrics", "/metrics")]
    assert server.interfaces == ()
