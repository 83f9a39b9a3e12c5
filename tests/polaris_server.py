"""A small Polaris, by its OpenAPI description: enough of it to run the setup and an Iceberg client against.

Unlike the real one it refuses what the description leaves open: a grant or a role given twice is an error of the server
(500), as it was in releases before.
"""

from __future__ import annotations

import json
import re
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, Any]

NEEDED = {
    ("GET", 0): ("NAMESPACE_LIST", "NAMESPACE_CREATE", "NAMESPACE_READ_PROPERTIES", "CATALOG_MANAGE_CONTENT"),
    ("POST", 0): ("NAMESPACE_CREATE", "CATALOG_MANAGE_CONTENT"),
    ("GET", 1): ("TABLE_LIST", "TABLE_READ_DATA", "TABLE_CREATE", "CATALOG_MANAGE_CONTENT"),
    ("POST", 1): ("TABLE_CREATE", "CATALOG_MANAGE_CONTENT"),
    ("GET", 2): ("TABLE_READ_DATA", "TABLE_WRITE_DATA", "CATALOG_MANAGE_CONTENT"),
    ("POST", 2): ("TABLE_WRITE_DATA", "CATALOG_MANAGE_CONTENT"),
}
"""The privileges of which one is needed: by method, and by how deep the path is: namespaces, tables, one table."""


def _holds(grant: dict[str, Any], namespace: str | None, table: str | None) -> bool:
    """Tell whether a grant is on the object or on what that is in."""
    where = {"catalog": (), "namespace": (namespace,), "table": (namespace, table)}[grant["type"]]
    return where == (*grant.get("namespace", ()), *([grant["tableName"]] if "tableName" in grant else ()))


@dataclass
class State:
    """The state of a server, and its requests."""

    realm: str = "acme"
    secrets: dict[str, tuple[str, str]] = field(default_factory=lambda: {"root": ("root", "root-secret")})
    """Client id -> principal and secret."""
    catalogs: dict[str, dict[str, Any]] = field(default_factory=dict)
    principals: dict[str, dict[str, Any]] = field(default_factory=lambda: {"root": {"clientId": "root"}})
    principal_roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    assigned: dict[str, list[str]] = field(default_factory=dict)
    catalog_roles: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    """Catalog and role -> its grants."""
    properties: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Of catalog roles."""
    catalog_roles_assigned: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    namespaces: dict[str, list[list[str]]] = field(default_factory=dict)
    tables: set[tuple[str, str]] = field(default_factory=set)
    """Namespace and name."""
    snapshots: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    """The snapshots of a table, the current one last; a table without any has no data."""
    failures: int = 0
    """How many requests to answer with 503 before the server is up."""
    log: list[tuple[str, str, int]] = field(default_factory=list)
    bodies: list[tuple[str, str, Any]] = field(default_factory=list)
    """What was sent to the management API: method, path and body."""

    def changes(self) -> list[tuple[str, str]]:
        """Return the requests that changed something."""
        wrote = [(method, path) for method, path, status in self.log if method != "GET" and status in (200, 201)]
        return [(method, path) for method, path in wrote if not path.endswith("/oauth/tokens")]


class Polaris:
    """The server's answers."""

    def __init__(self, state: State) -> None:
        self.state = state
        segment = "([^/]+)"
        management = "/api/management/v1"
        self.routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("POST", f"{management}/catalogs", self.create_catalog),
            ("GET", f"{management}/catalogs/{segment}", self.get_catalog),
            ("PUT", f"{management}/catalogs/{segment}", self.update_catalog),
            ("POST", f"{management}/principals", self.create_principal),
            ("GET", f"{management}/principals", self.list_principals),
            ("DELETE", f"{management}/principals/{segment}", self.delete_principal),
            ("GET", f"{management}/principal-roles", self.list_principal_roles),
            ("DELETE", f"{management}/principal-roles/{segment}", self.delete_principal_role),
            ("GET", f"{management}/catalogs/{segment}/catalog-roles", self.list_catalog_roles),
            ("DELETE", f"{management}/catalogs/{segment}/catalog-roles/{segment}", self.delete_catalog_role),
            ("POST", f"{management}/catalogs/{segment}/catalog-roles/{segment}/grants", self.revoke),
            ("POST", f"{management}/principals/{segment}/reset", self.reset),
            ("GET", f"{management}/principals/{segment}/principal-roles", self.principal_roles_of),
            ("PUT", f"{management}/principals/{segment}/principal-roles", self.assign_principal_role),
            ("POST", f"{management}/principal-roles", self.create_principal_role),
            ("POST", f"{management}/catalogs/{segment}/catalog-roles", self.create_catalog_role),
            ("GET", f"{management}/catalogs/{segment}/catalog-roles/{segment}/grants", self.grants),
            ("PUT", f"{management}/catalogs/{segment}/catalog-roles/{segment}/grants", self.grant),
            ("GET", f"{management}/principal-roles/{segment}/catalog-roles/{segment}", self.catalog_roles_of),
            ("PUT", f"{management}/principal-roles/{segment}/catalog-roles/{segment}", self.assign_catalog_role),
            ("POST", f"/api/catalog/v1/{segment}/namespaces", self.create_namespace),
            ("GET", f"/api/catalog/v1/{segment}/namespaces", self.list_namespaces),
            ("GET", f"/api/catalog/v1/{segment}/namespaces/{segment}/tables", self.list_tables),
            ("POST", f"/api/catalog/v1/{segment}/namespaces/{segment}/tables", self.create_table),
            ("GET", f"/api/catalog/v1/{segment}/namespaces/{segment}/tables/{segment}", self.load_table),
            ("POST", f"/api/catalog/v1/{segment}/namespaces/{segment}/tables/{segment}", self.load_table),
            ("GET", "/api/catalog/v1/config", self.configuration),
        ]

    def token(self, form: dict[str, list[str]], header: str) -> Answer:
        kind, _, basic = header.partition(" ")
        credentials = (
            b64decode(basic).decode().split(":") if kind == "Basic" else form["client_id"] + form["client_secret"]
        )
        principal, secret = self.state.secrets.get(credentials[0], ("", ""))
        if not principal or credentials[1] != secret or form["scope"] != ["PRINCIPAL_ROLE:ALL"]:
            return 401, {"error": "unauthorized_client", "error_description": "The client is not authorized"}
        return 200, {"access_token": f"token-of-{principal}", "token_type": "bearer", "expires_in": 3600}

    def may(self, principal: str, method: str, path: str) -> bool:
        """Tell whether a principal may do this: the server asks that before it looks what there is.

        The operations and privileges are those of `RbacOperationSemantics` and `PolarisAuthorizerImpl`: each operation
        needs one privilege, on its object or on what that is in; others include it.
        """
        if principal != "root" and "/management/" in path:
            return False
        match = re.fullmatch("/api/catalog/v1/[^/]+/namespaces(?:/([^/]+)/tables(?:/([^/]+))?)?", path)
        if principal == "root" or match is None:
            return True
        namespace, table = match.groups()
        needed = NEEDED[method, sum(part is not None for part in (namespace, table))]
        roles = self.state.assigned.get(principal, [])
        return any(
            grant["privilege"] in needed and _holds(grant, namespace, table)
            for (role, catalog), names in self.state.catalog_roles_assigned.items()
            for name in names
            if role in roles
            for grant in self.state.catalog_roles[catalog, name]
        )

    def handle(self, method: str, path: str, body: Any) -> Answer:
        if "/management/" in path:
            self.state.bodies.append((method, path, body))
        return self.answer(method, path, body)

    def answer(self, method: str, path: str, body: Any) -> Answer:
        for expected_method, pattern, handler in self.routes:
            match = re.fullmatch(pattern, path)
            if expected_method == method and match:
                parts = [unquote(part) for part in match.groups()]
                return handler(*parts, body) if method in ("POST", "PUT") else handler(*parts)
        return 404, error("no such route")

    def create_catalog(self, body: Any) -> Answer:
        catalog = body["catalog"]
        if catalog["name"] in self.state.catalogs:
            return 409, error("Cannot create Catalog. Catalog already exists or resolution failed")
        assert catalog["type"] == "INTERNAL"
        assert catalog["storageConfigInfo"]["storageType"] in ("S3", "GCS", "AZURE")
        assert catalog["properties"]["default-base-location"]
        self.state.catalogs[catalog["name"]] = {**catalog, "entityVersion": 1}
        return 201, None

    def get_catalog(self, name: str) -> Answer:
        catalog = self.state.catalogs.get(name)
        return (200, catalog) if catalog else (404, error(f"Catalog {name} not found"))

    def update_catalog(self, name: str, body: Any) -> Answer:
        catalog = self.state.catalogs[name]
        if body["currentEntityVersion"] != catalog["entityVersion"]:
            return 409, error("Failed to update Catalog")
        changes = {key: body[key] for key in ("properties", "storageConfigInfo")}
        self.state.catalogs[name] = {**catalog, **changes, "entityVersion": catalog["entityVersion"] + 1}
        return 200, self.state.catalogs[name]

    def create_principal(self, body: Any) -> Answer:
        name = body["principal"]["name"]
        if name in self.state.principals:
            return 409, error("Cannot create Principal. Principal already exists or resolution failed")
        self._credentials(name, f"random{len(self.state.principals):010}", "random-secret")
        self.state.principals[name]["properties"] = body["principal"].get("properties", {})
        credentials = {"clientId": self.state.principals[name]["clientId"], "clientSecret": "random-secret"}
        return 201, {"principal": {"name": name}, "credentials": credentials}

    def _credentials(self, principal: str, client_id: str, secret: str) -> None:
        for old in [key for key, (owner, _) in self.state.secrets.items() if owner == principal]:
            del self.state.secrets[old]
        self.state.secrets[client_id] = (principal, secret)
        self.state.principals[principal] = {**self.state.principals.get(principal, {}), "clientId": client_id}

    def list_principals(self) -> Answer:
        known = self.state.principals.items()
        return 200, {"principals": [{"name": name, "properties": {}, **about} for name, about in known]}

    def delete_principal(self, name: str) -> Answer:
        if self.state.principals.pop(name, None) is None:
            return 404, error("no such principal")
        self.state.secrets = {key: secret for key, secret in self.state.secrets.items() if secret[0] != name}
        self.state.assigned.pop(name, None)
        return 204, None

    def reset(self, principal: str, body: Any) -> Answer:
        owner = self.state.secrets.get(body["clientId"], (principal, ""))[0]
        if owner != principal:
            return 409, error(f"Client ID already in use: {body['clientId']}")
        self._credentials(principal, body["clientId"], body["clientSecret"])
        return 200, {"principal": {"name": principal}, "credentials": body}

    def create_principal_role(self, body: Any) -> Answer:
        name = body["principalRole"]["name"]
        if name in self.state.principal_roles:
            return 409, error("Cannot create PrincipalRole")
        self.state.principal_roles[name] = body["principalRole"]
        return 201, body["principalRole"]

    def list_principal_roles(self) -> Answer:
        return 200, {"roles": list(self.state.principal_roles.values())}

    def delete_principal_role(self, name: str) -> Answer:
        if self.state.principal_roles.pop(name, None) is None:
            return 404, error("no such role")
        self.state.assigned = {
            who: [role for role in roles if role != name] for who, roles in self.state.assigned.items()
        }
        assigned = self.state.catalog_roles_assigned.items()
        self.state.catalog_roles_assigned = {key: names for key, names in assigned if key[0] != name}
        return 204, None

    def principal_roles_of(self, principal: str) -> Answer:
        return 200, {"roles": [{"name": role} for role in self.state.assigned.get(principal, [])]}

    def assign_principal_role(self, principal: str, body: Any) -> Answer:
        role = body["principalRole"]["name"]
        if principal not in self.state.principals or role not in self.state.principal_roles:
            return 404, error("no such principal or role")
        return self._once(self.state.assigned.setdefault(principal, []), role)

    def create_catalog_role(self, catalog: str, body: Any) -> Answer:
        key = (catalog, body["catalogRole"]["name"])
        if catalog not in self.state.catalogs:
            return 404, error("no such catalog")
        if key in self.state.catalog_roles:
            return 409, error("Cannot create CatalogRole")
        self.state.catalog_roles[key] = []
        self.state.properties[key] = body["catalogRole"].get("properties", {})
        return 201, body["catalogRole"]

    def list_catalog_roles(self, catalog: str) -> Answer:
        names = [name for of, name in self.state.catalog_roles if of == catalog]
        return 200, {
            "roles": [{"name": name, "properties": self.state.properties.get((catalog, name), {})} for name in names]
        }

    def delete_catalog_role(self, catalog: str, role: str) -> Answer:
        if self.state.catalog_roles.pop((catalog, role), None) is None:
            return 404, error("no such role")
        for (_, of), names in self.state.catalog_roles_assigned.items():
            if of == catalog and role in names:
                names.remove(role)
        return 204, None

    def grants(self, catalog: str, role: str) -> Answer:
        return 200, {"grants": self.state.catalog_roles[catalog, role]}

    def grant(self, catalog: str, role: str, body: Any) -> Answer:
        grant = body["grant"]
        known = self.state.namespaces.get(catalog, [])
        if grant["type"] == "namespace" and grant["namespace"] not in known:
            return 404, error("no such namespace")
        if grant["type"] == "table" and (grant["namespace"][0], grant["tableName"]) not in self.state.tables:
            return 404, error("no such table")
        return self._once(self.state.catalog_roles[catalog, role], grant)

    def revoke(self, catalog: str, role: str, body: Any) -> Answer:
        granted = self.state.catalog_roles[catalog, role]
        if body["grant"] not in granted:
            return 404, error("no such grant")
        granted.remove(body["grant"])
        return 201, None

    def catalog_roles_of(self, role: str, catalog: str) -> Answer:
        roles = self.state.catalog_roles_assigned.get((role, catalog), [])
        return 200, {"roles": [{"name": name} for name in roles]}

    def assign_catalog_role(self, role: str, catalog: str, body: Any) -> Answer:
        name = body["catalogRole"]["name"]
        if role not in self.state.principal_roles or (catalog, name) not in self.state.catalog_roles:
            return 404, error("no such role")
        return self._once(self.state.catalog_roles_assigned.setdefault((role, catalog), []), name)

    def _once(self, items: list[Any], new: Any) -> Answer:
        if new in items:
            return 500, error("duplicate key value violates unique constraint")
        items.append(new)
        return 201, None

    def create_namespace(self, catalog: str, body: Any) -> Answer:
        namespaces = self.state.namespaces.setdefault(catalog, [])
        if body["namespace"] in namespaces:
            return 409, error("Namespace already exists")
        namespaces.append(body["namespace"])
        return 200, body

    def list_namespaces(self, catalog: str) -> Answer:
        return 200, {"namespaces": self.state.namespaces.get(catalog, [])}

    def list_tables(self, _catalog: str, _namespace: str) -> Answer:
        return 200, {"identifiers": []}

    def create_table(self, catalog: str, namespace: str, body: Any) -> Answer:
        if [namespace] not in self.state.namespaces.get(catalog, []):
            return 404, error("no such namespace")
        if (namespace, body["name"]) in self.state.tables:
            return 409, error("Table already exists")
        self.state.tables.add((namespace, body["name"]))
        return 200, {}

    def load_table(self, _catalog: str, namespace: str, table: str, _body: Any = None) -> Answer:
        if (namespace, table) not in self.state.tables:
            return 404, error("no such table")
        known = self.state.snapshots.get((namespace, table), [])
        current = {"current-snapshot-id": known[-1]["snapshot-id"]} if known else {}
        return 200, {"metadata": {"format-version": 2, "snapshots": known, **current}}

    def load_referenced(self, answer: Answer) -> Answer:
        """Return the answer for a table with only the snapshots that branches name: here there is `main` alone."""
        status, body = answer
        if status == 200:
            body["metadata"]["snapshots"] = body["metadata"]["snapshots"][-1:]
        return status, body

    def configuration(self) -> Answer:
        return 200, {"defaults": {}, "overrides": {"prefix": next(iter(self.state.catalogs), "warehouse")}}


def error(message: str) -> dict[str, Any]:
    """Return an error as Polaris and Iceberg write it."""
    return {"error": {"message": message, "type": "Error", "code": 0}}


@contextmanager
def running(state: State) -> Iterator[str]:
    """Run a server with this state; give its URL."""
    polaris = Polaris(state)

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            path = urlsplit(self.path).path
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, answer = self._answer(path, text)
            state.log.append((self.command, path, status))
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _answer(self, path: str, text: str) -> Answer:
            if state.failures > 0:
                state.failures -= 1
                return 503, None
            if self.headers.get("Polaris-Realm", state.realm) != state.realm:
                return 404, error("Missing or invalid realm")
            if path.endswith("/oauth/tokens"):
                return polaris.token(parse_qs(text), self.headers.get("Authorization", ""))
            principal = self.headers.get("Authorization", "").removeprefix("Bearer token-of-")
            if principal not in state.principals:
                return 401, error("Not authorized")
            if not polaris.may(principal, self.command, path):
                return 403, error(f"Principal '{principal}' is not authorized for {self.command} {path}")
            answer = polaris.handle(self.command, path, json.loads(text) if text else None)
            is_part = parse_qs(urlsplit(self.path).query).get("snapshots") == ["refs"]
            return polaris.load_referenced(answer) if is_part else answer

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - the names that the base class calls

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
