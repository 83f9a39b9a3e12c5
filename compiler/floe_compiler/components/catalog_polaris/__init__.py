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

from floe_compiler.components.catalog_polaris import clients, management, server
from floe_compiler.components.catalog_polaris.clients import NAME
from floe_compiler.components.catalog_polaris.server import (
    IDENTITY,
    VERSION,
    database_variables,
    realm,
    writable,
)
from floe_compiler.components.catalog_polaris.settings import PolarisConfig
from floe_compiler.kit import deadlines
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import Catalog, Collector, Database, ObjectStore
from floe_compiler.model.data_access import by_domain
from floe_compiler.model.facts import ConfigFile, Container, Parts, Pod, Resources, SecretFile, Task, Variable
from floe_compiler.model.plan import Component, Context, DatabaseNeed, Instance, Requirement
from floe_compiler.model.secrets import Secret, SecretKey

TOOL_IMAGE = f"docker.io/apache/polaris-admin-tool:{VERSION}"
SETUP_IMAGE = "docker.io/library/python:3.12.12-slim-bookworm"
ROOT = "root"
"""The principal that bootstrap creates; only the setup task logs in as it."""

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


def root_secret(instance: Instance[PolarisConfig]) -> Secret:
    """Return the root principal's credentials. Only the first bootstrap reads the secret."""
    keys = (SecretKey("client-id", literal=ROOT), SecretKey("client-secret", generated=32))
    return Secret(f"{NAME}-root", instance.namespace, keys)


def provides(instance: Instance[PolarisConfig]) -> tuple[Catalog, ...]:
    """Return the catalog, with a client for each data product."""
    endpoint = clients.endpoint(instance)
    return (
        Catalog(
            name=NAME,
            endpoint=endpoint,
            uri=endpoint.url(path="/api/catalog"),
            warehouse=instance.config.warehouse,
            clients=by_domain(instance.served, lambda product: clients.client(instance, product)),
            vends_credentials="by-the-store",
            headers=(("Polaris-Realm", realm(instance)),),
            prefix="POLARIS_",
            variables=(Variable("POLARIS_HOST", endpoint.host),),
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
    setup_pod, endpoints = _setup_pod(context), (clients.endpoint(context.instance),)
    tasks = (
        _bootstrap(context),
        Task(f"{NAME}-setup", setup_pod, deadlines.PREPARATION, retries=TASK_RETRIES, prepares=endpoints),
        Task(f"{NAME}-access", setup_pod, ACCESS_DEADLINE, schedule=ACCESS_SCHEDULE),
    )
    return Parts(workloads=(server.workload(context),), tasks=tasks)


def _bootstrap(context: Context[PolarisConfig]) -> Task:
    database = context.required(Database)
    container = Container(
        name="bootstrap",
        image=TOOL_IMAGE,
        resources=TASK_RESOURCES,
        command=("bash", BOOTSTRAP_SCRIPT),
        variables=(
            *database_variables(database),
            Variable("REALM", realm(context.instance)),
            Variable("ROOT_ID", ROOT),
            Variable("ROOT_SECRET", ROOT_SECRET),
        ),
        config=(ConfigFile(BOOTSTRAP_SCRIPT, script(__name__, "polaris-bootstrap.sh"), f"{NAME}-bootstrap"),),
        secret_files=(SecretFile(ROOT_SECRET, root_secret(context.instance).key("client-secret")),),
        writable_root=writable(context.config),
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
