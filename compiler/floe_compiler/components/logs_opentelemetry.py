"""Logs of the platform's pods: a collector on each node reads their files, and sends them to the platform's collector.

It reads files that belong to root, so it runs as root, without capabilities, and in the namespace of the nodes: with
CRI-O they have mode 0600, and capabilities do not help a process of another user
(open-telemetry/opentelemetry-collector-contrib#38002). It remembers on the node what it has read, and reads only the
logs of this environment's namespaces, never its own or those of the collector that it sends to, which would go round
in circles.

Sources: receiver/filelogreceiver, extension/storage/filestorage and pkg/stanza/docs/operators/container.md of that
project; kubernetes.io/docs/concepts/cluster-administration/logging for the paths. The configuration was run with a
collector 0.158.0 of those components.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from floe_compiler.kit import resources
from floe_compiler.kit.opentelemetry import IMAGE, to_platform
from floe_compiler.model.capabilities import Collector
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import ConfigFile, Container, HostPath, Identity, Parts, Pod, Probe, Variable, Workload
from floe_compiler.model.inputs import Amounts, Input, ResourceSettings
from floe_compiler.model.operations import Metrics
from floe_compiler.model.plan import PLATFORM, Component, Context, Instance, Refusal, Requirement, scope_name
from floe_compiler.model.yaml_text import to_yaml

SLOT = "observability.logs"
CONFIG = "/conf/relay.yaml"
LOGS = "/var/log/pods"
"""On each node: `<namespace>_<pod>_<uid>/<container>/<number>.log`."""

STATE = "/var/lib/otelcol"
ON_NODE = "/var/lib/floe-logs"
"""Each environment has a folder below it, as two collectors cannot share one."""

ROOT = Identity(0, 0, 0)
REASON = "the log files of the node belong to root"
METRICS = Port("metrics", 8888, service=False)
HEALTH = Port("health", 13133, service=False)
ANYWHERE = "0.0.0.0"  # noqa: S104 - health_check and telemetry listen on localhost by default


class LogsConfig(Input):
    """The OpenTelemetry Collector on each node, which reads the logs of the platform's pods."""

    type: Literal["opentelemetry"] = "opentelemetry"
    """The kind of log collection."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="50m", memory="128Mi"), limits=Amounts(cpu="500m", memory="256Mi")
    )
    """CPU and memory on each node."""


def requires(_instance: Instance[LogsConfig]) -> tuple[Requirement, ...]:
    """Return the collector that the logs are sent to."""
    return (Requirement(Collector),)


def refuses(context: Context[LogsConfig]) -> Iterator[Refusal]:
    """Refuse a collector that sends logs nowhere."""
    if not context.required(Collector).keeps_logs:
        yield Refusal(
            "reads logs, but the collector sends them nowhere",
            hint="give observability.collector a backend with the signal logs, or leave observability.logs out",
            path=("type",),
        )


def namespaces(instance: Instance[LogsConfig]) -> tuple[str, ...]:
    """Return the namespaces whose logs are read: that of the platform, and those of domains with products."""
    pattern = instance.settings.environment.namespace_pattern
    return tuple(pattern.replace("{scope}", scope_name(scope)) for scope in (PLATFORM, *instance.domains))


def configuration(read: Iterable[str], collector: Endpoint) -> dict[str, Any]:
    """Return the configuration, given the namespaces to read and where to send their logs."""
    own = [f"{LOGS}/{collector.group.namespace}_{collector.group.name}-*/*/*.log"] if collector.group else []
    return {
        "receivers": {
            "file_log": {
                "include": [f"{LOGS}/{namespace}_*/*/*.log" for namespace in read],
                "exclude": own,
                "include_file_path": True,
                # A pod may have ended before its files are found. What has been read is remembered.
                "start_at": "beginning",
                "storage": "file_storage",
                "retry_on_failure": {"enabled": True},
                # Joins the parts of long lines, and takes namespace, pod and container from the path.
                "operators": [{"type": "container", "id": "container-parser"}],
            }
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 25},
            "batch": {"timeout": "1s", "send_batch_size": 1024},
        },
        "exporters": {"otlp_grpc": to_platform(collector)},
        "extensions": {
            "health_check": {"endpoint": f"{ANYWHERE}:{HEALTH.number}"},
            "file_storage": {"directory": STATE, "create_directory": True},
        },
        "service": {
            "extensions": ["health_check", "file_storage"],
            "telemetry": {
                "logs": {"encoding": "json"},
                "metrics": {
                    "readers": [{"pull": {"exporter": {"prometheus": {"host": ANYWHERE, "port": METRICS.number}}}}]
                },
            },
            "pipelines": {
                "logs": {
                    "receivers": ["file_log"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": ["otlp_grpc"],
                }
            },
        },
    }


def build(context: Context[LogsConfig]) -> Parts:
    """Return the collector on each node."""
    instance, config = context.instance, context.config
    server = context.required(Collector).grpc
    health = Probe(port=HEALTH.name, path="/", period=10, timeout=5, failures=3)
    container = Container(
        name="collector",
        image=IMAGE,
        resources=resources.declared(config.resources),
        arguments=(f"--config={CONFIG}",),
        variables=(Variable("GOMEMLIMIT", resources.memory_goal(config.resources.limits.memory)),),
        ports=(METRICS, HEALTH),
        liveness=health,
        readiness=health,
        config=(ConfigFile(CONFIG, to_yaml(configuration(namespaces(instance), server)), instance.name),),
        host_paths=(HostPath(LOGS), HostPath(f"{ON_NODE}/{instance.namespace}", STATE, writable=True)),
    )
    pod = Pod((container,), ROOT, calls=(server,), node_access=REASON)
    return Parts((Workload(instance.name, pod, kind="DaemonSet", awaited=False, metrics=(Metrics(METRICS.name),)),))


COMPONENT = Component(
    slot=SLOT,
    type="opentelemetry",
    name="otel-logs",
    summary="OpenTelemetry Collector on each node: reads the logs of the platform's pods",
    config=LogsConfig,
    build=build,
    requires=requires,
    refuses=refuses,
    scope="nodes",
)
