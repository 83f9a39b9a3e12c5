"""New data in the inputs of a product: requests to the catalog, and when a run starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import polaris_server
from floe_compiler.kit.products.new_data import CatalogError, Decision, data_snapshot, decide, snapshots

ORDERS, CLICKS = "sales__orders.orders", "marketing__clicks.clicks"
MINUTE, HOUR = 60, 3600


def trigger(inputs: str = "all", **changes: Any) -> dict[str, Any]:
    """Return what a product waits for: two tables, at once, unless changed."""
    return {"inputs": inputs, "delay": 0, "at_most_every": None, "at_least_every": None, **changes}


def tables_at(orders: str = "1", clicks: str = "1") -> dict[str, str]:
    return {ORDERS: orders, CLICKS: clicks}


def decided(waits: dict[str, Any], *observations: tuple[float, dict[str, str]], busy: bool = False) -> Decision:
    """Return the last of several decisions, each with the state of the previous one."""
    state: dict[str, Any] = {}
    for now, tables in observations[:-1]:
        state = decide(waits, state, tables, now, busy=False).state
    now, tables = observations[-1]
    return decide(waits, state, tables, now, busy=busy)


def test_the_first_run_starts_when_all_inputs_have_data() -> None:
    for inputs in ("all", "any"):
        assert decided(trigger(inputs), (0, tables_at("1", ""))) == (False, f"no data yet in {CLICKS}", {})
        starts = decided(trigger(inputs), (0, tables_at("1", "")), (60, tables_at("1", "2")))
        assert starts[:2] == (True, f"new data in {ORDERS}, {CLICKS}")


def test_one_change_starts_one_run() -> None:
    for inputs in ("all", "any"):
        decision = decided(trigger(inputs), (0, tables_at()), (60, tables_at()))
        assert decision[:2] == (False, f"no new data in {ORDERS}, {CLICKS}")


def test_a_trigger_may_need_any_input_or_all() -> None:
    assert decided(trigger("any"), (0, tables_at()), (60, tables_at("2"))).why == f"new data in {ORDERS}"
    waits = decided(trigger("all"), (0, tables_at()), (60, tables_at("2")))
    assert waits[:2] == (False, f"no new data in {CLICKS}")
    assert decided(trigger("all"), (0, tables_at()), (60, tables_at("2")), (120, tables_at("2", "2"))).starts


def test_data_that_goes_back_to_an_older_snapshot_is_new() -> None:
    last = decided(trigger("any"), (0, tables_at("1")), (60, tables_at("2")), (120, tables_at("1")))
    assert last.starts
    assert last.state["runs"] == 3


def test_a_run_waits_until_writes_have_settled() -> None:
    waits = trigger("any", delay=5 * MINUTE)
    assert decided(waits, (0, tables_at())).why == "new data was noticed 0 s ago"
    assert not decided(waits, (0, tables_at()), (299, tables_at("2"))).starts
    # Repeated writes do not delay it forever.
    assert decided(waits, (0, tables_at()), (200, tables_at("2")), (300, tables_at("3"))).starts


def test_data_that_arrives_during_a_run_starts_one_further_run() -> None:
    waits = trigger("any")
    busy = decided(waits, (0, tables_at()), (60, tables_at("2")), (120, tables_at("3")), busy=True)
    assert busy[:2] == (False, "a run is not over yet")
    after = decide(waits, busy.state, tables_at("4"), 180, busy=False)
    assert after.starts
    assert not decide(waits, after.state, tables_at("4"), 240, busy=False).starts


def test_two_starts_have_a_minimum_interval() -> None:
    waits = trigger("any", at_most_every=HOUR)
    assert decided(waits, (0, tables_at()), (60, tables_at("2"))).why == "the last run started 60 s ago"
    assert decided(waits, (0, tables_at()), (60, tables_at("2")), (HOUR, tables_at("2"))).starts


def test_a_run_starts_after_the_maximum_interval_without_new_data() -> None:
    waits = trigger("all", at_least_every=HOUR, delay=5 * MINUTE)
    first = ((0, tables_at()), (300, tables_at()))
    assert not decided(waits, *first, (300 + HOUR - 1, tables_at())).starts
    last = decided(waits, *first, (300 + HOUR, tables_at()))
    assert last[:2] == (True, "the last run started 3600 s ago")
    assert not decide(waits, last.state, tables_at(), HOUR + 600, busy=False).starts
    assert not decided(waits, (0, tables_at("")), (2 * HOUR, tables_at(""))).starts, "the first run needs data"


def snapshot(number: int, parent: int | None = None, operation: str = "append") -> dict[str, Any]:
    before = {} if parent is None else {"parent-snapshot-id": parent}
    return {"snapshot-id": number, **before, "timestamp-ms": 1000 * number, "summary": {"operation": operation}}


@pytest.mark.parametrize(
    ("current", "known", "expected"),
    [
        (None, [], ("", True)),
        (-1, [], ("", True)),
        (1, [snapshot(1)], ("1", True)),
        (2, [snapshot(1), snapshot(2, 1, "overwrite")], ("2", True)),
        (3, [snapshot(1), snapshot(2, 1, "replace"), snapshot(3, 2, "replace")], ("1", True)),
        (3, [snapshot(3, 2, "replace")], ("2", False)),
        (2, [{"snapshot-id": 2, "timestamp-ms": 2000}], ("2", True)),
    ],
    ids=["empty", "empty-of-old", "one", "overwritten", "compacted-twice", "known-in-part", "without-a-summary"],
)
def test_the_current_data_snapshot_is_found(current: int | None, known: list[Any], expected: tuple[str, bool]) -> None:
    assert data_snapshot({"current-snapshot-id": current, "snapshots": known}) == expected


@pytest.fixture
def catalog() -> Iterator[tuple[polaris_server.State, str]]:
    """Run a catalog with a client that may read one table of two."""
    role = {"type": "table", "namespace": ["sales__orders"], "tableName": "orders", "privilege": "TABLE_READ_DATA"}
    state = polaris_server.State(
        catalogs={"acme": {}},
        namespaces={"acme": [["sales__orders"], ["marketing__clicks"]]},
        tables={("sales__orders", "orders"), ("marketing__clicks", "clicks")},
        principal_roles={"finance": {}},
        catalog_roles={("acme", "finance"): [role]},
    )
    state.secrets["the-client"] = ("finance", "its+secret/&=")
    state.principals["finance"] = {"clientId": "the-client"}
    state.assigned["finance"] = ["finance"]
    state.catalog_roles_assigned["finance", "acme"] = ["finance"]
    with polaris_server.running(state) as url:
        yield state, url


def asking(url: str, folder: Path, *tables: str, secret: str = "its+secret/&=") -> dict[str, Any]:
    (folder / "id").write_text("the-client\n")
    (folder / "secret").write_text(secret)
    login = {
        "client_id": str(folder / "id"),
        "client_secret": str(folder / "secret"),
        "url": f"{url}/api/catalog/v1/oauth/tokens",
        "scope": "PRINCIPAL_ROLE:ALL",
    }
    place = {"uri": f"{url}/api/catalog", "warehouse": "acme", "headers": {"Polaris-Realm": "acme"}, "login": login}
    return {"tables": tables, "catalog": place}


def test_snapshots_of_inputs_come_from_the_catalog(catalog: tuple[polaris_server.State, str], tmp_path: Path) -> None:
    state, url = catalog
    waits = asking(url, tmp_path, ORDERS)
    assert snapshots(waits) == {ORDERS: ""}
    state.snapshots["sales__orders", "orders"] = [snapshot(1)]
    assert snapshots(waits) == {ORDERS: "1"}
    state.snapshots["sales__orders", "orders"] += [snapshot(2, 1), snapshot(3, 2, "replace"), snapshot(4, 3, "replace")]
    assert snapshots(waits) == {ORDERS: "2"}
    assert {(method, path) for method, path, _ in state.log} == {
        ("POST", "/api/catalog/v1/oauth/tokens"),
        ("GET", "/api/catalog/v1/config"),
        ("GET", "/api/catalog/v1/acme/namespaces/sales__orders/tables/orders"),
    }


def test_a_table_that_does_not_exist_yet_has_no_data(catalog: tuple[polaris_server.State, str], tmp_path: Path) -> None:
    state, url = catalog
    state.tables.clear()
    assert snapshots(asking(url, tmp_path, ORDERS)) == {ORDERS: ""}


def test_an_error_of_the_catalog_is_reported_without_secrets(
    catalog: tuple[polaris_server.State, str], tmp_path: Path
) -> None:
    state, url = catalog
    with pytest.raises(CatalogError, match=r"the catalog answers 403 to acme/namespaces/marketing__clicks/tables"):
        snapshots(asking(url, tmp_path, CLICKS))
    with pytest.raises(CatalogError) as error:
        snapshots(asking(url, tmp_path, ORDERS, secret="another"))
    assert str(error.value) == "the login at the catalog is answered with 401"
    state.failures = 1
    with pytest.raises(CatalogError, match="is answered with 503"):
        snapshots(asking(url, tmp_path, ORDERS))
    with pytest.raises(CatalogError, match=r"127\.0\.0\.1:9 does not answer"):
        snapshots(asking("http://127.0.0.1:9", tmp_path, ORDERS))
