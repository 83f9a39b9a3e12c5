"""Prometheus: collects the metrics of all namespaces, evaluates alerts, and answers queries.

It needs no rights in the cluster. Two replicas collect everything twice, each for itself: if one is gone, the other has
all data and sends all alerts, and Alertmanager sends each alert once.

Sources: prometheus/prometheus 3.16 (`docs/command-line/prometheus.md`, `docs/configuration/configuration.md`); run with
a program of that version as another user on a read-only root file system.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.components.metrics_prometheus import alertmanager
from floe_compiler.components.metrics_prometheus.configuration import configuration
from floe_compiler.components.metrics_prometheus.settings import CertManager, PrometheusConfig
from floe_compiler.kit.monitoring.object_metrics import object_metrics
from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.monitoring.rules import CERTIFICATES, OBJECTS, linked_hosts, rule_groups
from floe_compiler.kit.resources import declared, memory_goal
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.alerts import Alert, Scraper
from floe_compiler.model.capabilities import Capability, MetricsStore, Monitoring
from floe_compiler.model.endpoint import Endpoint, Port, foreign_endpoint, service_endpoint
from floe_compiler.model.facts import Claim, ConfigFile, Container, Identity, Parts, Pod, Probe, Variable, Workload
from floe_compiler.model.hints import near
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.operations import Interface, Metrics, Panel
from floe_compiler.model.plan import Component, Context, Instance, Refusal
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.yaml_text import to_yaml

IMAGE = "quay.io/prometheus/prometheus:v3.14.0"
IDENTITY = Identity(65534, 65534, 65534)
HTTP = Port("http", 9090, health="/-/healthy")
CONFIG = "/etc/prometheus/prometheus.yml"
RULES = "/etc/prometheus/rules"
OTLP = "/api/v1/otlp"
VOLUME = "/prometheus"
# After a crash, it first reads its log of up to three hours.
STARTUP = Probe(HTTP.name, "/-/ready", period=10, timeout=5, failures=60)
GRACE = 300
ISSUER = Port("http-metrics", 9402)
ISSUER_PODS = (("app.kubernetes.io/component", "controller"),)
"""Port and label of cert-manager's pods, as in its Helm chart 1.21 (`templates/service.yaml`, `deployment.yaml`)."""

MOST_TEXT = 512 * 1024
"""Characters in a ConfigMap, which may have 1 MiB."""

FILLED = 0.8
"""How much of its volume old blocks may take; the log, and what is being compacted, need the rest."""

PANELS = (
    Panel("Series", "max by (instance) (prometheus_tsdb_head_series{$target})", legend="{{instance}}"),
    Panel(
        "Samples",
        "sum by (instance) (rate(prometheus_tsdb_head_samples_appended_total{$target}[$interval]))",
        "per second",
        "{{instance}}",
    ),
    Panel(
        "Blocks on the volume",
        "max by (instance) (prometheus_tsdb_storage_blocks_bytes{$target})",
        "bytes",
        "{{instance}}",
    ),
    Panel(
        "Requests",
        "sum by (code) (rate(prometheus_http_requests_total{$target}[$interval]))",
        "per second",
        "{{code}}",
        stacked=True,
    ),
    Panel(
        "Rules that fail",
        "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total{$target}[$interval]))",
        legend="{{rule_group}}",
    ),
)


def provides(instance: Instance[PrometheusConfig]) -> tuple[Capability, ...]:
    """Return the store, and that metrics are collected."""
    place = (instance.namespace, instance.settings.cluster.domain, (HTTP,))
    pods = (f"{instance.name}-{number}.{headless_name(instance.name)}" for number in range(instance.config.replicas))
    # Each replica has only what it is sent itself.
    receivers = tuple(service_endpoint(pod, *place).url(path=OTLP) for pod in pods)
    return (
        MetricsStore(instance.name, service_endpoint(instance.name, *place), receivers),
        Monitoring(instance.name),
    )


def refuses(context: Context[PrometheusConfig]) -> Iterator[Refusal]:
    """Refuse routes of alerts to receivers that do not exist, and production whose alerts nobody is told of."""
    settings = context.config.alertmanager
    if context.settings.environment.production and not (settings.receivers or settings.no_receivers or settings.routes):
        yield Refusal(
            "tells nobody of the alerts of production",
            "name who is told, `alertmanager: {receivers: [{type: slack, ...}]}`, or say why nobody is: `alertmanager:"
            " {no_receivers: ...}`",
            ("alertmanager", "receivers"),
        )
    names = [receiver.name for receiver in settings.receivers]
    existing = f"the receivers are {', '.join(names)}" if names else "there are no receivers"
    for position, route in enumerate(settings.routes):
        if route.receiver not in names:
            message, hint = f"has a route to {route.receiver}, but {existing}", near(route.receiver, names)
            hint = hint if hint.startswith("did you mean") else "add it to `receivers`"
            yield Refusal(message, hint, ("alertmanager", "routes", position, "receiver"))


def build(context: Context[PrometheusConfig]) -> Parts:
    """Return the servers, and the alerts about them."""
    config, namespace = context.config, context.instance.namespace
    has_receivers = bool(config.alertmanager.receivers)
    return Parts(
        workloads=_servers(context, MeshFacts()),
        alerts=(*_alerts(context), *(alertmanager.alerts(namespace) if has_receivers else ())),
        scraper=Scraper(headless=True),
    )


def completes(context: Context[PrometheusConfig], mesh: MeshFacts) -> Parts:
    """Return the servers with all there is to collect."""
    return Parts(workloads=_servers(context, mesh))


def _servers(context: Context[PrometheusConfig], mesh: MeshFacts) -> tuple[Workload, ...]:
    settings = context.config.alertmanager
    return (
        _prometheus(context, mesh),
        object_metrics(namespace.name for namespace in mesh.namespaces),
        *((alertmanager.alertmanager(context, settings),) if settings.receivers else ()),
    )


def _prometheus(context: Context[PrometheusConfig], mesh: MeshFacts) -> Workload:
    config, instance, issuer = context.config, context.instance, cert_manager(context)
    receiver = alertmanager.endpoint(context).only("http") if config.alertmanager.receivers else None
    groups = rule_groups(mesh, OBJECTS | CERTIFICATES if issuer else OBJECTS, config.runbooks)
    rules, links = packed(groups), linked_hosts(groups)
    folders = [f"{RULES}/{number}/*.yaml" for number in range(len(rules))]
    written = configuration(
        mesh.scrape_targets, config.interval, context.settings.cluster.domain, receiver, folders, foreign=issuer
    )
    most = int(parse_quantity(config.storage).amount * FILLED / 10**6)
    container = Container(
        "prometheus",
        IMAGE,
        declared(config.resources),
        arguments=(
            f"--config.file={CONFIG}",
            f"--storage.tsdb.path={VOLUME}",
            f"--storage.tsdb.retention.time={config.retention}",
            f"--storage.tsdb.retention.size={most}MB",
            "--web.enable-otlp-receiver",
            "--log.format=json",
            *([f"--web.external-url={config.url}"] if config.url else ()),
        ),
        variables=(
            Variable("GOMEMLIMIT", memory_goal(config.resources.limits.memory)),
            Variable("POD_NAME", field="metadata.name"),
        ),
        ports=(HTTP,),
        startup=STARTUP,
        liveness=Probe(HTTP.name, "/-/healthy", timeout=10),
        readiness=Probe(HTTP.name, "/-/ready", timeout=5),
        config=(
            ConfigFile(CONFIG, to_yaml(written), instance.name),
            *(
                ConfigFile(f"{RULES}/{number}/{file}.yaml", text, f"{instance.name}-rules-{number}", links=links)
                for number, texts in enumerate(rules)
                for file, text in texts.items()
            ),
        ),
        claims=(Claim("data", VOLUME, config.storage),),
    )
    called = {target.endpoint for target in mesh.scrape_targets} | {server for server in (receiver, issuer) if server}
    return Workload(
        instance.name,
        Pod((container,), IDENTITY, calls=tuple(sorted(called)), grace=GRACE),
        kind="StatefulSet",
        replicas=config.replicas,
        awaited=False,
        interfaces=(Interface(instance.name, HTTP.name, address_setting="url", address=config.url or ""),),
        metrics=(Metrics(HTTP.name, panels=PANELS),),
    )


def cert_manager(context: Context[PrometheusConfig]) -> Endpoint | None:
    """Return the metrics of cert-manager, if they are to be collected."""
    settings = context.config.cert_manager
    if settings is None:
        return None
    return foreign_endpoint(settings.service, settings.namespace, context.settings.cluster.domain, ISSUER, ISSUER_PODS)


def packed(rules: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[dict[str, str]]:
    """Return the rules as files, by namespace, in parts that fit in a ConfigMap each."""
    parts: list[dict[str, str]] = [{}]
    for namespace, groups in rules.items():
        text = to_yaml({"groups": [*groups]})
        if parts[-1] and sum(map(len, parts[-1].values())) + len(text) > MOST_TEXT:
            parts.append({})
        parts[-1][namespace] = text
    return parts


def _alerts(context: Context[PrometheusConfig]) -> tuple[Alert, ...]:
    issuer = context.config.cert_manager
    own = f'{{namespace="{context.instance.namespace}",job="{context.instance.name}"}}'
    return (
        *((_certificates_not_seen(issuer),) if issuer else ()),
        Alert(
            "RulesFailing",
            f"increase(prometheus_rule_evaluation_failures_total{own}[15m]) > 0",
            "Prometheus cannot evaluate the rules {{ $labels.rule_group }}",
            lasting="15m",
        ),
        Alert(
            "AlertsNotAccepted",
            f"rate(prometheus_notifications_errors_total{own}[15m]) > 0",
            "Prometheus cannot hand alerts to {{ $labels.alertmanager }}",
            lasting="15m",
            severity="critical",
        ),
    )


def _certificates_not_seen(issuer: CertManager) -> Alert:
    return Alert(
        "CertificatesNotSeen",
        f"absent({series('up', job=issuer.service)} == 1)",
        "cert-manager's metrics cannot be collected, so nobody would hear of a certificate that ends",
        lasting="15m",
    )


COMPONENT = Component(
    slot="observability.metrics",
    type="prometheus",
    summary="Prometheus: collects the metrics of all namespaces, and alerts; with Alertmanager",
    config=PrometheusConfig,
    build=build,
    provides=provides,
    refuses=refuses,
    completes=completes,
    profiles={
        "light": {"retention": "168h", "storage": "5Gi"},
        "medium": {"storage": "20Gi"},
        "heavy": {"replicas": 2, "storage": "50Gi", "alertmanager": {"replicas": 2}},
    },
    scope="platform",
    in_each_cluster=True,
)
