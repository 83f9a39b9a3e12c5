"""What is rendered for Cube, shown to Cube's own packages: variables, mounts of models, DuckDB's configuration."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import cube_program
from components.semantic_layer_cube.test_semantic_layer_cube import (
    BIGQUERY,
    CATALOG,
    DUCKDB,
    POSTGRES,
    WAREHOUSE,
    build,
    named,
    variables,
)
from floe_compiler.kit.products.dbt import iceberg_extensions
from products import LAKEHOUSE, STORE

pytestmark = pytest.mark.real

GET = """
const { getEnv } = require('@cubejs-backend/shared');
const keys = JSON.parse(process.argv[1]);
const value = (key) => getEnv(key, { dataSource: 'default' });
require('fs').writeSync(1, JSON.stringify(Object.fromEntries(keys.map((key) => [key, value(key)]))));
"""


def settings(env: Mapping[str, str], *keys: str) -> dict[str, Any]:
    """Return the settings that Cube reads from these variables, by its own names."""
    values: dict[str, Any] = json.loads(cube_program.run(GET, json.dumps(keys), package="shared", env=env))
    return values


def environment(*capabilities: Any, **options: Any) -> dict[str, str]:
    """Return the variables of an API server, with references in them resolved; a secret's value is `secret`."""
    values: dict[str, str] = {}
    for name, value in variables(named(build(*capabilities, **options))["cube-api"]).items():
        plain = "secret" if value.startswith("secret ") else value
        values[name] = re.sub(r"\$\((\w+)\)", lambda match: values.get(match[1], "secret"), plain)
    return values


def test_cube_knows_the_variables_of_the_server() -> None:
    answers = settings(
        environment(WAREHOUSE, STORE),
        *("devMode", "telemetry", "cacheAndQueueDriver", "cubeStoreHost", "cubeStorePort", "apiSecret", "pgSqlPort"),
        *("sqlUser", "sqlPassword", "schemaPath", "gracefulShutdown"),
    )
    assert answers == {
        "devMode": False,
        "telemetry": False,
        "cacheAndQueueDriver": "cubestore",
        "cubeStoreHost": "cube-store-router.floe-sales-domain.svc.cluster.local",
        "cubeStorePort": 3030,
        "apiSecret": "secret",
        "pgSqlPort": 15432,
        "sqlUser": "cube",
        "sqlPassword": "secret",
        "schemaPath": "models",
        "gracefulShutdown": 30,
    }


def test_cube_knows_the_issuer_of_tokens() -> None:
    issuer = {
        "keys_url": "https://login.acme.example/certs",
        "issuer": "https://login.acme.example",
        "audience": "cube",
    }
    assert settings(environment(WAREHOUSE, STORE, tokens=issuer), "jwkUrl", "jwtIssuer", "jwtAudience") == {
        "jwkUrl": issuer["keys_url"],
        "jwtIssuer": [issuer["issuer"]],
        "jwtAudience": "cube",
    }


def test_cube_knows_the_variables_for_snowflake() -> None:
    names = ("Account", "Warehouse", "Role", "Authenticator", "PrivateKeyPath", "PrivateKeyPass")
    answers = settings(
        environment(WAREHOUSE, STORE), "dbType", "dbUser", "dbName", *(f"snowflake{name}" for name in names)
    )
    assert answers == {
        "dbType": "snowflake",
        "dbUser": "CUBE",
        "dbName": "SALES",
        "snowflakeAccount": "acme",
        "snowflakeWarehouse": "secret",
        "snowflakeRole": "secret",
        "snowflakeAuthenticator": "SNOWFLAKE_JWT",
        "snowflakePrivateKeyPath": "/run/secrets/snowflake/private-key.pem",
        "snowflakePrivateKeyPass": "secret",
    }


def test_cube_knows_the_variables_for_bigquery() -> None:
    names = ("dbType", "bigqueryProjectId", "bigqueryLocation", "bigqueryKeyFile")
    assert settings(environment(BIGQUERY, STORE), *names) == {
        "dbType": "bigquery",
        "bigqueryProjectId": "acme-data",
        "bigqueryLocation": "EU",
        "bigqueryKeyFile": "/run/secrets/bigquery/service-account.json",
    }


def test_cube_knows_the_variables_for_postgresql() -> None:
    answers = settings(
        environment(POSTGRES, STORE), "dbType", "dbHost", "dbPort", "dbUser", "dbPass", "dbName", "dbSsl"
    )
    assert answers == {
        "dbType": "postgres",
        "dbHost": "db.example",
        "dbPort": 5432,
        "dbUser": "cube",
        "dbPass": "secret",
        "dbName": "sales",
        "dbSsl": True,
    }


def test_cube_reads_each_mounted_model_once(tmp_path: Path) -> None:
    script = """
    const { FileRepository } = require('@cubejs-backend/shared');
    new FileRepository('models').dataSchemaFiles().then(
      (found) => require('fs').writeSync(1, JSON.stringify(found.map((one) => one.fileName))));
    """
    script = f"process.chdir(process.argv[1]); {script}"
    data = tmp_path / "folder" / "models" / "..2026_11_27"
    data.mkdir(parents=True)
    (data / "orders.yaml").write_text("cubes: []\n")
    (data.parent / "..data").symlink_to(data.name)
    (data.parent / "orders.yaml").symlink_to("..data/orders.yaml")
    alone = tmp_path / "alone" / "models"
    alone.mkdir(parents=True)
    (alone / "orders.yaml").write_text("cubes: []\n")
    read = [json.loads(cube_program.run(script, str(path.parent), package="shared")) for path in (data.parent, alone)]
    assert [len(models) for models in read] == [3, 1]


def test_the_snowflake_driver_skips_ocsp_and_writes_no_file(tmp_path: Path) -> None:
    """Policies drop its OCSP requests: each connection would wait for an answer longer than a probe does."""
    driver, sdk = tmp_path / "@cubejs-backend/snowflake-driver", tmp_path / "snowflake-sdk"
    for folder, text in (
        (driver, ""),
        (sdk, "exports.configure = (given) => require('fs').writeSync(1, JSON.stringify(given));"),
    ):
        folder.mkdir(parents=True)
        (folder / "index.js").write_text(text)
        (folder / "package.json").write_text('{"version": "1.0.0"}')
    script = files("floe_compiler.components.semantic_layer_cube").joinpath("snowflake.js")
    env = {"NODE_PATH": str(tmp_path)}
    options = cube_program.run("require(process.argv[1])", str(script), package="snowflake-driver", env=env)
    assert json.loads(options) == {"disableOCSPChecks": True, "logLevel": "WARN", "logFilePath": "STDOUT"}


QUERY = """
const { driverFactory } = require(process.argv[1]);
driverFactory().query(process.argv[2]).then(
  (rows) => { require('fs').writeSync(1, JSON.stringify(rows)); process.exit(0); },
  (error) => { require('fs').writeSync(1, `error: ${error.message}`); process.exit(0); },
);
"""


def query(sql: str, env: Mapping[str, str]) -> str:
    """Return what DuckDB answers, configured as in a pod with these variables."""
    script = files("floe_compiler.components.semantic_layer_cube").joinpath("duckdb.js")
    return cube_program.run(QUERY, str(script), sql, env=env)


def test_an_error_of_the_configuration_is_one_of_the_query(tmp_path: Path) -> None:
    env = environment(DUCKDB, CATALOG, STORE)
    env["DUCKDB_SETTINGS"] = json.dumps({"extension_directory": str(tmp_path), "autoinstall_known_extensions": "false"})
    assert re.match(r'error: IO Error: Extension ".*httpfs\.duckdb_extension" not found', query("SELECT 1", env))


class FakeCatalog(BaseHTTPRequestHandler):
    """An Iceberg REST catalog without tables, which records its requests."""

    requests: list[tuple[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.requests.append((self.path, body))
        self._answer(200, {"access_token": "token-1", "token_type": "bearer", "expires_in": 3600})

    def do_GET(self) -> None:
        self.requests.append((self.path, self.headers.get("Authorization", "")))
        if self.path.startswith("/api/catalog/v1/config"):
            return self._answer(200, {"defaults": {}, "overrides": {}})
        return self._answer(404, {"error": {"message": "none", "type": "NoSuchTableException", "code": 404}})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, code: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None:
        """Write nothing."""


@contextmanager
def fake_catalog() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the URL of a catalog, and the requests that it gets."""
    requests: list[tuple[str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Catalog", (FakeCatalog,), {"requests": requests}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/catalog", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def extensions(tmp_path: Path) -> Path:
    """Return a folder with DuckDB's extensions; skip the test where their packages are not installed."""
    folder = tmp_path / "extensions" / "v1.5.5" / "linux_amd64"
    folder.mkdir(parents=True)
    for name in iceberg_extensions(LAKEHOUSE):
        package = find_spec(f"duckdb_extension_{name}")
        if package is None or not package.submodule_search_locations:
            pytest.skip(f"the package duckdb-extension-{name} is not installed")
        source = Path(next(iter(package.submodule_search_locations)), "extensions", "v1.5.5")
        (folder / f"{name}.duckdb_extension").symlink_to(source / f"{name}.duckdb_extension")
    return folder.parent.parent


def test_duckdb_logs_in_to_the_catalog_and_attaches_it(extensions: Path, tmp_path: Path) -> None:
    with fake_catalog() as (url, requests):
        env = environment(DUCKDB, CATALOG, STORE)
        env |= {"CATALOG_URI": url, "CATALOG_TOKEN_URI": f"{url}/v1/oauth/tokens", "CATALOG_CLIENT_SECRET": "it's one"}
        changes = {"extension_directory": str(extensions), "home_directory": str(tmp_path)}
        env["DUCKDB_SETTINGS"] = json.dumps(json.loads(env["DUCKDB_SETTINGS"]) | changes)
        select_error = query("SELECT * FROM lakehouse.sales.orders", env)
        create_error = query("CREATE TABLE lakehouse.sales.orders (id INT)", env)
    assert 'schema "sales" does not exist' in select_error, "the catalog itself is attached"
    assert "read-only" in create_error
    assert requests[0] == ("/api/catalog/v1/oauth/tokens", "grant_type=client_credentials&scope=PRINCIPAL_ROLE%3AALL")
    assert ("/api/catalog/v1/config?warehouse=acme", "Bearer token-1") in requests
    assert any("/namespaces/sales/tables/orders" in path for path, _ in requests)
