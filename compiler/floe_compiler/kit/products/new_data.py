"""Whether the inputs of a data product have new data, so that a run of it starts: for the orchestrators that notice it.

An input is a table in an Iceberg REST catalog, and its data is new when it has another snapshot than at the start of
the last run. Whoever wrote it does not matter. What a product waits for is in the mapping `trigger`, which the compiler
writes; the orchestrator keeps what was found as the `state`. Needs nothing but Python.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

SECONDS = 10
"""For each answer of the catalog."""

REPLACE = "replace"
"""The operation of a snapshot with the same data in other files, as compaction writes it (Iceberg's specification)."""


class CatalogError(Exception):
    """The catalog does not say what snapshots there are."""


class Decision(NamedTuple):
    """Whether a run starts, why or why not, and the state to keep."""

    starts: bool
    why: str
    state: dict[str, Any]


def decide(
    trigger: Mapping[str, Any],
    state: Mapping[str, Any],
    found: Mapping[str, str],
    now: float,
    *,
    busy: bool,
) -> Decision:
    """Return whether a run starts now.

    Args:
        trigger: What the product waits for.
        state: What the last decision said to keep; empty before the first.
        found: The snapshot of each input, as `snapshots` returns them.
        now: Seconds since 1970.
        busy: Whether a run of the product waits or is at work. All that is new when it ends is for one further run.
    """
    empty = [table for table, snapshot in found.items() if not snapshot]
    if empty:
        return Decision(False, f"no data yet in {', '.join(empty)}", dict(state))
    read, started = state.get("read", {}), state.get("started")
    since = now - started if started is not None else None
    new = [table for table, snapshot in found.items() if read.get(table) != snapshot]
    overdue = since is not None and trigger["at_least_every"] is not None and since >= trigger["at_least_every"]
    if not overdue and not (new and (trigger["inputs"] == "any" or len(new) == len(found))):
        old = [table for table in found if table not in new]
        kept = {key: value for key, value in state.items() if key != "noticed"}
        return Decision(False, f"no new data in {', '.join(old)}", kept)
    noticed = state.get("noticed", now)
    waiting = {**state, "noticed": noticed}
    if busy:
        return Decision(False, "a run is not over yet", waiting)
    if since is not None and trigger["at_most_every"] is not None and since < trigger["at_most_every"]:
        return Decision(False, f"the last run started {since:.0f} s ago", waiting)
    if not overdue and now - noticed < trigger["delay"]:
        return Decision(False, f"new data was noticed {now - noticed:.0f} s ago", waiting)
    why = f"new data in {', '.join(new)}" if new else f"the last run started {since:.0f} s ago"
    return Decision(True, why, {"runs": state.get("runs", 0) + 1, "read": dict(found), "started": now})


def snapshots(trigger: Mapping[str, Any]) -> dict[str, str]:
    """Return the snapshot of each input, by its identifier; empty for a table without data, or that does not exist.

    Raises CatalogError if the catalog does not say so.
    """
    catalog = Catalog(trigger["catalog"])
    return {table: catalog.snapshot(*table.split(".")) for table in trigger["tables"]}


class Catalog:
    """An Iceberg REST catalog, as the product is logged in to it."""

    def __init__(self, place: Mapping[str, Any]) -> None:
        self.uri = place["uri"]
        self.headers = {**place["headers"], **_login(place)}
        settings = self._get(f"config?{urlencode({'warehouse': place['warehouse']})}")
        said = {**settings.get("defaults", {}), **settings.get("overrides", {})}
        self.prefix = f"{quote(said['prefix'], safe='')}/" if said.get("prefix") else ""

    def snapshot(self, namespace: str, table: str) -> str:
        """Return the snapshot of the table that has its data; empty if there is none."""
        path = f"{self.prefix}namespaces/{quote(namespace, safe='')}/tables/{quote(table, safe='')}"
        # Those that branches and tags name are enough, unless the newest has the data of an older one.
        for known in ("refs", "all"):
            metadata = self._get(f"{path}?snapshots={known}", missing={}).get("metadata", {})
            current, is_whole = data_snapshot(metadata)
            if is_whole:
                break
        return current

    def _get(self, path: str, missing: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return an answer of the catalog; `missing` if there is no such thing."""
        try:
            return _answer(f"{self.uri}/v1/{path}", self.headers)
        except urllib.error.HTTPError as error:
            if error.code == 404 and missing is not None:
                return missing
            raise CatalogError(f"the catalog answers {error.code} to {path.partition('?')[0]}") from None


def data_snapshot(metadata: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the snapshot whose data a table has now, and whether all that lead to it are in the metadata.

    Compaction writes a snapshot with the data of the one before it: then it is that one.
    """
    known = {one["snapshot-id"]: one for one in metadata.get("snapshots", ())}
    current = metadata.get("current-snapshot-id")
    if current in (None, -1):  # -1 is what early versions of Iceberg wrote
        return "", True
    while current in known:
        parent = known[current].get("parent-snapshot-id")
        if known[current].get("summary", {}).get("operation") != REPLACE or parent is None:
            return str(current), True
        current = parent
    return str(current), False


def _login(place: Mapping[str, Any]) -> dict[str, str]:
    """Return the header with the product's token; none if the catalog needs no login."""
    login = place["login"]
    if login is None:
        return {}
    if "token" in login:
        return {"Authorization": f"Bearer {_read(login['token'])}"}
    form = {
        "grant_type": "client_credentials",
        "client_id": _read(login["client_id"]),
        "client_secret": _read(login["client_secret"]),
        **({"scope": login["scope"]} if login["scope"] else {}),
    }
    try:
        answer = _answer(login["url"], place["headers"], urlencode(form).encode())
    except urllib.error.HTTPError as error:
        raise CatalogError(f"the login at the catalog is answered with {error.code}") from None
    return {"Authorization": f"Bearer {answer.get('access_token', '')}"}


def _read(path: str) -> str:
    return Path(path).read_text("utf-8").strip()


def _answer(url: str, headers: Mapping[str, str], form: bytes | None = None) -> dict[str, Any]:
    """Return the JSON object that a server answers; raise HTTPError, or CatalogError if there is none."""
    request = urllib.request.Request(url, form, dict(headers))  # noqa: S310 - the compiler wrote the URL
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        error.close()
        raise
    except (OSError, ValueError, TypeError) as error:
        raise CatalogError(f"{request.host} does not answer: {error}") from None
