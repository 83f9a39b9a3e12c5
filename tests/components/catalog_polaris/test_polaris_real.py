"""Polaris itself, with the rendered setup: who may do what, and which access ends when the mesh changes.

FLOE_POLARIS names a program that starts Polaris with the system properties that it gets as arguments and the variables
that it inherits (CONTRIBUTING.md says how to make one).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.catalog_polaris.test_catalog_polaris import SERVED, _context, _setup
from floe_compiler.model.data_access import ServedProduct

PROGRAM = shutil.which(os.environ.get("FLOE_POLARIS") or "") or ""

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not PROGRAM, reason="FLOE_POLARIS names no program that starts Polaris"),
]

SCHEMA = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}
SHOP, VISITS = "product-sales-shop", "product-field--service-visits"


@dataclass(frozen=True)
class Polaris:
    """The running server, and the folder for the files of its setup."""

    url: str
    folder: Path

    def ask(self, client: str, method: str, path: str, body: Any = None) -> int:
        """Return the status of a request to the catalog by a client; 401 if it cannot log in."""
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": f"secret-of-{client}"}
        status, answer = self._send(
            "POST", "oauth/tokens", urllib.parse.urlencode({**form, "scope": "PRINCIPAL_ROLE:ALL"})
        )
        if status != 200:
            return 401
        headers = {"Authorization": f"Bearer {answer['access_token']}", "Content-Type": "application/json"}
        return self._send(method, f"warehouse/{path}", json.dumps(body) if body is not None else None, headers)[0]

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        url = f"{self.url}/api/catalog/v1/{path}"
        data = body.encode() if body is not None else None
        request = urllib.request.Request(url, data, {"Polaris-Realm": "acme", **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                text = response.read()
                return response.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, None

    def set_up(self, *served: ServedProduct) -> str:
        """Run the setup for these products; return its output."""
        place = f"file://{self.folder}/lake/"
        storage = {"storageType": "FILE", "allowedLocations": [place]}
        properties = {"default-base-location": place}
        catalog = {"type": "INTERNAL", "name": "warehouse", "properties": properties, "storageConfigInfo": storage}
        done = _setup(self.folder, _context(served=served), self.url, catalog=catalog)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make_table(self, client: str, namespace: str, name: str) -> int:
        """Return the status of making a table."""
        return self.ask(client, "POST", f"namespaces/{namespace}/tables", {"name": name, "schema": SCHEMA})


def free_port() -> int:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        number: int = reserved.getsockname()[1]
        return number


@pytest.fixture(scope="module")
def polaris(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Polaris]:
    """Polaris with its tables in memory, and with files instead of an object store."""
    folder, port = tmp_path_factory.mktemp("polaris"), free_port()
    settings = {
        "polaris.realm-context.realms": "acme",
        "polaris.readiness.ignore-severe-issues": "true",
        'polaris.features."ALLOW_INSECURE_STORAGE_TYPES"': "true",
        'polaris.features."SUPPORTED_CATALOG_STORAGE_TYPES"': '["FILE"]',
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": str(port),
        "quarkus.log.file.enabled": "false",
        "quarkus.management.host": "127.0.0.1",
        "quarkus.management.port": str(free_port()),
    }
    words = [f"-D{name}={value}" for name, value in settings.items()]
    variables = {**os.environ, "POLARIS_BOOTSTRAP_CREDENTIALS": "acme,root,root-secret"}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([PROGRAM, *words], env=variables, cwd=folder, stdout=log, stderr=log) as running,
    ):
        try:
            for _ in range(120):
                assert running.poll() is None, (folder / "log").read_text()[-2000:]
                with socket.socket() as client:
                    if client.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(1)
            server = Polaris(f"http://127.0.0.1:{port}", folder)
            server.set_up(*SERVED)
            yield server
        finally:
            running.terminate()


def change(name: str) -> dict[str, Any]:
    return {"requirements": [], "updates": [{"action": "set-properties", "updates": {name: "1"}}]}


def test_products_reach_only_what_they_declare(polaris: Polaris) -> None:
    orders = "namespaces/sales__shop/tables/orders"
    assert polaris.make_table(VISITS, "sales__shop", "orders") == 403, "the namespace of another product"
    assert polaris.make_table(SHOP, "sales__shop", "orders") == 200
    assert polaris.make_table(SHOP, "sales__shop", "raw") == 200
    assert polaris.ask(VISITS, "GET", orders) == 403, "it is granted when the setup runs again"

    assert "granted: TABLE_READ_DATA on sales__shop.orders" in polaris.set_up(*SERVED)
    assert "granted" not in polaris.set_up(*SERVED), "there is nothing more to do"
    assert polaris.ask(VISITS, "GET", orders) == 200, "its input"
    assert polaris.ask(VISITS, "GET", "namespaces/sales__shop/tables/raw") == 403, "no input of it"
    assert polaris.ask(VISITS, "POST", orders, change("a")) == 403
    assert polaris.ask(VISITS, "DELETE", orders) == 403
    assert polaris.ask(SHOP, "POST", orders, change("a")) == 200
    assert polaris.make_table(VISITS, "field_service__visits", "days") == 200
    assert polaris.ask(SHOP, "GET", "namespaces/field_service__visits/tables/days") == 403

    visits, shop = SERVED
    assert "revoked: TABLE_READ_DATA on sales__shop.orders" in polaris.set_up(
        ServedProduct("field-service", "visits"), shop
    )
    assert polaris.ask(VISITS, "GET", orders) == 403, "it is no longer an input"
    assert polaris.ask(VISITS, "GET", "namespaces/field_service__visits/tables/days") == 200, "its own table"

    assert f"{VISITS} deleted" in polaris.set_up(shop)
    assert polaris.ask(VISITS, "GET", "namespaces/field_service__visits/tables/days") == 401, "it is gone"
    polaris.set_up(visits, shop)
    assert polaris.ask(VISITS, "GET", "namespaces/field_service__visits/tables/days") == 200, "tables are never deleted"
