"""A small mesh for tests: capabilities as the platform's components provide them, and data products."""

from __future__ import annotations

from typing import Any

from floe_compiler.components import orchestrator_kubernetes
from floe_compiler.kit.products.lakehouse import Lakehouse
from floe_compiler.model.capabilities import (
    Capability,
    Catalog,
    Collector,
    Compute,
    Database,
    FromVariable,
    Lineage,
    ObjectStore,
)
from floe_compiler.model.catalog_clients import CatalogClient, OAuth2Credentials
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import Scratch, Variable
from floe_compiler.model.inputs import DataProduct
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Product
from floe_compiler.model.secrets import Secret, SecretKey
from support import PRODUCTION, context_of, contributed, unit_of

PLATFORM = "floe-platform"
SALES = "floe-sales-domain"


def _service(name: str, number: int, namespace: str = PLATFORM, scheme: str = "http") -> Endpoint:
    return service_endpoint(name, namespace, "cluster.local", (Port(scheme, number, scheme=scheme),))


def _client(domain: str, name: str) -> CatalogClient:
    own = f"polaris-client-{domain}-{name}"
    secret = Secret(own, PLATFORM, (SecretKey("client-id"), SecretKey("client-secret", generated=32)))
    token_url = "http://polaris.floe-platform.svc.cluster.local:8181/api/catalog/v1/oauth/tokens"
    credentials = OAuth2Credentials(
        secret.key("client-id"), secret.key("client-secret"), token_url, "PRINCIPAL_ROLE:ALL"
    )
    return CatalogClient(name, credentials)


NAMES = ("bad", "broken", "by-hand", "config", "customer-360", "good", "order-analytics", "stopped")
"""The products of `sales` in tests."""

_KEYS = Secret("minio-warehouse", PLATFORM, (SecretKey("access-key"), SecretKey("secret-key", generated=32)))
_DATABASE = Secret("dagster-postgresql", SALES, (SecretKey("username", "dagster"), SecretKey("password", generated=32)))

CATALOG = Catalog(
    name="polaris",
    endpoint=_service("polaris", 8181),
    uri="http://polaris.floe-platform.svc.cluster.local:8181/api/catalog",
    warehouse="acme",
    clients={
        "marketing": (_client("marketing", "campaign-perf"),),
        "sales": tuple(_client("sales", name) for name in NAMES),
    },
    headers=(("Polaris-Realm", "floe"),),
    prefix="POLARIS_",
    variables=(Variable("POLARIS_HOST", "polaris.floe-platform.svc.cluster.local"),),
)
STORE = ObjectStore(
    name="warehouse",
    endpoint=_service("minio", 9000),
    kind="s3",
    bucket="warehouse",
    warehouse="s3://warehouse/",
    region="us-east-1",
    url="http://minio.floe-platform.svc.cluster.local:9000",
    path_style=True,
    access_key=_KEYS.key("access-key"),
    secret_key=_KEYS.key("secret-key"),
)
COLLECTOR = Collector(
    name="opentelemetry",
    grpc=_service("otel-collector", 4317),
    http=_service("otel-collector", 4318),
)
LINEAGE = Lineage("marquez", _service("marquez", 5000), "http://marquez.floe-platform.svc.cluster.local:5000")
COMPUTE = Compute(
    name="duckdb",
    engine="duckdb",
    connection=(("database", FromVariable("DUCKDB_PATH")),),
    threads=2,
    variables=(Variable("DUCKDB_PATH", "/var/duckdb/local.duckdb"),),
    scratch=(Scratch("/var/duckdb", "10Gi"),),
)
DATABASE = Database(
    name="dagster-postgresql/dagster",
    endpoint=_service("dagster-postgresql", 5432, SALES, "postgresql"),
    database="dagster",
    user="dagster",
    password=_DATABASE.key("password"),
)
LAKEHOUSE = Lakehouse(CATALOG, CATALOG.client("sales", "customer-360"), "sales__customer_360", STORE)
EVERYTHING: tuple[Capability, ...] = (CATALOG, STORE, COLLECTOR, LINEAGE, COMPUTE, DATABASE)

STEPS: list[dict[str, Any]] = [
    {
        "name": "load-orders",
        "type": "dlt",
        "script": "pipelines/orders.py",
        "variables": {"SHOP": "eu $1"},
        "secrets": {"API_KEY": {"secret": "shop-api", "key": "token"}},
        "connects": [{"host": "api.shop.example", "cidr": "203.0.113.0/24"}],
    },
    {"name": "transform", "type": "dbt", "select": ["tag:daily", "customers+"]},
    {
        "name": "verify",
        "type": "quality",
        "data_source": "soda/source.yml",
        "contracts": ["soda/customers.yml", "soda/segments.yml"],
        "secrets": {"API_KEY": {"secret": "soda-cloud", "key": "token"}},
    },
]


def product(name: str = "customer-360", domain: str = "sales", **changes: Any) -> Product:
    """Return a data product: three steps, every day at five in Berlin, unless changed."""
    spec: dict[str, Any] = {
        "apiVersion": "floe.dev/v1",
        "kind": "DataProduct",
        "metadata": {
            "name": name,
            "version": "1.4.2",
            "owner": "team@acme.example",
            "description": "All of a customer",
        },
        "image": "acme/customer-360:1.4.2",
        "schedule": {"cron": "0 5 * * *", "time_zone": "Europe/Berlin"},
        "outputs": [{"name": "segments"}],
        "inputs": [{"product": "campaign-perf", "output": "clicks", "domain": "marketing"}],
        "steps": STEPS,
    }
    return Product(name, domain, DataProduct.model_validate({**spec, **changes}))


def contributed_to_product(capability: Capability, *capabilities: Capability) -> str:
    """Return what a data product with one step in dbt gets from a capability beside those of `capabilities`."""
    return contributed(_rendered((capability, *capabilities)), without=_rendered(capabilities))


def _rendered(capabilities: tuple[Capability, ...]) -> tuple[Object, ...]:
    component = orchestrator_kubernetes.COMPONENT
    product_ = product(steps=[{"name": "transform", "type": "dbt"}])
    context = context_of(component, settings=PRODUCTION, capabilities=capabilities, scope="sales", products=[product_])
    return unit_of(component, context).objects
