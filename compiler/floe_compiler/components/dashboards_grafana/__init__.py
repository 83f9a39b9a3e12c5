"""Grafana: dashboards of the platform, of its domains and products, and of each component.

Everything is provisioned from files: data sources, and dashboards that are derived from the facts of all namespaces.
What people make by hand, and who they are, is in a database: a file in the pod, or PostgreSQL.

Sources: grafana 13.2 (`Dockerfile`, `packaging/docker/run.sh`: user 472, paths; `pkg/api/http_server.go`: `/healthz`
answers without asking the database, `/api/health` asks it). The image itself was not tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_compiler.components.dashboards_grafana import configuration, platform
from floe_compiler.components.dashboards_grafana.component import component_dashboard
from floe_compiler.components.dashboards_grafana.frame import FOLDERS, OVERVIEW, Dashboard
from floe_compiler.components.dashboards_grafana.settings import GrafanaConfig, OidcLogin
from floe_compiler.kit import resources
from floe_compiler.kit.tls import certificate_folder, for_web, secured
from floe_compiler.model.capabilities import Database, MetricsStore, TraceStore
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import (
    ConfigFile,
    Container,
    Identity,
    Parts,
    Pod,
    Probe,
    Scratch,
    SecretFile,
    Variable,
    Workload,
)
from floe_compiler.model.hosts import host_of
from floe_compiler.model.mesh_facts import MeshFacts, ScrapeTarget
from floe_compiler.model.operations import Interface, Metrics, Panel
from floe_compiler.model.plan import Component, Context, DatabaseNeed, Instance, Refusal, Requirement
from floe_compiler.model.secrets import Secret, SecretKey

IMAGE = "docker.io/grafana/grafana:13.2.0"
IDENTITY = Identity(472, 472, 472)
HTTP = Port("http", 3000, health="/api/health")
SETTINGS = "/etc/grafana/grafana.ini"
PROVISIONING = "/etc/grafana/provisioning"
DATA = "/var/lib/grafana"

# Ten minutes: a new database gets some hundred migrations, one by one.
STARTUP = Probe(port=HTTP.name, path=HTTP.health, period=10, timeout=5, failures=60)
# Not /api/health: an outage of the database would restart all replicas.
LIVENESS = Probe(port=HTTP.name, path="/healthz", period=10, timeout=5, failures=3)
READINESS = Probe(port=HTTP.name, path=HTTP.health, period=10, timeout=5, failures=3)

REPLICATED = {"replicas": 2, "database": {"type": "postgresql"}}

PANELS = (
    Panel(
        "Requests",
        "sum by (status_code) (rate(grafana_http_request_duration_seconds_count{$target}[$interval]))",
        "per second",
        "{{status_code}}",
        stacked=True,
    ),
    Panel(
        "Queries of data sources",
        "sum by (plugin_id, status) (rate(grafana_plugin_request_total{$target}[$interval]))",
        "per second",
        "{{plugin_id}} {{status}}",
        stacked=True,
    ),
)


def databases(instance: Instance[GrafanaConfig]) -> tuple[DatabaseNeed, ...]:
    """Return the database of Grafana, if it has one."""
    choice = instance.config.database
    return (DatabaseNeed(choice, "grafana", "grafana"),) if choice else ()


def requires(_instance: Instance[GrafanaConfig]) -> tuple[Requirement, ...]:
    """Return the requirements: the metrics, and the traces, if there are any."""
    return (Requirement(MetricsStore), Requirement(TraceStore, optional=True))


def refuses(context: Context[GrafanaConfig]) -> Iterator[Refusal]:
    """Refuse replicas that know nothing of each other, and settings that Grafana cannot use."""
    config, database = context.config, context.optional(Database)
    if config.replicas > 1 and config.database is None:
        yield Refusal(
            f"runs {config.replicas} replicas, each with users and sessions of its own, as they share no database",
            hint="add database: {type: postgresql}, or set replicas: 1",
            path=("replicas",),
        )
    if config.login and not config.url:
        yield Refusal(
            "has a login, but no url, to which the identity provider sends people back",
            hint="set url to the address at which people open it, such as https://grafana.example.com",
            path=("login",),
        )
    if database and database.ssl_mode == "prefer":
        yield Refusal(
            "cannot use tls: prefer for its database, as it either requires TLS or does without",
            hint="set tls: require",
            path=("database", "tls"),
        )


def build(context: Context[GrafanaConfig]) -> Parts:
    """Return the server, with the dashboards that depend on no facts of other components."""
    return _parts(context, MeshFacts())


def completes(context: Context[GrafanaConfig], mesh: MeshFacts) -> Parts:
    """Return the server with a dashboard for each component that has metrics."""
    return _parts(context, mesh)


def dashboards(context: Context[GrafanaConfig], mesh: MeshFacts) -> tuple[Dashboard, ...]:
    """Return all dashboards."""
    store, own = context.optional(TraceStore), context.settings.environment.platform_namespace
    with_traces = bool(store and store.query)
    domains = sorted({namespace.name for namespace in mesh.namespaces} - {own})
    jobs: dict[str, list[ScrapeTarget]] = {}
    for target in mesh.scrape_targets:
        jobs.setdefault(target.job, []).append(target)
    runs = sorted({run for target in mesh.scrape_targets for run in target.runs})
    title = f"{context.settings.platform.name} {context.settings.environment.name}"
    return (
        platform.overview(title, (*domains, own), sorted(jobs), runs, with_traces=with_traces),
        platform.domain((*domains, own), runs, with_traces=with_traces),
        platform.product(domains or (own,), runs, with_traces=with_traces),
        *(component_dashboard(job, targets) for job, targets in sorted(jobs.items())),
    )


def _parts(context: Context[GrafanaConfig], mesh: MeshFacts) -> Parts:
    instance, config, settings = context.instance, context.config, for_web(context.settings)
    container = Container(
        name="grafana",
        image=IMAGE,
        resources=resources.declared(config.resources),
        variables=(Variable("GOMEMLIMIT", resources.memory_goal(config.resources.limits.memory)),),
        ports=(secured(HTTP, settings),),
        startup=STARTUP,
        liveness=LIVENESS,
        readiness=READINESS,
        config=tuple(_files(context, dashboards(context, mesh))),
        secret_files=tuple(_secret_files(context)),
        scratch=(Scratch(DATA, "512Mi"),),
        certificate=certificate_folder(settings),
    )
    return Parts(
        (
            Workload(
                name=instance.name,
                pod=_pod(context, container),
                replicas=config.replicas,
                # Nobody needs it, and it answers without the servers that it asks.
                awaited=False,
                single="" if config.database else "Its users and sessions are in a file of the pod.",
                interfaces=(
                    Interface(
                        instance.name,
                        HTTP.name,
                        authenticates=True,
                        address_setting="url",
                        address=context.config.url or "",
                    ),
                ),
                metrics=(Metrics(HTTP.name, panels=PANELS),),
            ),
        )
    )


def _pod(context: Context[GrafanaConfig], container: Container) -> Pod:
    store, database = context.optional(TraceStore), context.optional(Database)
    called = [
        context.required(MetricsStore).endpoint,
        *(context.config.login.servers() if context.config.login else ()),
    ]
    if store and store.query:
        called.append(store.query)
    waits = (database.endpoint,) if database else ()
    return Pod((container,), IDENTITY, calls=(*called, *waits), waits_for=waits)


def _files(context: Context[GrafanaConfig], shown: Iterable[Dashboard]) -> Iterator[ConfigFile]:
    config, name = context.config, context.instance.name
    server = configuration.Server(
        port=HTTP.number,
        home=_path(OVERVIEW, "platform"),
        url=config.url or "",
        certificate=certificate_folder(for_web(context.settings)),
        login=config.login,
        database=context.optional(Database),
    )
    links = (
        *((host_of(config.url),) if config.url else ()),
        *((host_of(config.login.auth_url),) if config.login else ()),
    )
    yield ConfigFile(SETTINGS, configuration.settings_file(server), name, single=True, links=links)
    sources = configuration.data_sources(context.required(MetricsStore), context.optional(TraceStore))
    yield ConfigFile(f"{PROVISIONING}/datasources/platform.yaml", sources, f"{name}-datasources")
    providers = configuration.providers(FOLDERS)
    yield ConfigFile(f"{PROVISIONING}/dashboards/platform.yaml", providers, f"{name}-dashboards")
    for dashboard in shown:
        # Each in a ConfigMap of its own, as all together may be too large for one.
        yield ConfigFile(
            _path(dashboard.uid, dashboard.folder), dashboard.text, f"{name}-{dashboard.uid.removeprefix('floe-')}"
        )


def _path(uid: str, folder: str) -> str:
    return f"{configuration.DASHBOARDS}/{folder}/{uid}/{uid}.json"


def _secret_files(context: Context[GrafanaConfig]) -> Iterator[SecretFile]:
    keys, database, login = administrator(context.instance), context.optional(Database), context.config.login
    yield SecretFile(configuration.ADMINISTRATOR, keys.key("username"))
    yield SecretFile(configuration.ADMINISTRATOR_PASSWORD, keys.key("password"))
    yield SecretFile(configuration.SIGNING_KEY, keys.key("secret-key"))
    if login:
        client = client_secret(login, context.instance)
        yield SecretFile(configuration.CLIENT_ID, client.key(login.secret.keys.client_id))
        yield SecretFile(configuration.CLIENT_SECRET, client.key(login.secret.keys.client_secret))
    if database:
        yield SecretFile(configuration.DATABASE_PASSWORD, database.password)
    if database and database.user_key:
        yield SecretFile(configuration.DATABASE_USER, database.user_key)


def administrator(instance: Instance[GrafanaConfig]) -> Secret:
    """Return the administrator's login, which only a new database takes over, and the key for what is encrypted."""
    keys = (
        SecretKey("username", literal="admin"),
        SecretKey("password", generated=32),
        SecretKey("secret-key", generated=32),
    )
    return Secret(f"{instance.name}-admin", instance.namespace, keys)


def client_secret(login: OidcLogin, instance: Instance[GrafanaConfig]) -> Secret:
    """Return the ID and secret of Grafana's client, which the identity provider issues; they are never generated."""
    keys = login.secret.keys
    return Secret(
        login.secret.name,
        instance.namespace,
        (SecretKey(keys.client_id), SecretKey(keys.client_secret)),
        existing=login.secret.existing,
    )


COMPONENT = Component(
    slot="observability.dashboards",
    type="grafana",
    summary="Grafana: dashboards of the platform, its domains, products and components",
    config=GrafanaConfig,
    build=build,
    databases=databases,
    requires=requires,
    refuses=refuses,
    completes=completes,
    profiles={"medium": REPLICATED, "heavy": REPLICATED},
    scope="platform",
)
