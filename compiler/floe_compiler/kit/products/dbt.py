"""dbt as a client of the platform's engines and tables: `profiles.yml`, derived from their capabilities.

Tested with dbt-core 1.11.16, dbt-duckdb 1.11.1 (DuckDB 1.5.5, with a fake catalog) dbt-snowflake 1.11.6 and
dbt-bigquery 1.11.3.
dbt-duckdb installs extensions before it applies `settings`, so settings go into `config_options`, which apply from the
start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from floe_compiler.kit.products import environment_names as names
from floe_compiler.kit.products.lakehouse import Lakehouse
from floe_compiler.model.capabilities import Compute, FromVariable
from floe_compiler.model.catalog_clients import AwsSignature, BearerToken, OAuth2Credentials
from floe_compiler.model.facts import ConfigFile
from floe_compiler.model.yaml_text import to_yaml

PROFILE = "floe"
FOLDER = "/etc/dbt"

LAKEHOUSE = "lakehouse"
"""The name of the Iceberg catalog in DuckDB."""

STORE_SECRET = "warehouse"  # noqa: S105 - a name
"""The name of DuckDB's login to the object store."""

_OF_STORES = {"s3": ("httpfs", "avro", "aws"), "gcs": ("httpfs", "avro"), "adls": ("httpfs", "avro", "azure")}

Target = dict[str, Any]
Adapter = Callable[[Target, Compute, Lakehouse | None], Target]
"""Turns the common form of a dbt target into that of an engine with its own form."""


def profiles(environment: str, compute: Compute, lakehouse: Lakehouse | None) -> ConfigFile:
    """Return dbt's `profiles.yml`: one profile, with the environment as its target."""
    written = {PROFILE: {"target": environment, "outputs": {environment: target(compute, lakehouse)}}}
    return ConfigFile(f"{FOLDER}/profiles.yml", to_yaml(written), config_map="dbt-profiles")


def target(compute: Compute, lakehouse: Lakehouse | None) -> Target:
    """Return a target of `profiles.yml` in the common form of dbt's adapters: type, connection and threads.

    It contains names of variables, but no secrets.
    """
    connection = {name: _written(value) for name, value in compute.connection}
    common = {"type": compute.engine, **connection, "threads": compute.threads}
    adapter = ADAPTERS.get(compute.engine)
    return adapter(common, compute, lakehouse) if adapter else common


def _written(value: str | FromVariable) -> str:
    return env_var(value.name) if isinstance(value, FromVariable) else value


def iceberg_extensions(lakehouse: Lakehouse | None) -> tuple[str, ...]:
    """Return the extensions that DuckDB needs for the catalog and the files of its tables."""
    if lakehouse is None:
        return ()
    return (*_OF_STORES[lakehouse.store.kind if lakehouse.store else "s3"], "iceberg")


def env_var(name: str) -> str:
    """Return the Jinja expression that reads an environment variable in a profile."""
    return f"{{{{ env_var('{name}') }}}}"


def _renamed(common: Target, words: Mapping[str, str]) -> Target:
    return {words.get(key, key): value for key, value in common.items()}


def _snowflake(common: Target, _compute: Compute, _lakehouse: Lakehouse | None) -> Target:
    return _renamed(common, {"private_key_file": "private_key_path", "private_key_file_pwd": "private_key_passphrase"})


def _duckdb(common: Target, compute: Compute, lakehouse: Lakehouse | None) -> Target:
    extensions = list(dict.fromkeys((*iceberg_extensions(lakehouse), *compute.extensions)))
    of_extensions = {name: value for extension, name, value in compute.extension_settings if extension in extensions}
    return {
        **_renamed(common, {"database": "path"}),
        "config_options": dict(compute.settings) | of_extensions,
        "extensions": extensions,
        **(_attached(lakehouse) if lakehouse else {}),
    }


def _attached(lakehouse: Lakehouse) -> Target:
    """Return the settings that attach the catalog to DuckDB, with its logins."""
    login = _catalog_secret(lakehouse)
    store, vended = lakehouse.store, lakehouse.is_vended
    of_store = [_store_secret()] if store and store.kind == "s3" and not vended else []
    secrets = [*([login] if login else []), *of_store]
    return {
        **({"secrets": secrets} if secrets else {}),
        "attach": [
            {
                "path": env_var(lakehouse.variable(names.WAREHOUSE)),
                "alias": LAKEHOUSE,
                "options": {
                    "type": "iceberg",
                    **_authorization(lakehouse, login),
                    "endpoint": env_var(lakehouse.variable(names.URI)),
                    # Without it, the step has its own credentials for the store.
                    "access_delegation_mode": "vended_credentials" if vended else "none",
                },
            }
        ],
    }


def _authorization(lakehouse: Lakehouse, login: dict[str, str] | None) -> dict[str, str]:
    if isinstance(lakehouse.client.credentials, AwsSignature):
        return {"authorization_type": "sigv4", "secret": STORE_SECRET}
    return {"secret": login["name"]} if login else {"authorization_type": "none"}


def _catalog_secret(lakehouse: Lakehouse) -> dict[str, str] | None:
    login, name = lakehouse.client.credentials, lakehouse.variable
    match login:
        case OAuth2Credentials():
            return {
                "type": "iceberg",
                "name": "catalog",
                "client_id": env_var(name(names.CLIENT_ID)),
                "client_secret": env_var(name(names.CLIENT_SECRET)),
                "oauth2_server_uri": env_var(name(names.TOKEN_URI)),
                **({"oauth2_scope": env_var(name(names.SCOPE))} if login.scope else {}),
            }
        case BearerToken():
            return {"type": "iceberg", "name": "catalog", "token": env_var(name(names.TOKEN))}
        case AwsSignature() | None:
            return None


def _store_secret() -> dict[str, str]:
    return {
        "type": "s3",
        "name": STORE_SECRET,
        # The keys in the environment, or the role of the ServiceAccount.
        "provider": "credential_chain",
        "region": env_var(names.AWS_REGION),
        "endpoint": env_var(names.S3_ENDPOINT),
        "url_style": env_var(names.S3_URL_STYLE),
        "use_ssl": env_var(names.S3_USE_SSL),
        "scope": env_var(names.WAREHOUSE_URL),
    }


def _bigquery(common: Target, compute: Compute, _lakehouse: Lakehouse | None) -> Target:
    limits = {name: int(value) for name, value in compute.settings}
    method = "service-account" if "key_file" in common else "oauth"  # the identity of the pod
    return {**_renamed(common, {"key_file": "keyfile"}), "method": method, **limits}


ADAPTERS: Mapping[str, Adapter] = {"bigquery": _bigquery, "duckdb": _duckdb, "snowflake": _snowflake}
"""By kind of engine; other engines use the common form."""
