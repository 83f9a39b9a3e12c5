"""DuckDB: dbt's models run in the step itself. Nothing is rendered for it.

Where there is a catalog, it is attached as the database `lakehouse`, which any SQL reads and writes. Models are made in
a local database all the same, which lives as long as the step's pod: dbt-duckdb's `table` renames the table that it has
just made and drops the old one with CASCADE, and the Iceberg extension does neither (messages of version 1.5.5). A hook
of the model (`delete from`, `insert into lakehouse...`) passes them on.

Run with dbt-core 1.11.16, dbt-duckdb 1.11.1 and DuckDB 1.5.5: `dbt debug` with both profiles, the extensions from a
folder, the catalog played by the tests. dbt-duckdb installs extensions before it applies `settings`, so folders are set
in `config_options`, which count from the start.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.kit.products import environment_names as names
from floe_compiler.kit.products.environment_names import env_var
from floe_compiler.model.capabilities import Compute
from floe_compiler.model.facts import Parts, Scratch
from floe_compiler.model.fields import Storage, matching
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Instance

CATALOG = "lakehouse"
"""The name under which the Iceberg catalog is attached."""

FOLDER = "/var/duckdb"
CATALOG_EXTENSIONS = ("httpfs", "avro", "aws", "iceberg")

Extension = Annotated[str, matching(r"^[a-z][a-z0-9_]*$", "the name of an extension", "spatial")]


class DuckDbConfig(Input):
    """DuckDB in the step itself: nothing runs beside it."""

    type: Literal["duckdb"] = "duckdb"
    """The kind of compute engine."""
    threads: Annotated[int, Field(ge=1)] = 4
    """How many models and threads of a query run at once."""
    schema_name: Annotated[str, matching(r"^[a-z_][a-z0-9_]*$", 'lower-case letters, digits and "_"', "main")] = "main"
    """The schema that models are made in."""
    extensions: tuple[Extension, ...] = Field(default=(), strict=False)
    """Extensions to load, beside those that the catalog needs."""
    extension_directory: Annotated[
        str, matching(r"^/[A-Za-z0-9._/-]+$", "a folder from the root on", "/opt/duckdb")
    ] = "/opt/duckdb"
    """The folder of the product's image with the extensions, as `<version>/<platform>/<name>.duckdb_extension`."""
    storage: Storage = "10Gi"
    """The size of the folder for local tables and for what does not fit into memory."""


def profile(config: DuckDbConfig, extensions: tuple[str, ...]) -> dict[str, object]:
    """Return the target of `profiles.yml`."""
    return {
        "type": "duckdb",
        "path": f"{FOLDER}/local.duckdb",
        "schema": config.schema_name,
        "threads": config.threads,
        "config_options": {
            "extension_directory": config.extension_directory,
            "temp_directory": f"{FOLDER}/spill",
            "home_directory": FOLDER,
            # A missing extension is a mistake of the image: no network policy lets DuckDB fetch it.
            "autoinstall_known_extensions": "false",
        },
        "extensions": list(extensions),
    }


def catalog_profile(config: DuckDbConfig) -> dict[str, object]:
    """Return what joins the target where there is a catalog; no secret stands in it, only variables' names."""
    return {
        "extensions": list(dict.fromkeys((*CATALOG_EXTENSIONS, *config.extensions))),
        "secrets": [_catalog_secret(), _store_secret()],
        "attach": [
            {
                "path": env_var(names.POLARIS_WAREHOUSE),
                "alias": CATALOG,
                "options": {
                    "type": "iceberg",
                    "secret": "catalog",
                    "endpoint": env_var(names.POLARIS_URI),
                    # The step has credentials of its own for the store; the catalog need not hand any out.
                    "access_delegation_mode": "none",
                },
            }
        ],
    }


def _catalog_secret() -> dict[str, str]:
    return {
        "type": "iceberg",
        "name": "catalog",
        "client_id": env_var(names.POLARIS_CLIENT_ID),
        "client_secret": env_var(names.POLARIS_CLIENT_SECRET),
        "oauth2_server_uri": env_var(names.POLARIS_TOKEN_URI),
        "oauth2_scope": env_var(names.POLARIS_SCOPE),
    }


def _store_secret() -> dict[str, str]:
    return {
        "type": "s3",
        "name": "warehouse",
        # The keys of the environment, or the role of the ServiceAccount: whatever the platform gives the step.
        "provider": "credential_chain",
        "region": env_var(names.AWS_REGION),
        "endpoint": env_var(names.S3_ENDPOINT),
        "url_style": env_var(names.S3_URL_STYLE),
        "use_ssl": env_var(names.S3_USE_SSL),
        "scope": env_var(names.WAREHOUSE_URL),
    }


def provides(instance: Instance[DuckDbConfig]) -> tuple[Compute, ...]:
    """Return the engine."""
    config = instance.config
    return (
        Compute(
            name="duckdb",
            profile=tuple(profile(config, config.extensions).items()),
            catalog_profile=tuple(catalog_profile(config).items()),
            scratch=(Scratch(FOLDER, config.storage),),
        ),
    )


def build(_context: Context[DuckDbConfig]) -> Parts:
    """Return nothing: the engine runs in the steps."""
    return Parts()


COMPONENT = Component(
    slot="compute",
    type="duckdb",
    summary="DuckDB, inside the step",
    config=DuckDbConfig,
    build=build,
    provides=provides,
    profiles={"light": {"threads": 2, "storage": "5Gi"}},
)
