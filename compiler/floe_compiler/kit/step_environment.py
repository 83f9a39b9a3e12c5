"""What every step of a data product is told about the platform: environment variables, from the capabilities it has.

The names of the platform's own contract stand in `environment_names`. The others are those that the programs really
read: PyIceberg 0.12 (`pyiceberg/utils/config.py`), dlt 1.31 (`DESTINATION__...`), botocore, the OpenTelemetry SDKs and
the OpenLineage clients; dlt and PyIceberg were run with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.kit import environment_names as names
from floe_compiler.kit.steps import dbt_compute
from floe_compiler.model.capabilities import Catalog, Collector, Lineage, ObjectStore
from floe_compiler.model.facts import Variable
from floe_compiler.model.inputs import ProductInput
from floe_compiler.model.plan import Context, Product

ALL_ROLES = "PRINCIPAL_ROLE:ALL"
FROM_ENVIRONMENT = "Iceberg clients, dbt and the AWS SDKs take their credentials from the environment"
PYICEBERG = "PYICEBERG_CATALOG__DEFAULT__"
"""PyIceberg's `load_catalog()` without a name, and dlt, read the catalog `default`."""


def identifier(name: str) -> str:
    """Return a name as a part of an Iceberg identifier or of a variable's name: SQL has to quote hyphens."""
    return name.replace("-", "_")


def table(namespace: str, product: str, output: str) -> str:
    """Return the Iceberg table of an output: `sales.customer_360__segments`.

    One level of namespaces (the domain's own): DuckDB and Snowflake know no nested ones. Two underscores, as dbt users
    write names in two parts, so that `a` + `b-c` is not `a-b` + `c`.
    """
    return f"{namespace}.{identifier(product)}__{identifier(output)}"


def environment(context: Context[Any], product: Product) -> tuple[Variable, ...]:
    """Return the variables that all steps of a product have in common, each name once."""
    compute = dbt_compute(context, product)
    return distinct(
        (
            *_product(context, product),
            *_catalog(context.optional(Catalog), product),
            *_object_store(context.optional(ObjectStore), context.optional(Catalog)),
            *_telemetry(context.optional(Collector), context, product),
            *_lineage(context.optional(Lineage), context, product),
            *(compute.variables if compute else ()),
        )
    )


def distinct(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """Return each name once: what was said last, at the place of the first, as `$(NAME)` only looks back."""
    return tuple({variable.name: variable for variable in variables}.values())


def _product(context: Context[Any], product: Product) -> Iterator[Variable]:
    # No home folder in the image is writable, and none belongs to the user that the steps run as.
    yield Variable("HOME", "/tmp")  # noqa: S108 - the path in the container
    yield Variable("PYTHONUNBUFFERED", "1")
    yield Variable("FLOE_ENVIRONMENT", context.settings.environment)
    yield Variable("FLOE_DOMAIN", product.domain)
    yield Variable("FLOE_PRODUCT", product.name)
    yield Variable("FLOE_PRODUCT_VERSION", product.spec.metadata.version)


def _catalog(catalog: Catalog | None, product: Product) -> Iterator[Variable]:
    if catalog is None:
        return
    client = catalog.client(product.domain)
    yield Variable(names.POLARIS_HOST, catalog.endpoint.host)
    yield Variable(names.POLARIS_URI, catalog.url)
    yield Variable(names.POLARIS_TOKEN_URI, catalog.token_url)
    yield Variable(names.POLARIS_SCOPE, ALL_ROLES)
    yield Variable(names.POLARIS_WAREHOUSE, catalog.warehouse)
    yield Variable(names.POLARIS_NAMESPACE, client.namespace)
    yield Variable(names.POLARIS_CLIENT_ID, secret=client.client_id, reason=FROM_ENVIRONMENT)
    yield Variable(names.POLARIS_CLIENT_SECRET, secret=client.client_secret, reason=FROM_ENVIRONMENT)
    # Kubernetes puts the values of the two variables above in.
    yield Variable(names.POLARIS_CREDENTIAL, f"$({names.POLARIS_CLIENT_ID}):$({names.POLARIS_CLIENT_SECRET})")
    yield Variable(f"{PYICEBERG}TYPE", "rest")
    yield Variable(f"{PYICEBERG}URI", catalog.url)
    yield Variable(f"{PYICEBERG}WAREHOUSE", catalog.warehouse)
    yield Variable(f"{PYICEBERG}CREDENTIAL", f"$({names.POLARIS_CREDENTIAL})")
    yield Variable(f"{PYICEBERG}SCOPE", ALL_ROLES)
    yield Variable(f"{PYICEBERG}OAUTH2_SERVER_URI", catalog.token_url)
    yield Variable(f"{PYICEBERG}HEADER__POLARIS_REALM", catalog.realm)
    # PyIceberg asks for vended credentials unless told otherwise, and Polaris refuses a table to who asks for what it
    # does not vend (apache/polaris#2711). Steps have credentials of their own.
    yield Variable(f"{PYICEBERG}HEADER__X_ICEBERG_ACCESS_DELEGATION", "")
    yield from _tables(catalog, product)


def _tables(catalog: Catalog, product: Product) -> Iterator[Variable]:
    own = catalog.client(product.domain).namespace
    for output in product.spec.outputs:
        yield Variable(f"FLOE_OUTPUT_{identifier(output.name).upper()}", table(own, product.name, output.name))
    for one in product.spec.inputs:
        namespace = catalog.client(one.domain or product.domain).namespace
        yield Variable(input_name(product, one), table(namespace, one.product, one.output))


def input_name(product: Product, declared: ProductInput) -> str:
    """Return the name of the variable that holds an input's table: `FLOE_INPUT_SALES__CUSTOMER_360__SEGMENTS`."""
    parts = (declared.domain or product.domain, declared.product, declared.output)
    return "FLOE_INPUT_" + "__".join(identifier(part).upper() for part in parts)


def _object_store(store: ObjectStore | None, catalog: Catalog | None) -> Iterator[Variable]:
    if store is None:
        return
    yield Variable(names.WAREHOUSE_URL, store.warehouse)
    yield Variable("DESTINATION__FILESYSTEM__BUCKET_URL", store.warehouse)
    if store.kind != "s3":
        return
    yield Variable(names.AWS_REGION, store.region)
    # botocore, under dlt and s3fs, reads this name only.
    yield Variable("AWS_DEFAULT_REGION", store.region)
    if store.access_key and store.secret_key:
        yield Variable(names.AWS_ACCESS_KEY_ID, secret=store.access_key, reason=FROM_ENVIRONMENT)
        yield Variable(names.AWS_SECRET_ACCESS_KEY, secret=store.secret_key, reason=FROM_ENVIRONMENT)
    yield Variable(names.S3_URL_STYLE, "path" if store.path_style else "vhost")
    yield Variable(names.S3_USE_SSL, "false" if store.url.startswith("http://") else "true")
    yield Variable(names.S3_ENDPOINT, store.endpoint.address())
    if store.url:
        yield Variable(names.AWS_ENDPOINT_URL_S3, store.url)
        yield Variable("DESTINATION__FILESYSTEM__CREDENTIALS__ENDPOINT_URL", store.url)
    if catalog:
        yield Variable(f"{PYICEBERG}S3__REGION", store.region)
    if catalog and store.url:
        yield Variable(f"{PYICEBERG}S3__ENDPOINT", store.url)


def _telemetry(collector: Collector | None, context: Context[Any], product: Product) -> Iterator[Variable]:
    if collector is None:
        return
    attributes = {
        "deployment.environment.name": context.settings.environment,
        "service.namespace": product.domain,
        "service.version": product.spec.metadata.version,
    }
    yield Variable(names.OTLP_ENDPOINT, collector.grpc.url())
    yield Variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.grpc.url())
    yield Variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    yield Variable("OTEL_SERVICE_NAME", product.name)
    yield Variable("OTEL_RESOURCE_ATTRIBUTES", ",".join(f"{key}={value}" for key, value in attributes.items()))


def _lineage(lineage: Lineage | None, context: Context[Any], product: Product) -> Iterator[Variable]:
    if lineage is None:
        return
    yield Variable(names.OPENLINEAGE_URL, lineage.url)
    # One for each domain: two domains may well have jobs of one name.
    yield Variable(names.OPENLINEAGE_NAMESPACE, f"{context.settings.platform}.{product.domain}")
