"""Alertmanager: its configuration, and its pods.

Sources: prometheus/alertmanager 0.34, `docs/configuration.md` (receivers read their secrets from files) and
`docs/high_availability.md` (replicas find each other over TCP and UDP).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.components.metrics_prometheus.settings import AlertmanagerSettings, PagerDuty, Receiver, Slack
from floe_compiler.kit.resources import declared
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.alerts import Alert
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import (
    Claim,
    ConfigFile,
    Container,
    Identity,
    Pod,
    Probe,
    SecretFile,
    Variable,
    Workload,
)
from floe_compiler.model.operations import Interface, Metrics, Panel
from floe_compiler.model.plan import Context
from floe_compiler.model.secrets import Secret, SecretKey, SecretReference
from floe_compiler.model.yaml_text import to_yaml

IMAGE = "quay.io/prometheus/alertmanager:v0.34.0"
NAME = "alertmanager"
IDENTITY = Identity(65534, 65534, 65534)
HTTP = Port("http", 9093, health="/-/healthy")
GOSSIP = (Port("cluster", 9094), Port("cluster-udp", 9094, protocol="UDP"))
CONFIG = "/etc/alertmanager/alertmanager.yml"
SECRETS = "/run/secrets/receivers"
VOLUME = "/alertmanager"
GROUPED = ["alertname", "namespace"]
SLACK_TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }} ({{ .Labels.owner }})\n{{ .Annotations.runbook_url }}\n{{ end }}"
)

PANELS = (
    Panel("Alerts", "max by (state) (alertmanager_alerts{$target})", legend="{{state}}", stacked=True),
    Panel(
        "Notifications",
        "sum by (integration) (rate(alertmanager_notifications_total{$target}[$interval]))",
        "per second",
        "{{integration}}",
    ),
    Panel(
        "Notifications that failed",
        "sum by (integration) (rate(alertmanager_notifications_failed_total{$target}[$interval]))",
        "per second",
        "{{integration}}",
    ),
)


def configuration(settings: AlertmanagerSettings) -> dict[str, Any]:
    """Return the configuration: which alerts go where."""
    first, *_ = settings.receivers
    return {
        "route": {
            "receiver": first.name,
            "group_by": GROUPED,
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": settings.repeat,
            "routes": [
                {"receiver": route.receiver, "matchers": [*_matchers(route.severity, route.owner)]}
                for route in settings.routes
            ],
        },
        # If no pod of a server answers, the alert on that silences those on each of them.
        "inhibit_rules": [
            {
                "source_matchers": ['alertname="AllTargetsDown"'],
                "target_matchers": ['alertname="TargetDown"'],
                "equal": ["namespace", "job"],
            }
        ],
        "receivers": [{"name": receiver.name, **_receiver(receiver)} for receiver in settings.receivers],
    }


def _matchers(severity: str | None, owner: str | None) -> Iterable[str]:
    if severity:
        yield f'severity="{severity}"'
    if owner:
        yield f'owner="{owner}"'


def _receiver(receiver: Receiver) -> dict[str, Any]:
    secret, options = _path(receiver), {"send_resolved": receiver.resolved}
    if isinstance(receiver, Slack):
        return {"slack_configs": [{"api_url_file": secret, "channel": receiver.channel, "text": SLACK_TEXT, **options}]}
    if isinstance(receiver, PagerDuty):
        return {"pagerduty_configs": [{"routing_key_file": secret, **options}]}
    return {"webhook_configs": [{"url_file": secret, **options}]}


def _path(receiver: Receiver) -> str:
    return f"{SECRETS}/{receiver.secret}/{receiver.key}"


def _secret_files(settings: AlertmanagerSettings, namespace: str) -> tuple[SecretFile, ...]:
    """Return the files with the receivers' addresses and keys; all keys of a secret are in one Secret."""
    used = sorted({(receiver.secret, receiver.key) for receiver in settings.receivers})
    secrets = {
        name: Secret(name, namespace, tuple(SecretKey(key) for secret, key in used if secret == name))
        for name, _ in used
    }
    return tuple(SecretFile(f"{SECRETS}/{name}/{key}", SecretReference(secrets[name], key)) for name, key in used)


def endpoint(context: Context[Any]) -> Endpoint:
    """Return the server."""
    return service_endpoint(NAME, context.instance.namespace, context.settings.cluster.domain, (HTTP, *GOSSIP))


def alertmanager(context: Context[Any], settings: AlertmanagerSettings) -> Workload:
    """Return the server. Its replicas tell each other what they have sent."""
    server, several = endpoint(context), settings.replicas > 1
    peers = service_endpoint(headless_name(NAME), context.instance.namespace, context.settings.cluster.domain, GOSSIP)
    gossip = (
        ("--cluster.advertise-address=$(POD_IP):9094", f"--cluster.peer={peers.address()}")
        if several
        else ("--cluster.listen-address=",)
    )
    container = Container(
        NAME,
        IMAGE,
        declared(settings.resources),
        arguments=(
            f"--config.file={CONFIG}",
            f"--storage.path={VOLUME}",
            "--log.format=json",
            *([f"--web.external-url={settings.url}"] if settings.url else ()),
            *gossip,
        ),
        variables=(Variable("POD_IP", field="status.podIP"),) if several else (),
        ports=(HTTP, *GOSSIP) if several else (HTTP,),
        liveness=Probe(HTTP.name, "/-/healthy", timeout=5),
        readiness=Probe(HTTP.name, "/-/ready", timeout=5),
        config=(ConfigFile(CONFIG, to_yaml(configuration(settings)), NAME),),
        secret_files=_secret_files(settings, context.instance.namespace),
        claims=(Claim("data", VOLUME, settings.storage),),
    )
    outside = {
        Endpoint(receiver.host, (Port("api", receiver.port, scheme="https"),), cidr=receiver.cidr)
        for receiver in settings.receivers
    }
    calls = (*outside, server.only(*(port.name for port in GOSSIP))) if several else (*outside,)
    return Workload(
        NAME,
        Pod((container,), IDENTITY, calls=tuple(sorted(calls))),
        kind="StatefulSet",
        replicas=settings.replicas,
        awaited=False,
        interfaces=(Interface(NAME, HTTP.name, address_setting="alertmanager.url", address=settings.url or ""),),
        metrics=(Metrics(HTTP.name, panels=PANELS),),
    )


def alerts(namespace: str) -> tuple[Alert, ...]:
    """Return the alert on notifications that do not arrive; another receiver may still work."""
    return (
        Alert(
            "AlertsNotSent",
            f'rate(alertmanager_notifications_failed_total{{namespace="{namespace}",job="{NAME}"}}[15m]) > 0',
            "Alertmanager cannot send alerts to {{ $labels.integration }}",
            lasting="15m",
            severity="critical",
        ),
    )
