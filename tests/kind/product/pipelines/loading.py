"""Loads rows with dlt to where the platform says: Iceberg tables in the product's namespace of the catalog.

Where there is no platform, into a DuckDB file, so that everything can be tried on a laptop.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import dlt

Row = dict[str, Any]


def load(table: str, rows: Iterable[Row], key: str) -> None:
    """Replace the table by these rows; raise an error if any of them does not arrive."""
    iceberg = "POLARIS_URI" in os.environ
    if iceberg:  # what a step of type `dlt` is told by the platform, for others that load with dlt
        os.environ.setdefault("DLT_DATA_DIR", "/tmp/dlt")
        os.environ.setdefault("ICEBERG_CATALOG__ICEBERG_CATALOG_TYPE", "rest")
    resource = dlt.resource(
        rows,
        name=table,
        primary_key=key,
        write_disposition="replace",
        table_format="iceberg" if iceberg else None,
    )
    name = f"{os.environ['FLOE_PRODUCT'].replace('-', '_')}_{table}"
    if iceberg:
        pipeline = dlt.pipeline(name, destination="filesystem", dataset_name=os.environ["POLARIS_NAMESPACE"])
    else:
        local = dlt.destinations.duckdb(os.environ["LOCAL_DATABASE"])
        pipeline = dlt.pipeline(name, destination=local, dataset_name=os.environ["FLOE_DOMAIN"])
    pipeline.run(resource).raise_on_failed_jobs()
