"""A catalog in which a product of `sales` may read its one input, a table of another domain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polaris_server

TABLE = ("marketing__campaign_perf", "clicks")
CLIENT_ID, CLIENT_SECRET = "id-of-sales", "secret-of-sales"


@contextmanager
def running() -> Iterator[tuple[polaris_server.State, str]]:
    """Run the catalog; yield its state and its URL."""
    state = polaris_server.State(realm="floe", catalogs={"acme": {}}, namespaces={"acme": [[TABLE[0]]]}, tables={TABLE})
    grant = {"type": "table", "namespace": [TABLE[0]], "tableName": TABLE[1], "privilege": "TABLE_READ_DATA"}
    state.secrets[CLIENT_ID] = ("sales", CLIENT_SECRET)
    state.principals["sales"] = {"clientId": CLIENT_ID}
    state.assigned["sales"] = ["sales"]
    state.catalog_roles["acme", "sales"] = [grant]
    state.catalog_roles_assigned["sales", "acme"] = ["sales"]
    with polaris_server.running(state) as url:
        yield state, url


def write(state: polaris_server.State, number: int, operation: str = "append") -> None:
    """Write a snapshot of the input."""
    known = state.snapshots.setdefault(TABLE, [])
    parent = {"parent-snapshot-id": known[-1]["snapshot-id"]} if known else {}
    known.append({"snapshot-id": number, **parent, "summary": {"operation": operation}})
