"""The environment variables of every step of a data product, from the capabilities of the platform.

The names of the platform's contract are in `environment_names`. The other names are those that the programs read: dlt
1.31 (`DESTINATION__...`), botocore, adlfs, the OpenTelemetry SDKs and the OpenLineage clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.kit.products import environment_names as names
from floe_compiler.kit.products.catalog import FROM_ENVIRONMENT, PYICEBERG, catalog_variables
from floe_compiler.kit.products.domain_servers import server_variables
from floe_compiler.kit.products.lakehouse import lakehouse, store_login
from floe_compiler.kit.products.steps import dbt_compute
from floe_compiler.kit.store_logins import login_variables
from floe_compiler.kit.trust import CERTIFICATES_FILE
from floe_compiler.model.capabilities import Catalog, Collector, Lineage, ObjectStore
from floe_compiler.model.data_access import StoreClient
from floe_compiler.model.facts import Variable
from floe_compiler.model.plan import Context, Product


def environment(context: Context[Any], product: Product) -> tuple[Variable, ...]:
    """Return the variables of all steps of a product, each name once."""
    compute, tables = dbt_compute(context, product), lakehouse(context, product)
    return distinct(
        (
            *_product(context, product),
            *(catalog_variables(tables, product) if tables else ()),
            *_object_store(context.optional(ObjectStore), store_login(context, product), context.optional(Catalog)),
            *_telemetry(context.optional(Collector), context, product),
            *_lineage(context.optional(Lineage), context, product),
            *server_variables(context, product),
            *(compute.variables if compute else ()),
        )
    )


def distinct(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """Return each name once: the last value at the position of the first, as `$(NAME)` only refers to earlier ones."""
    return tuple({variable.name: variable for variable in variables}.values())


def _product(context: Context[Any], product: Product) -> Iterator[Variable]:
    # The user of the steps has no writable home folder in the image.
    yield Variable("HOME", "/tmp")  # noqa: S108 - the path in the container
    yield Variable("PYTHONUNBUFFERED", "1")
    yield Variable("FLOE_ENVIRONMENT", context.settings.environment.name)
    yield Variable("FLOE_DOMAIN", product.domain)
    yield Variable("FLOE_PRODUCT", product.name)
    yield Variable("FLOE_PRODUCT_VERSION", product.spec.metadata.version)


def _object_store(store: ObjectStore | None, login: StoreClient | None, catalog: Catalog | None) -> Iterator[Variable]:
    if store is None:
        return
    yield Variable(names.WAREHOUSE_URL, store.warehouse)
    yield Variable("DESTINATION__FILESYSTEM__BUCKET_URL", store.warehouse)
    if store.kind == "adls":
        yield Variable("DESTINATION__FILESYSTEM__CREDENTIALS__AZURE_STORAGE_ACCOUNT_NAME", store.account)
        # adlfs, under dlt and PyIceberg, is anonymous unless it is told not to be.
        yield from (Variable("AZURE_STORAGE_ANON", "false"),) if login else ()
    if store.kind != "s3":
        yield from login_variables(store, login, FROM_ENVIRONMENT)
        return
    yield Variable(names.AWS_REGION, store.region)
    # botocore, under dlt and s3fs, reads this name only.
    yield Variable("AWS_DEFAULT_REGION", store.region)
    yield from login_variables(store, login, FROM_ENVIRONMENT)
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
        "deployment.environment.name": context.settings.environment.name,
        "service.namespace": product.domain,
        "service.version": product.spec.metadata.version,
    }
    yield Variable(names.OTLP_ENDPOINT, collector.grpc.url())
    yield Variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.grpc.url())
    yield Variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    if collector.grpc.port().tls:
        yield Variable("OTEL_EXPORTER_OTLP_CERTIFICATE", CERTIFICATES_FILE)
    yield Variable("OTEL_SERVICE_NAME", product.name)
    yield Variable("OTEL_RESOURCE_ATTRIBUTES", ",".join(f"{key}={value}" for key, value in attributes.items()))


def _lineage(lineage: Lineage | None, context: Context[Any], product: Product) -> Iterator[Variable]:
    if lineage is None:
        return
    yield Variable(names.OPENLINEAGE_URL, lineage.url)
    yield Variable(names.OPENLINEAGE_NAMESPACE, lineage_namespace(context, product.domain))


def lineage_namespace(context: Context[Any], domain: str) -> str:
    """Return the namespace of a domain's jobs in the lineage, as two domains may have jobs with the same name."""
    return f"{context.settings.platform.name}.{domain}"
