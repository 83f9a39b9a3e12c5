"""New data in tables that PyIceberg writes. Needs pyiceberg with SQLAlchemy, and pyarrow."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import new_data_catalog
from floe_compiler.kit.products.new_data import snapshots

pytest.importorskip("pyiceberg", reason="needs pyiceberg, which is not among the compiler's dependencies")
sql = pytest.importorskip("pyiceberg.catalog.sql", reason="needs SQLAlchemy")
pyarrow = pytest.importorskip("pyarrow", reason="needs pyarrow")

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("default")]


def metadata(table: Any) -> dict[str, Any]:
    """Return the metadata that PyIceberg has written, as a catalog returns it."""
    return dict(json.loads(Path(table.metadata_location.removeprefix("file://")).read_text()))


def rows(*numbers: int) -> Any:
    return pyarrow.table({"number": pyarrow.array(numbers, pyarrow.int64())})


def test_each_commit_is_new_data_and_a_rollback_restores_the_former_snapshot(tmp_path: Path) -> None:
    namespace, name = new_data_catalog.TABLE
    identifier = f"{namespace}.{name}"
    catalog = sql.SqlCatalog("local", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}")
    catalog.create_namespace(namespace)
    table = catalog.create_table(identifier, schema=rows().schema)
    for part, value in (("id", new_data_catalog.CLIENT_ID), ("secret", new_data_catalog.CLIENT_SECRET)):
        (tmp_path / part).write_text(value)
    with new_data_catalog.running() as (state, url):
        files = {"client_id": str(tmp_path / "id"), "client_secret": str(tmp_path / "secret")}
        login = {**files, "url": f"{url}/api/catalog/v1/oauth/tokens", "scope": "PRINCIPAL_ROLE:ALL"}
        place = {"uri": f"{url}/api/catalog", "warehouse": "acme", "headers": {}, "login": login}

        def current_snapshot() -> str:
            """Return the catalog's data about the table now."""
            metadata_ = metadata(table)
            known = {entry["snapshot-id"]: entry for entry in metadata_.get("snapshots", [])}
            current = known.pop(metadata_.get("current-snapshot-id"), None)
            state.snapshots[new_data_catalog.TABLE] = [*known.values(), *([current] if current else [])]
            return snapshots({"tables": [identifier], "catalog": place})[identifier]

        assert current_snapshot() == ""
        table.append(rows(1, 2))
        first = current_snapshot()
        assert first == str(table.current_snapshot().snapshot_id)
        table.overwrite(rows(3))
        assert current_snapshot() not in ("", first)
        table.delete("number == 3")
        deleted = current_snapshot()
        assert deleted not in ("", first)
        table.manage_snapshots().set_current_snapshot(int(first)).commit()
        assert current_snapshot() == first
