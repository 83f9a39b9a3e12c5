"""A component as another package would bring it: a monitor for the platform, with an agent in each domain.

It declares everything that others can follow from: an interface, metrics, bounds for its replicas, an identity in a
cloud, pods of an operator, data to back up; and it asks for the metrics and the data of all others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec.structs import replace
from pydantic import Field

from floe_compiler.kit import labels, postgresql
from floe_compiler.kit.meta import manifest
from floe_compiler.kit.operated import pod_labels
from floe_compiler.model.accounts import PolicyRule, WorkloadIdentity
from floe_compiler.model.alerts import Alert
from floe_compiler.model.capabilities import Capability
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import (
    ConfigFile,
    Container,
    Identity,
    OperatedPods,
    Parts,
    Pod,
    Probe,
    Resources,
    SecretFile,
    Task,
    Variable,
    Workload,
)
from floe_compiler.model.inputs import Input
from floe_compiler.model.mesh_facts import DatabaseBackup, MeshFacts, ScrapeTarget
from floe_compiler.model.objects import Object
from floe_compiler.model.operations import DatabaseData, Interface, Metrics, Panel, RunMetrics, Scaling
from floe_compiler.model.plan import PLATFORM, Component, Context, Instance, Refusal, Requirement
from floe_compiler.model.secrets import Secret, SecretKey

NAME, AGENT, HISTORY = "vigil", "vigil-agent", "vigil-history"
HTTP = Port("http", 9090, health="/-/ready")
REPORT = Port("metrics", 9100)
METRICS = Port("metrics", 9187, service=False)
USER = Identity(1000, 1000, 1000)
SMALL = Resources("100m", "128Mi", "500m", "256Mi")
CONFIG = "/etc/vigil/targets.json"
PASSWORD = "/run/secrets/password"
SHORT = 30
FINDINGS = Panel(
    "Findings", "sum by (kind) (rate(vigil_findings_total{$target}[$interval]))", "per second", "{{kind}}", stacked=True
)
RUNS = RunMetrics(failed="sum by (namespace, product) (vigil_failed_runs{$target})")
RUNBOOK = "https://vigil.example.com/asleep"


class MonitorConfig(Input):
    """A monitor with an agent in each domain."""

    type: Literal["vigil"] = "vigil"
    """The kind of monitor."""
    retention: Annotated[int, Field(ge=1)] = 15
    """Days that history is kept for."""
    path: str = "/metrics"
    """Where an agent shows its metrics."""
    most: Annotated[int, Field(ge=2)] = 5
    """How many servers there are at most."""


class Monitor(Capability, frozen=True):
    """The server that agents report to."""

    endpoint: Endpoint


def server(instance: Instance[MonitorConfig]) -> Endpoint:
    """Return where the server of the platform is."""
    settings = instance.settings
    return service_endpoint(NAME, settings.environment.platform_namespace, settings.cluster.domain, (HTTP,))


def provides(instance: Instance[MonitorConfig]) -> tuple[Monitor, ...]:
    """Return the server of its namespace."""
    return (Monitor(NAME, server(instance)),) if instance.scope == PLATFORM else ()


def requires(instance: Instance[MonitorConfig]) -> tuple[Requirement, ...]:
    """Return the server that agents need."""
    return () if instance.scope == PLATFORM else (Requirement(Monitor),)


def refuses(context: Context[MonitorConfig]) -> Iterator[Refusal]:
    """Refuse a long history outside production."""
    if context.config.retention > SHORT and not context.settings.environment.production:
        message = f"keeps {context.config.retention} days, which only production has the disks for"
        yield Refusal(message, f"keep {SHORT} at most", ("retention",))


def build(context: Context[MonitorConfig]) -> Parts:
    """Return the server with its history, or an agent."""
    if context.instance.scope != PLATFORM:
        return Parts((_agent(context),))
    pods, secret = history(), _secret(context.instance)
    database = pods.endpoint(context.instance.namespace, context.settings.cluster.domain).only("postgresql")
    return Parts(
        workloads=(_server(context, database, ()),),
        objects=(_cluster(context.instance, pods, secret),),
        operated=(pods,),
        data=(DatabaseData(database, "vigil", "vigil", secret.key("password"), postgresql.IMAGE),),
        alerts=(Alert("VigilAsleep", 'vigil_awake{job="monitor"} == 0', "It does not watch", runbook=RUNBOOK),),
    )


def completes(context: Context[MonitorConfig], mesh: MeshFacts) -> Parts:
    """Return the server with all there is to measure, and a backup of each database of the namespace."""
    instance = context.instance
    own = [backup for backup in mesh.database_backups if backup.namespace == instance.namespace]
    servers: tuple[Workload, ...] = ()
    if instance.scope == PLATFORM:
        database = history().endpoint(instance.namespace, context.settings.cluster.domain).only("postgresql")
        servers = (_server(context, database, mesh.scrape_targets),)
    return Parts(servers, tuple(_backup(backup) for backup in own))


def history() -> OperatedPods:
    """Return the pods of CloudNativePG that keep the history; they replicate among themselves."""
    pods = OperatedPods(
        HISTORY,
        (("cnpg.io/cluster", HISTORY),),
        SMALL,
        count=2,
        storage="1Gi",
        ports=(postgresql.PORT, METRICS, Port("status", 8000, service=False)),
        kubernetes_api=True,
        operator="cnpg-system",
        metrics=(Metrics(METRICS.name),),
    )
    return replace(pods, calls=(pods.endpoint("floe-platform", "cluster.local").only("postgresql"),))


def _server(context: Context[MonitorConfig], database: Endpoint, targets: tuple[ScrapeTarget, ...]) -> Workload:
    urls = [target.endpoint.url(path=target.path) for target in targets if target.endpoint.port().service]
    container = Container(
        NAME,
        "ghcr.io/acme/vigil:2.1.0",
        SMALL,
        variables=(Variable("VIGIL_URL", interface=NAME),),
        ports=(HTTP,),
        liveness=Probe(HTTP.name, "/-/alive"),
        readiness=Probe(HTTP.name, HTTP.health),
        config=(ConfigFile(CONFIG, json.dumps(urls, indent=2) + "\n", NAME),),
        secret_files=(SecretFile(PASSWORD, _secret(context.instance).key("password")),),
    )
    exchange = Endpoint("sts.example.com", (Port("https", 443, scheme="https"),), cidr="203.0.113.0/24")
    pod = Pod(
        (container,),
        USER,
        calls=(
            database,
            *(target.endpoint for target in targets if target.endpoint.group != server(context.instance).group),
        ),
        waits_for=(database,),
        kubernetes_api=(PolicyRule(("",), ("configmaps",), ("get", "update"), names=("vigil-state",)),),
        workload_identity=WorkloadIdentity(
            (("cloud.example.com/client", "vigil"),), (("cloud.example.com/use", "true"),), (exchange,)
        ),
    )
    return Workload(
        NAME,
        pod,
        replicas=Scaling(2, context.config.most, 70),
        interfaces=(Interface(NAME, HTTP.name, authenticates=True),),
        metrics=(Metrics(HTTP.name, job="monitor", panels=(FINDINGS,), runs=(RUNS,)),),
    )


def _agent(context: Context[MonitorConfig]) -> Workload:
    called = (context.required(Monitor).endpoint,)
    health = Probe(command=("vigil-agent", "check"))
    image = "ghcr.io/acme/vigil-agent:2.1.0"
    container = Container("agent", image, SMALL, ports=(REPORT,), liveness=health, readiness=health)
    pod = Pod((container,), USER, calls=called, waits_for=called)
    return Workload(AGENT, pod, replicas=2, metrics=(Metrics(REPORT.name, context.config.path),))


def _backup(database: DatabaseBackup) -> Task:
    server, name = database.endpoint, f"backup-{database.database}"
    command = ("pg_dump", "--host", server.host, "--username", database.user, database.database)
    container = Container(
        "dump", database.image, SMALL, command, secret_files=(SecretFile(PASSWORD, database.password),)
    )
    return Task(name, Pod((container,), USER, calls=(server,)), deadline=3600, schedule="0 3 * * *")


def _secret(instance: Instance[MonitorConfig]) -> Secret:
    keys = (SecretKey("username", "vigil"), SecretKey("password", generated=32))
    return Secret("vigil-history", instance.namespace, keys, "kubernetes.io/basic-auth")


def _cluster(instance: Instance[MonitorConfig], pods: OperatedPods, secret: Secret) -> Object:
    spec = {
        "instances": pods.count,
        "inheritedMetadata": {"labels": dict(sorted(pod_labels(pods).items()))},
        "bootstrap": {"initdb": {"database": "vigil", "owner": "vigil", "secret": {"name": secret.name}}},
        "storage": {"size": pods.storage},
        "resources": {
            "requests": {"cpu": pods.resources.cpu, "memory": pods.resources.memory},
            "limits": {"cpu": pods.resources.cpu_limit, "memory": pods.resources.memory_limit},
        },
    }
    return manifest("postgresql.cnpg.io/v1", "Cluster", HISTORY, labels.selector(instance, HISTORY), spec=spec)


COMPONENT = Component(
    slot="monitoring",
    type="vigil",
    name=NAME,
    summary="A monitor with an agent in each domain",
    config=MonitorConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    completes=completes,
    scope="each",
)
