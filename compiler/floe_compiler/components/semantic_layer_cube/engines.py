"""The engines that Cube queries: its variables for each, from the neutral description of an engine.

Sources: `env.js` of @cubejs-backend/shared, and the drivers for DuckDB, PostgreSQL and Snowflake, all 1.7.43; the tests
hold the variables against these packages. What Cube has no variable for is in its file `cube.js`: DuckDB attaches the
Iceberg catalog, and Snowflake's client asks nobody about certificates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from floe_compiler.kit.products.dbt import LAKEHOUSE, iceberg_extensions
from floe_compiler.kit.products.lakehouse import Lakehouse
from floe_compiler.kit.scripts import script
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import Compute, FromVariable
from floe_compiler.model.catalog_clients import AwsSignature, BearerToken, OAuth2Credentials
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import ConfigFile, Scratch, SecretFile, Variable
from floe_compiler.model.joined_names import identifier
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.secrets import SecretReference

SCHEMA = "FLOE_SCHEMA_"
"""The beginning of the variables with the schema of each product's tables, for models:
`{{ env_var('FLOE_SCHEMA_CUSTOMER_360') }}.customers`."""

REASON = "Cube takes the login to its engine from variables"
CONFIGURATION = "/cube/conf/cube.js"

SNOWFLAKE = {
    "account": "CUBEJS_DB_SNOWFLAKE_ACCOUNT",
    "user": "CUBEJS_DB_USER",
    "role": "CUBEJS_DB_SNOWFLAKE_ROLE",
    "warehouse": "CUBEJS_DB_SNOWFLAKE_WAREHOUSE",
    "database": "CUBEJS_DB_NAME",
    "private_key_file": "CUBEJS_DB_SNOWFLAKE_PRIVATE_KEY_PATH",
    "private_key_file_pwd": "CUBEJS_DB_SNOWFLAKE_PRIVATE_KEY_PASS",
}
POSTGRESQL = {
    "host": "CUBEJS_DB_HOST",
    "port": "CUBEJS_DB_PORT",
    "user": "CUBEJS_DB_USER",
    "password": "CUBEJS_DB_PASS",
    "dbname": "CUBEJS_DB_NAME",
}
BIGQUERY = {
    "project": "CUBEJS_DB_BQ_PROJECT_ID",
    "location": "CUBEJS_DB_BQ_LOCATION",
    "key_file": "CUBEJS_DB_BQ_KEY_FILE",
}
ENCRYPTED = ("require", "verify-ca", "verify-full")


class Source(msgspec.Struct, frozen=True):
    """What Cube's pods need in order to query an engine."""

    variables: tuple[Variable, ...]
    secret_files: tuple[SecretFile, ...] = ()
    config: tuple[ConfigFile, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    calls: tuple[Endpoint, ...] = ()
    identity: WorkloadIdentity | None = None


def source(compute: Compute, lakehouse: Lakehouse | None, products: Iterable[ServedProduct], memory: str) -> Source:
    """Return the source for an engine of `ENGINES`; DuckDB must have a lakehouse.

    Args:
        compute: The engine.
        lakehouse: The tables of the mesh, if there is a catalog.
        products: The domain's products, whose tables the models are over.
        memory: The limit of the container, of which an engine inside it may take a half.
    """
    common = Source(
        variables=(
            *compute.variables,
            Variable("CUBEJS_CONCURRENCY", str(compute.threads)),
            *(_schema(compute, product) for product in products),
        ),
        secret_files=compute.secret_files,
        scratch=compute.scratch,
        calls=compute.calls(),
        identity=compute.identity,
    )
    return ENGINES[compute.engine](common, compute, lakehouse, f"{int(parse_quantity(memory).amount / 2 / 2**20)}MiB")


def _connection(compute: Compute, names: Mapping[str, str]) -> Iterator[Variable]:
    """Yield the variables for a connection; its schema is for the models."""
    for key, value in compute.connection:
        if name := names.get(key, ""):
            yield Variable(name, _text(value))


def _schema(compute: Compute, product: ServedProduct) -> Variable:
    """Return the variable with the schema of a product's tables. Engines other than DuckDB have one for all."""
    connection = dict(compute.connection)
    schema = _text(connection.get("schema", connection.get("dataset", "")))
    own = f"{LAKEHOUSE}.{product.namespace}" if compute.engine == "duckdb" else schema
    return Variable(f"{SCHEMA}{identifier(product.name).upper()}", own)


def _text(value: str | FromVariable) -> str:
    return f"$({value.name})" if isinstance(value, FromVariable) else value


def _snowflake(common: Source, compute: Compute, _lakehouse: Lakehouse | None, _memory: str) -> Source:
    own = (
        Variable("CUBEJS_DB_TYPE", "snowflake"),
        Variable("CUBEJS_DB_SNOWFLAKE_AUTHENTICATOR", "SNOWFLAKE_JWT"),
        *_connection(compute, SNOWFLAKE),
    )
    return msgspec.structs.replace(_with(common, own), config=_configuration("snowflake.js"))


def _bigquery(common: Source, compute: Compute, _lakehouse: Lakehouse | None, _memory: str) -> Source:
    return _with(common, (Variable("CUBEJS_DB_TYPE", "bigquery"), *_connection(compute, BIGQUERY)))


def _postgresql(common: Source, compute: Compute, _lakehouse: Lakehouse | None, _memory: str) -> Source:
    mode = str(dict(compute.connection).get("sslmode", ""))
    encrypted = (Variable("CUBEJS_DB_SSL", "true"),) if mode in ENCRYPTED else ()
    strict = (Variable("CUBEJS_DB_SSL_REJECT_UNAUTHORIZED", "true"),) if mode.startswith("verify") else ()
    own = (Variable("CUBEJS_DB_TYPE", "postgres"), *_connection(compute, POSTGRESQL), *encrypted, *strict)
    return _with(common, own)


def _duckdb(common: Source, compute: Compute, lakehouse: Lakehouse | None, memory: str) -> Source:
    if lakehouse is None:
        raise LookupError("DuckDB has no tables that last without a catalog")
    store = lakehouse.store
    settings = {**dict(compute.settings), "threads": str(compute.threads), "memory_limit": memory}
    extensions = tuple(dict.fromkeys((*iceberg_extensions(lakehouse), *compute.extensions)))
    of_extensions = {name: value for extension, name, value in compute.extension_settings if extension in extensions}
    own = (
        Variable("CUBEJS_DB_TYPE", "duckdb"),
        Variable("DUCKDB_SETTINGS", json.dumps(settings)),
        Variable("DUCKDB_EXTENSIONS", " ".join(extensions)),
        *((Variable("DUCKDB_EXTENSION_SETTINGS", json.dumps(of_extensions)),) if of_extensions else ()),
        *_catalog(lakehouse),
        *_store(lakehouse),
    )
    database = _with(common, own)
    return msgspec.structs.replace(
        database,
        config=_configuration("duckdb.js"),
        calls=(*common.calls, *lakehouse.catalog.calls(), *(store.calls() if store else ())),
        identity=store.identity if store and not lakehouse.is_vended else None,
    )


def _configuration(name: str) -> tuple[ConfigFile, ...]:
    return (ConfigFile(CONFIGURATION, script(__package__, name), "cube-configuration", single=True),)


def _catalog(lakehouse: Lakehouse) -> Iterator[Variable]:
    yield Variable("CATALOG_NAME", LAKEHOUSE)
    yield Variable("CATALOG_URI", lakehouse.catalog.uri)
    yield Variable("CATALOG_WAREHOUSE", lakehouse.catalog.warehouse)
    match lakehouse.client.credentials:
        case OAuth2Credentials() as login:
            yield Variable("CATALOG_TOKEN_URI", login.token_url)
            yield from (Variable("CATALOG_SCOPE", login.scope),) if login.scope else ()
            yield _secret("CATALOG_CLIENT_ID", login.client_id)
            yield _secret("CATALOG_CLIENT_SECRET", login.client_secret)
        case BearerToken() as login:
            yield _secret("CATALOG_TOKEN", login.token)
        case AwsSignature():
            yield Variable("CATALOG_AUTHORIZATION", "sigv4")


def _store(lakehouse: Lakehouse) -> Iterator[Variable]:
    """Yield the variables for an S3 store, unless the catalog issues credentials for the files of its tables."""
    store = lakehouse.store
    if store is None or store.kind != "s3" or lakehouse.is_vended:
        return
    yield Variable("AWS_REGION", store.region)
    yield Variable("S3_ENDPOINT", store.endpoint.address())
    yield Variable("S3_URL_STYLE", "path" if store.path_style else "vhost")
    yield Variable("S3_USE_SSL", "false" if store.url.startswith("http://") else "true")
    yield Variable("S3_SCOPE", store.warehouse)
    if store.access_key and store.secret_key:
        yield _secret("AWS_ACCESS_KEY_ID", store.access_key)
        yield _secret("AWS_SECRET_ACCESS_KEY", store.secret_key)


def _secret(name: str, key: SecretReference) -> Variable:
    return Variable(name, secret=key, reason=REASON)


def _with(common: Source, own: tuple[Variable, ...]) -> Source:
    return msgspec.structs.replace(common, variables=(*common.variables, *own))


ENGINES: Mapping[str, Callable[[Source, Compute, Lakehouse | None, str], Source]] = {
    "bigquery": _bigquery,
    "duckdb": _duckdb,
    "postgres": _postgresql,
    "snowflake": _snowflake,
}
"""By kind of engine."""
