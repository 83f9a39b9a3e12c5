"""Copies DuckDB's extensions from their Python packages to the folder that the platform tells DuckDB to load them from.

Usage: python duckdb_extensions.py FOLDER
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb

EXTENSIONS = ("avro", "aws", "httpfs", "iceberg")


def install(folder: Path) -> None:
    """Copy the extensions to `<folder>/<version>/<platform>`; raise FileNotFoundError if one is missing."""
    version, platform = f"v{duckdb.__version__}", duckdb.sql("pragma platform").fetchall()[0][0]
    target = folder / version / platform
    target.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        package = find_spec(f"duckdb_extension_{name}")
        places = package.submodule_search_locations if package else None
        source = Path(next(iter(places or ("missing",))), "extensions", version, f"{name}.duckdb_extension")
        shutil.copy(source, target)
        duckdb.connect(config={"extension_directory": str(folder)}).load_extension(name)


if __name__ == "__main__":
    install(Path(sys.argv[1]))
