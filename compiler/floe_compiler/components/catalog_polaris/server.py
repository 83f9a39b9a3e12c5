"""The server of Polaris: its pods, its configuration, and the login to its database."""

from __future__ import annotations

import json
from collections.abc import Mapping

from floe_compiler.components.catalog_polaris import management
from floe_compiler.components.catalog_polaris.clients import NAME
from floe_compiler.components.catalog_polaris.panels import PANELS
from floe_compiler.components.catalog_polaris.ports import HTTP, MANAGEMENT, ports, tls_properties
from floe_compiler.components.catalog_polaris.settings import PolarisConfig
from floe_compiler.kit import postgresql
from floe_compiler.kit.resources import declared, replicas
from floe_compiler.kit.store_logins import login_files, login_variables
from floe_compiler.kit.tls import certificate_folder
from floe_compiler.kit.trust import CERTIFICATES_FILE
from floe_compiler.model.capabilities import Collector, Database, ObjectStore
from floe_compiler.model.facts import ConfigFile, Container, Identity, Pod, Probe, SecretFile, Variable, Workload
from floe_compiler.model.operations import Interface, Metrics
from floe_compiler.model.plan import Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

# One fixed version for server and tool: Polaris never migrates its tables by itself, and PyIceberg and Polaris have
# been incompatible before. 1.7.0 is the first version whose bootstrap can be repeated; later versions no longer create
# the database schema in bootstrap. It works with PyIceberg 0.12 and DuckDB 1.5.
VERSION = "1.7.0"
SERVER_IMAGE = f"docker.io/apache/polaris:{VERSION}"
IDENTITY = Identity(10000, 10001, 10001)
CONFIGURATION = "/deployments/config/application.properties"
KEY_FILE = "/run/secrets/token-broker/symmetric-key"

FROM_CONFIGURATION = "Quarkus takes the password from its configuration, which a mounted key is not"
FROM_ENVIRONMENT = "the AWS SDK takes keys from variables, or from an INI file that no single secret key is"


def realm(instance: Instance[PolarisConfig]) -> str:
    """Return the realm's name."""
    return instance.config.realm or instance.settings.platform.name


def broker_secret(instance: Instance[PolarisConfig]) -> Secret:
    """Return the key that signs tokens. All replicas share it, so that each accepts the tokens of the others."""
    return Secret(f"{NAME}-token-broker", instance.namespace, (SecretKey("symmetric-key", generated=64),))


def workload(context: Context[PolarisConfig]) -> Workload:
    """Return the servers, behind one Service."""
    config, store, collector = context.config, context.required(ObjectStore), context.optional(Collector)
    database = context.required(Database)
    health = Probe(port=MANAGEMENT.name, path="/q/health/live", timeout=10)
    container = Container(
        name=NAME,
        image=SERVER_IMAGE,
        resources=declared(config.resources),
        variables=(*database_variables(database), *_store_variables(store)),
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
        writable_root=writable(config),
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


def database_variables(database: Database) -> tuple[Variable, ...]:
    """Return the variables by which Polaris and its admin tool log in to the database."""
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


def writable(config: PolarisConfig) -> str:
    """Return why the root file system of Polaris' containers is writable; empty if it is not."""
    return "configured: the image needs it" if config.writable_root else ""
