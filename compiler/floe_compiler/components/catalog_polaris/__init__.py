"""Apache Polaris: the Iceberg REST catalog that all data products share.

Sources, for version 1.7.0: apache/polaris `CHANGELOG.md`, `runtime/defaults/.../application.properties`, the
Dockerfiles of `runtime/server` and `runtime/admin` (user 10000:10001), `helm/polaris` (configuration folder, probes),
the sources of `polaris-core` 1.7.0 (privileges, credentials file, feature names) and the client `apache-polaris` 1.7.0
(requests). The setup task and what its grants allow were tested with Polaris 1.7.0, built from its sources, in memory
and with files as the store; clients (dlt, PyIceberg) and a read-only root file system with 1.4.1. Not tested: its state
in PostgreSQL, the admin tool and the images; `writable_root` is there in case the images need it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from floe_compiler.components.catalog_polaris import clients, management
from floe_compiler.components.catalog_polaris.clients import NAME
from floe_compiler.components.catalog_polaris.panels import PANELS
from floe_compiler.components.catalog_polaris.ports import HTTP, MANAGEMENT, ports, tls_properties
from floe_compiler.components.catalog_polaris.settings import PolarisConfig
from floe_compiler.kit import deadlines, postgresql
from floe_compiler.kit.resources import declared, replicas
from floe_compiler.kit.scripts import script
from floe_compiler.kit.store_logins import login_files, login_variables
from floe_compiler.kit.tls import certificate_folder
from floe_compiler.kit.trust import CERTIFICATES_FILE
from floe_compiler.model.capabilities import Catalog, Collector, Database, ObjectStore
from floe_compiler.model.data_access import by_domain
from floe_compiler.model.facts import (
    ConfigFile,
    Container,
    Identity,
    Parts,
    Pod,
    Probe,
    Resources,
    SecretFile,
    Task,
    Variable,
    Workload,
)
from floe_compiler.model.operations import Interface, Metrics
from floe_compiler.model.plan import Component, Context, DatabaseNeed, Instance, Requirement
from floe_compiler.model.secrets import Secret, SecretKey

# One fixed version for server and tool: Polaris never migrates its tables by itself, and PyIceberg and Polaris have
# been incompatible before. 1.7.0 is the first version whose bootstrap can be repeated; later versions no longer create
# the database schema in bootstrap. It works with PyIceberg 0.12 and DuckDB 1.5.
VERSION = "1.7.0"
SERVER_IMAGE = f"docker.io/apache/polaris:{VERSION}"
TOOL_IMAGE = f"docker.io/apache/polaris-admin-tool:{VERSION}"
SETUP_IMAGE = "docker.io/library/python:3.12.12-slim-bookworm"
IDENTITY = Identity(10000, 10001, 10001)
ROOT = "root"
"""The principal that bootstrap creates; only the setup task logs in as it."""

CONFIGURATION = "/deployments/config/application.properties"
KEY_FILE = "/run/secrets/token-broker/symmetric-key"
ROOT_SECRET = "/run/secrets/polaris-root/client-secret"  # noqa: S105 - a path
CLIENT_SECRETS = "/run/secrets/clients"
BOOTSTRAP_SCRIPT = "/scripts/polaris-bootstrap.sh"
SETUP_SCRIPT = "/setup/polaris_setup.py"
SETUP_FILE = "/setup/setup.json"
TASK_RESOURCES = Resources(cpu="100m", memory="256Mi", cpu_limit="1", memory_limit="768Mi")
SETUP_RESOURCES = Resources(cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="128Mi")
TASK_RETRIES = 5
SETUP_PATIENCE = 300
ACCESS_SCHEDULE = "*/5 * * * *"
ACCESS_DEADLINE = 600

FROM_CONFIGURATION = "Quarkus takes the password from its configuration, which a mounted key is not"
FROM_ENVIRONMENT = "the AWS SDK takes keys from variables, or from an INI file that no single secret key is"


def realm(instance: Instance[PolarisConfig]) -> str:
    """Return the realm's name."""
    return instance.config.realm or instance.settings.platform.name


def root_secret(instance: Instance[PolarisConfig]) -> Secret:
    """Return the root principal's credentials. Only the first bootstrap reads the secret."""
    keys = (SecretKey("client-id", literal=ROOT), SecretKey("client-secret", generated=32))
    return Secret(f"{NAME}-root", instance.namespace, keys)


def broker_secret(instance: Instance[PolarisConfig]) -> Secret:
    """Return the key that signs tokens. All replicas share it, so that each accepts the tokens of the others."""
    return Secret(f"{NAME}-token-broker", instance.namespace, (SecretKey("symmetric-key", generated=64),))


def provides(instance: Instance[PolarisConfig]) -> tuple[Catalog, ...]:
    """Return the catalog, with a client for each data product."""
    server = clients.endpoint(instance)
    return (
        Catalog(
            name=NAME,
            endpoint=server,
            uri=server.url(path="/api/catalog"),
            warehouse=instance.config.warehouse,
            clients=by_domain(instance.served, lambda product: clients.client(instance, product)),
            vends_credentials="by-the-store",
            headers=(("Polaris-Realm", realm(instance)),),
            prefix="POLARIS_",
            variables=(Variable("POLARIS_HOST", server.host),),
        ),
    )


def requires(_instance: Instance[PolarisConfig]) -> tuple[Requirement, ...]:
    """Return what Polaris needs: the warehouse's object store, and a collector if there is one."""
    return (Requirement(ObjectStore), Requirement(Collector, optional=True))


def databases(instance: Instance[PolarisConfig]) -> tuple[DatabaseNeed, ...]:
    """Return its database, which is required, as Polaris would otherwise lose its tables on each restart."""
    return (DatabaseNeed(instance.config.database, database=NAME, user=NAME),)


def build(context: Context[PolarisConfig]) -> Parts:
    """Return the servers, and the tasks that bootstrap it, set up the catalog and its clients, and keep their access.

    A table can only be granted once it exists, and the grant ends with it. So the last task repeats the setup.
    """
    setup, server = _setup_pod(context), (clients.endpoint(context.instance),)
    tasks = (
        _bootstrap(context),
        Task(f"{NAME}-setup", setup, deadlines.PREPARATION, retries=TASK_RETRIES, prepares=server),
        Task(f"{NAME}-access", setup, ACCESS_DEADLINE, schedule=ACCESS_SCHEDULE),
    )
    return Parts(workloads=(_server(context),), tasks=tasks)


def _server(context: Context[PolarisConfig]) -> Workload:
    config, store, collector = context.config, context.required(ObjectStore), context.optional(Collector)
    database = context.required(Database)
    health = Probe(port=MANAGEMENT.name, path="/q/health/live", timeout=10)
    container = Container(
        name=NAME,
        image=SERVER_IMAGE,
        resources=declared(config.resources),
        variables=(*_database_variables(database), *_store_variables(store)),
        ports=ports(context.settings),
        # The management port, as the API requires a login. A JVM with little CPU starts slowly.
        startup=Probe(port=MANAGEMENT.name, path="/q/health/live", timeout=10, failures=30),
        liveness=health,
        readiness=Probe(port=MANAGEMENT.name, path=MANAGEMENT.health, timeout=10),
        config=(ConfigFile(CONFIGURATION, properties_file(properties(context)), NAME),),
        secret_files=(
            SecretFile(KEY_FILE, broker_secret(context.instance).key("symmetric-key")),
            *login_files(store, store.login()),
        ),
        # It takes a moment until the Service no longer routes to a terminating pod.
        before_stop=("sleep", "5"),
        writable_root=_writable(config),
        certificate=certificate_folder(context.settings),
        truststore=True,
    )
    return Workload(
        name=NAME,
        replicas=replicas(config.replicas),
        available=1,
        interfaces=(Interface(NAME, HTTP.name, authenticates=True, for_programs=True, health=MANAGEMENT.name),),
        metrics=(Metrics(MANAGEMENT.name, "/q/metrics", panels=PANELS),),
        pod=Pod(
            containers=(container,),
            identity=IDENTITY,
            calls=(database.endpoint, *store.calls(), *store.issuers, *((collector.grpc,) if collector else ())),
            waits_for=(database.endpoint,),
            workload_identity=store.identity,
        ),
    )


def properties(context: Context[PolarisConfig]) -> Mapping[str, str]:
    """Return the server's configuration, without secrets."""
    instance, collector = context.instance, context.optional(Collector)
    values = {
        "polaris.realm-context.realms": realm(instance),
        "polaris.authentication.token-broker.type": "symmetric-key",
        "polaris.authentication.token-broker.symmetric-key.file": KEY_FILE,
        'polaris.features."SUPPORTED_CATALOG_STORAGE_TYPES"': json.dumps(
            [management.STORAGE_TYPES[context.required(ObjectStore).kind]]
        ),
        # Only the setup task may change the catalog, and it must be able to change the role.
        'polaris.features."ALLOW_UNRESTRICTED_STORAGE_CONFIG_ROLE_CHANGES"': "true",
        "quarkus.log.console.json.enabled": "true",
        "quarkus.otel.sdk.disabled": "false" if collector else "true",
        **tls_properties(instance.settings),
    }
    if collector:
        values["quarkus.otel.exporter.otlp.endpoint"] = collector.grpc.url()
        if collector.grpc.port().tls:
            # Quarkus' exporter is not built on Java's own TLS, and does not read its truststore.
            values["quarkus.otel.exporter.otlp.trust-cert.certs"] = CERTIFICATES_FILE
        values["quarkus.otel.service.name"] = NAME
        values["quarkus.otel.resource.attributes"] = (
            f"deployment.environment.name={instance.settings.environment.name},service.namespace={instance.settings.platform.name}"
        )
    return values


def properties_file(values: Mapping[str, str]) -> str:
    """Return a Java properties file. Keys and values need no escapes here."""
    return "".join(f"{key}={value}\n" for key, value in sorted(values.items()))


def _database_variables(database: Database) -> tuple[Variable, ...]:
    return (
        Variable("POLARIS_PERSISTENCE_TYPE", "relational-jdbc"),
        Variable("QUARKUS_DATASOURCE_JDBC_URL", postgresql.jdbc_url(database)),
        postgresql.user_variable("QUARKUS_DATASOURCE_USERNAME", database),
        Variable("QUARKUS_DATASOURCE_PASSWORD", secret=database.password, reason=FROM_CONFIGURATION),
        # On by default, into a folder of the image; older versions of Polaris set it by its old name.
        Variable("QUARKUS_LOG_FILE_ENABLED", "false"),
        Variable("QUARKUS_LOG_FILE_ENABLE", "false"),
    )


def _store_variables(store: ObjectStore) -> tuple[Variable, ...]:
    region = (Variable("AWS_REGION", store.region),) if store.kind == "s3" else ()
    return (*login_variables(store, store.login(), FROM_ENVIRONMENT), *region)


def _bootstrap(context: Context[PolarisConfig]) -> Task:
    database = context.required(Database)
    container = Container(
        name="bootstrap",
        image=TOOL_IMAGE,
        resources=TASK_RESOURCES,
        command=("bash", BOOTSTRAP_SCRIPT),
        variables=(
            *_database_variables(database),
            Variable("REALM", realm(context.instance)),
            Variable("ROOT_ID", ROOT),
            Variable("ROOT_SECRET", ROOT_SECRET),
        ),
        config=(ConfigFile(BOOTSTRAP_SCRIPT, script(__name__, "polaris-bootstrap.sh"), f"{NAME}-bootstrap"),),
        secret_files=(SecretFile(ROOT_SECRET, root_secret(context.instance).key("client-secret")),),
        writable_root=_writable(context.config),
    )
    pod = Pod((container,), IDENTITY, calls=(database.endpoint,), waits_for=(database.endpoint,))
    prepares = (clients.endpoint(context.instance),)
    return Task(f"{NAME}-bootstrap", pod, deadlines.PREPARATION, retries=TASK_RETRIES, prepares=prepares)


def _setup_pod(context: Context[PolarisConfig]) -> Pod:
    instance, name = context.instance, f"{NAME}-setup"
    secrets = [
        SecretFile(
            f"{CLIENT_SECRETS}/{management.client_name(product.domain, product.name)}",
            clients.client_secret(instance, product.domain, product.name).key("client-secret"),
        )
        for product in instance.served
    ]
    container = Container(
        name="setup",
        image=SETUP_IMAGE,
        resources=SETUP_RESOURCES,
        command=("python", "-B", SETUP_SCRIPT, SETUP_FILE),
        config=(
            ConfigFile(SETUP_SCRIPT, script(__name__, "polaris_setup.py"), name),
            ConfigFile(SETUP_FILE, json.dumps(setup(context), indent=2) + "\n", name),
        ),
        secret_files=(SecretFile(ROOT_SECRET, root_secret(instance).key("client-secret")), *secrets),
    )
    return Pod((container,), IDENTITY, calls=(clients.endpoint(instance),))


def setup(context: Context[PolarisConfig]) -> Mapping[str, object]:
    """Return the desired state for the setup script."""
    instance = context.instance
    return {
        "url": clients.endpoint(instance).url(),
        "realm": realm(instance),
        "patience_seconds": SETUP_PATIENCE,
        "root": {"client_id": ROOT, "secret_file": ROOT_SECRET},
        "catalog": management.catalog(context.config.warehouse, context.required(ObjectStore)),
        "privileges": management.PRIVILEGES,
        "clients": management.clients(instance.served, CLIENT_SECRETS),
    }


def _writable(config: PolarisConfig) -> str:
    return "configured: the image needs it" if config.writable_root else ""


COMPONENT = Component(
    slot="catalog",
    type="polaris",
    summary="Apache Polaris, the Iceberg REST catalog",
    config=PolarisConfig,
    build=build,
    provides=provides,
    requires=requires,
    databases=databases,
    scope="platform",
    profiles={
        "light": {
            "replicas": 1,
            "resources": {"requests": {"cpu": "250m", "memory": "768Mi"}, "limits": {"cpu": "1", "memory": "1536Mi"}},
        },
        "heavy": {
            "replicas": 3,
            "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "4", "memory": "4Gi"}},
        },
    },
)
