"""DuckDB: runs SQL in the step's own process. Nothing is rendered for it.

If there is a catalog, dbt attaches it as the database `lakehouse`, which SQL can read and write. Models are still
created in a local database, which exists as long as the step's pod: dbt-duckdb's `table` renames the new table and
drops the old one with CASCADE, and the Iceberg extension supports neither (messages of version 1.5.5). A hook of the
model (`delete from`, `insert into lakehouse...`) copies the result to the lakehouse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.kit.trust import CERTIFICATES_FILE
from floe_compiler.model.capabilities import Catalog, Compute, ObjectStore
from floe_compiler.model.facts import Parts, Scratch
from floe_compiler.model.fields import Storage, matching
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Instance, Refusal, Requirement
from floe_compiler.model.vending import is_vended

FOLDER = "/var/duckdb"

Extension = Annotated[str, matching(r"^[a-z][a-z0-9_]*$", "the name of an extension", "spatial")]


class DuckDbConfig(Input):
    """DuckDB, inside the step: no server is needed."""

    type: Literal["duckdb"] = "duckdb"
    """The kind of compute engine."""
    threads: Annotated[int, Field(ge=1)] = 4
    """The number of models, and of threads of a query, that run at once."""
    schema_name: Annotated[str, matching(r"^[a-z_][a-z0-9_]*$", 'lower-case letters, digits and "_"', "main")] = "main"
    """The schema in which models are created."""
    extensions: tuple[Extension, ...] = Field(default=(), strict=False)
    """Extensions to load, in addition to those that the catalog needs."""
    extension_directory: Annotated[
        str, matching(r"^/[A-Za-z0-9._/-]+$", "a folder from the root on", "/opt/duckdb")
    ] = "/opt/duckdb"
    """The image's folder with the extensions (`<version>/<platform>/<name>.duckdb_extension`)."""
    storage: Storage = "10Gi"
    """The size of the folder for local tables and for data that does not fit into memory."""


def settings(config: DuckDbConfig) -> dict[str, str]:
    """Return the settings of each session."""
    return {
        "extension_directory": config.extension_directory,
        "temp_directory": f"{FOLDER}/spill",
        "home_directory": FOLDER,
        # Extensions must be in the image: no network policy allows DuckDB to download them.
        "autoinstall_known_extensions": "false",
    }


def provides(instance: Instance[DuckDbConfig]) -> tuple[Compute, ...]:
    """Return the engine."""
    config = instance.config
    return (
        Compute(
            name="duckdb",
            engine="duckdb",
            connection=(("database", f"{FOLDER}/local.duckdb"), ("schema", config.schema_name)),
            threads=config.threads,
            settings=tuple(settings(config).items()),
            extensions=config.extensions,
            # httpfs reads none of the usual variables (tested with 1.5.5): without this, it trusts the image's file.
            extension_settings=(("httpfs", "ca_cert_file", CERTIFICATES_FILE),) if instance.settings.trust else (),
            scratch=(Scratch(FOLDER, config.storage),),
        ),
    )


def requires(_instance: Instance[DuckDbConfig]) -> tuple[Requirement, ...]:
    """Return what decides how DuckDB reads tables: the catalog and the store of their files, if there are any."""
    return (Requirement(Catalog, optional=True), Requirement(ObjectStore, optional=True))


def refuses(context: Context[DuckDbConfig]) -> Iterator[Refusal]:
    """Refuse a catalog that issues no credentials for files that DuckDB reads only with such credentials.

    Its extension for GCS knows no service account, and that for Azure is given no other login here.
    """
    catalog, store = context.optional(Catalog), context.optional(ObjectStore)
    if catalog and store and store.kind != "s3" and not is_vended(catalog, store):
        yield Refusal(
            f"is connected to tables in {store.warehouse.partition(':')[0]}:// only by temporary credentials of the "
            f"catalog, and the catalog {catalog.name} issues none",
            "let the catalog issue them, and set catalog.vends_credentials; or choose another engine",
        )


def build(_context: Context[DuckDbConfig]) -> Parts:
    """Return no parts, as the engine runs in the steps."""
    return Parts()


COMPONENT = Component(
    slot="compute",
    type="duckdb",
    summary="DuckDB, inside the step",
    config=DuckDbConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
    profiles={"light": {"threads": 2, "storage": "5Gi"}},
)
