"""Loads rows with dlt to where the platform says: Iceberg tables in the domain's namespace of the catalog.

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
    iceberg = "DESTINATION_TYPE" in os.environ
    resource = dlt.resource(
        rows,
        name=table,
        primary_key=key,
        write_disposition="replace",
        table_format="iceberg" if iceberg else None,
    )
    product = os.environ["FLOE_PRODUCT"].replace("-", "_")
    if iceberg:
        pipeline = dlt.pipeline(f"{product}_{table}", destination="filesystem", dataset_name=os.environ["DATASET_NAME"])
    else:
        file = os.environ["LOCAL_DATABASE"]
        pipeline = dlt.pipeline(
            f"{product}_{table}", destination=dlt.destinations.duckdb(file), dataset_name=os.environ["FLOE_DOMAIN"]
        )
    pipeline.run(resource).raise_on_failed_jobs()
