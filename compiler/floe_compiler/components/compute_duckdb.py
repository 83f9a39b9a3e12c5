"""DuckDB: SQL that runs in the step itself. Nothing is rendered for it.

Where there is a catalog, dbt attaches it as the database `lakehouse`, which any SQL reads and writes. Models are made
in a local database all the same, which lives as long as the step's pod: dbt-duckdb's `table` renames the table that it
has just made and drops the old one with CASCADE, and the Iceberg extension does neither (messages of version 1.5.5). A
hook of the model (`delete from`, `insert into lakehouse...`) passes them on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from floe_compiler.model.capabilities import Compute
from floe_compiler.model.facts import Parts, Scratch
from floe_compiler.model.fields import Storage, matching
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component, Context, Instance

FOLDER = "/var/duckdb"

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


def settings(config: DuckDbConfig) -> dict[str, str]:
    """Return what holds for each session from its start."""
    return {
        "extension_directory": config.extension_directory,
        "temp_directory": f"{FOLDER}/spill",
        "home_directory": FOLDER,
        # A missing extension is a mistake of the image: no network policy lets DuckDB fetch it.
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
