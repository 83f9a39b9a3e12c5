"""Brings a Polaris catalog to what a JSON file says: catalog, clients, their namespaces and rights.

Usage: polaris_setup.py SETUP.json. May run any number of times: what is there stays, and what differs is changed. A
client that it made and that is no longer wanted is deleted, and so is every other grant of a client's own catalog role.
Roles, principals and grants that others made are left alone, and no namespace and no table is ever deleted. Needs
Python 3.11 and nothing else. Secrets are read from the files that the setup names; none is printed.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

OK, CREATED, NO_CONTENT, NOT_FOUND, CONFLICT = 200, 201, 204, 404, 409
DENIED = (400, 401, 403)
PAUSE = 5
TIMEOUT = 30
ALL_ROLES = "PRINCIPAL_ROLE:ALL"
MANAGEMENT = "/api/management/v1"
OURS = {"floe.dev/managed-by": "floe-compile"}
"""The property of the principals and roles that this program makes, and so may delete."""
GRANT = ("type", "namespace", "tableName", "viewName", "policyName", "privilege")

Grant = dict[str, Any]


class Failure(Exception):
    """The server refused something."""


class Server:
    """A Polaris server, and the token of whoever has logged in."""

    def __init__(self, url: str, realm: str, deadline: float) -> None:
        self.url, self.realm, self.deadline = url, realm, deadline
        self.token = ""

    def ask(self, method: str, path: str, body: Any = None, accept: tuple[int, ...] = (OK,)) -> tuple[int, Any]:
        """Return status and answer; raise Failure for a status that is not accepted."""
        data = None if body is None else json.dumps(body).encode()
        status, answer = self._send(method, path, data, "application/json")
        if status not in accept:
            raise Failure(f"{method} {path}: {status} {reason(answer)}")
        return status, answer

    def log_in(self, client_id: str, client_secret: str) -> str:
        """Return a token for a client; an empty one if the server does not know it by these credentials."""
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        data = urllib.parse.urlencode({**form, "scope": ALL_ROLES}).encode()
        status, answer = self._send("POST", "/api/catalog/v1/oauth/tokens", data, "application/x-www-form-urlencoded")
        if status in DENIED:
            return ""
        if status != OK:
            raise Failure(f"log-in of {client_id}: {status} {reason(answer)}")
        return str(answer["access_token"])

    def _send(self, method: str, path: str, data: bytes | None, kind: str) -> tuple[int, Any]:
        """Return status and answer, trying again while the server starts or is overloaded, until the deadline."""
        while True:
            headers = {"Polaris-Realm": self.realm, "Content-Type": kind, "Accept": "application/json"}
            if self.token:
                headers["Authorization"] = f"Bearer {self.token}"
            request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
                    return response.status, parsed(response.read())
            except urllib.error.HTTPError as error:
                if error.code not in (429, 502, 503, 504) or time.monotonic() > self.deadline:
                    return error.code, parsed(error.read())
            except OSError as error:
                if time.monotonic() > self.deadline:
                    raise Failure(f"{self.url} did not answer: {error}") from None
            say("waiting for the server")
            time.sleep(PAUSE)


def parsed(text: bytes) -> Any:
    """Return an answer as JSON; None if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def reason(answer: Any) -> str:
    """Return what an error answer says."""
    error = answer.get("error", answer) if isinstance(answer, dict) else {}
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)


def say(text: str) -> None:
    """Tell the log."""
    print(text, flush=True)  # noqa: T201


def quoted(*parts: str) -> str:
    """Return parts of a path, each safe to stand between slashes."""
    return "/".join(urllib.parse.quote(part, safe="") for part in parts)


def secret(path: str) -> str:
    """Return the secret in a file."""
    value = Path(path).read_text("utf-8").strip()
    if not value:
        raise Failure(f"{path} is empty")
    return value


def ensure_catalog(server: Server, wanted: dict[str, Any]) -> None:
    """Make the catalog, or bring its storage and properties to what is wanted."""
    path = f"{MANAGEMENT}/catalogs/{quoted(wanted['name'])}"
    status, current = server.ask("GET", path, accept=(OK, NOT_FOUND))
    if status == NOT_FOUND:
        status, _ = server.ask("POST", f"{MANAGEMENT}/catalogs", {"catalog": wanted}, (CREATED, CONFLICT))
        if status == CREATED:
            say(f"catalog {wanted['name']} made")
            return
        _, current = server.ask("GET", path)
    changed = {part for part in ("properties", "storageConfigInfo") if not covers(current.get(part), wanted[part])}
    if changed:
        update = {
            "currentEntityVersion": current["entityVersion"],
            "properties": {**current.get("properties", {}), **wanted["properties"]},
            "storageConfigInfo": wanted["storageConfigInfo"],
        }
        server.ask("PUT", path, update)
    say(f"catalog {wanted['name']} {'changed: ' + ', '.join(sorted(changed)) if changed else 'is there'}")


def covers(current: Any, wanted: dict[str, Any]) -> bool:
    """Tell whether everything that is wanted is so; lists count as sets."""

    def same(one: Any, other: Any) -> bool:
        if isinstance(one, list) and isinstance(other, list):
            return sorted(one) == sorted(other)
        return bool(one == other)

    return all(same((current or {}).get(key), value) for key, value in wanted.items())


def ensure(server: Server, path: str, kind: str, body: dict[str, Any]) -> None:
    """Make an entity unless there is one of its name."""
    server.ask("POST", path, {kind: {**body, "properties": OURS}}, (CREATED, CONFLICT))


def remove_others(server: Server, catalog: str, wanted: set[str]) -> None:
    """Delete the clients that this program made earlier and that are no longer wanted."""
    roles = f"{MANAGEMENT}/catalogs/{quoted(catalog)}/catalog-roles"
    for path, kind in (
        (f"{MANAGEMENT}/principals", "principals"),
        (f"{MANAGEMENT}/principal-roles", "roles"),
        (roles, "roles"),
    ):
        _, answer = server.ask("GET", path)
        for one in (answer or {}).get(kind) or ():
            if covers(one.get("properties"), OURS) and one["name"] not in wanted:
                server.ask("DELETE", f"{path}/{quoted(one['name'])}", accept=(OK, NO_CONTENT, NOT_FOUND))
                say(f"{one['name']} deleted from {path.rpartition('/')[2]}")


def ensure_credentials(server: Server, client: dict[str, str]) -> None:
    """Give the principal its id and secret, unless it can log in with them already.

    A new principal gets random ones from the server; only `reset` (since Polaris 1.2) puts given ones in their place.
    """
    given = {"clientId": client["client_id"], "clientSecret": secret(client["secret_file"])}
    stranger = Server(server.url, server.realm, server.deadline)
    if stranger.log_in(given["clientId"], given["clientSecret"]):
        return
    server.ask("POST", f"{MANAGEMENT}/principals/{quoted(client['name'])}/reset", given)
    if not stranger.log_in(given["clientId"], given["clientSecret"]):
        raise Failure(f"the server took the credentials of {client['name']}, but does not let it log in")
    say(f"credentials of {client['name']} set")


def ensure_assigned(server: Server, path: str, kind: str, role: str) -> None:
    """Assign a role unless it is assigned: doing it twice is an error in some versions."""
    _, answer = server.ask("GET", path)
    if role not in {one["name"] for one in (answer or {}).get("roles") or ()}:
        server.ask("PUT", path, {kind: {"name": role}}, (OK, CREATED))


def grants_of(client: dict[str, Any], privileges: dict[str, str]) -> list[Grant]:
    """Return the grants of a client: to list or create namespaces, to write its own (if any), and to read tables."""
    tables = (table.rsplit(".", 1) for table in client["reads"])
    return [
        {"type": "catalog", "privilege": privileges[client["namespaces"]]},
        *(
            {"type": "namespace", "namespace": [own], "privilege": privileges["writes"]}
            for own in (client["writes"],)
            if own
        ),
        *(
            {"type": "table", "namespace": [namespace], "tableName": name, "privilege": privileges["reads"]}
            for namespace, name in tables
        ),
    ]


def shown(grant: Grant) -> str:
    """Return a grant in words."""
    place = ".".join((*grant.get("namespace", ()), *(grant[key] for key in GRANT[2:5] if key in grant)))
    return f"{grant['privilege']} on {place or 'the catalog'}"


def ensure_grants(server: Server, path: str, wanted: list[Grant]) -> None:
    """Revoke what is granted and not wanted, and grant what is wanted and not granted yet.

    A table that does not exist yet can only be granted later.
    """
    _, answer = server.ask("GET", path)
    found = (answer or {}).get("grants") or ()
    granted = [{key: one[key] for key in GRANT if one.get(key)} for one in found]
    for grant in granted:
        if grant not in wanted:
            server.ask("POST", path, {"grant": grant}, (OK, CREATED, NO_CONTENT, NOT_FOUND))
            say(f"revoked: {shown(grant)}")
    for grant in wanted:
        if grant in granted:
            continue
        may_be_missing = (NOT_FOUND,) if grant["type"] == "table" else ()
        status, _ = server.ask("PUT", path, {"grant": grant}, (OK, CREATED, *may_be_missing))
        say(f"{'there is no such table yet' if status == NOT_FOUND else 'granted'}: {shown(grant)}")


def ensure_namespace(server: Server, catalog: str, name: str) -> None:
    """Make a namespace unless there is one of its name."""
    body = {"namespace": [name], "properties": {}}
    server.ask("POST", f"/api/catalog/v1/{quoted(catalog)}/namespaces", body, (OK, CONFLICT))


def ensure_client(server: Server, catalog: str, client: dict[str, Any], privileges: dict[str, str]) -> None:
    """Make a client: principal, principal role, catalog role and the rights of that."""
    name = client["name"]
    ensure(server, f"{MANAGEMENT}/principals", "principal", {"name": name})
    ensure_credentials(server, client)
    ensure(server, f"{MANAGEMENT}/principal-roles", "principalRole", {"name": name})
    ensure_assigned(server, f"{MANAGEMENT}/principals/{quoted(name)}/principal-roles", "principalRole", name)
    roles = f"{MANAGEMENT}/catalogs/{quoted(catalog)}/catalog-roles"
    ensure(server, roles, "catalogRole", {"name": name})
    ensure_grants(server, f"{roles}/{quoted(name)}/grants", grants_of(client, privileges))
    assigned = f"{MANAGEMENT}/principal-roles/{quoted(name)}/catalog-roles/{quoted(catalog)}"
    ensure_assigned(server, assigned, "catalogRole", name)
    written = f"write to {client['writes']}, and " if client["writes"] else ""
    say(f"client {name} may {written}read {', '.join(client['reads']) or 'nothing else'}")


def run(setup: dict[str, Any]) -> None:
    """Bring the server to the setup; raise Failure if it refuses, OSError if a file cannot be read."""
    server = Server(setup["url"], setup["realm"], time.monotonic() + setup["patience_seconds"])
    server.token = server.log_in(setup["root"]["client_id"], secret(setup["root"]["secret_file"]))
    if not server.token:
        raise Failure("the root client may not log in: was the realm bootstrapped with another secret?")
    ensure_catalog(server, setup["catalog"])
    catalog, clients = setup["catalog"]["name"], setup["clients"]
    remove_others(server, catalog, {client["name"] for client in clients})
    for client in clients:
        if client["writes"]:
            ensure_namespace(server, catalog, client["writes"])
    for client in clients:
        ensure_client(server, catalog, client, setup["privileges"])


def main(arguments: list[str]) -> int:
    """Do it; return 0, or 1 with a message if it could not be done."""
    try:
        run(json.loads(Path(arguments[0]).read_text("utf-8")))
    except (Failure, OSError) as error:
        print(f"polaris-setup: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
