"""The AWS Glue Data Catalog: the settings of its clients, and whether PyIceberg signs its requests with them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import yaml
from pydantic import ValidationError

from floe_compiler.components import catalog_glue
from floe_compiler.components.catalog_glue import COMPONENT, GlueCatalogConfig
from floe_compiler.model.capabilities import Catalog
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.facts import Parts
from floe_compiler.pipeline import compile_mesh
from small_mesh import MANIFEST, PRODUCT, small_mesh
from support import context_of

CONFIG = {"region": "eu-west-1", "account": "123456789012", "cidr": "203.0.113.0/24"}
ROLE = "arn:aws:iam::123456789012:role/data-{domain}-{product}"
LAKE = {
    "type": "s3",
    "bucket": "acme-lake",
    "region": "eu-west-1",
    "cidr": "192.0.2.0/24",
    "credentials": {"type": "identity", "role": "arn:aws:iam::123456789012:role/lake"},
    "products": {"type": "identity", "role": ROLE},
}
STEPS = [
    {"name": "load", "type": "dlt", "script": "load.py"},
    {"name": "transform", "type": "dbt"},
    {"name": "report", "type": "custom", "command": ["report"]},
]
FOLDER = "output/dev/floe-sales-domain"
URL = "https://glue.eu-west-1.amazonaws.com/iceberg"
PREFIX = "PYICEBERG_CATALOG__DEFAULT__"


def catalog(**config: Any) -> Catalog:
    return catalog_glue.provides(context_of(COMPONENT, {**CONFIG, **config}).instance)[0]


def rendered(root: Path, storage: dict[str, Any] | None = None) -> dict[str, Any]:
    parts = {"catalog": {"type": "glue", **CONFIG}, "storage": storage or LAKE}
    compiled = compile_mesh(small_mesh(root, {MANIFEST: parts, PRODUCT: {"steps": STEPS}}))
    assert compiled.warnings == (), "it passes all checks"
    return {path: yaml.load(text, yaml.CSafeLoader) for path, text in compiled.files.items()}


def variables(files: dict[str, Any]) -> dict[str, str]:
    pod = files[f"{FOLDER}/cronjob.batch_orders.yaml"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return {variable["name"]: variable.get("value", "") for variable in pod["containers"][0]["env"]}


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(context_of(COMPONENT, CONFIG)) == Parts()


def test_the_catalog_belongs_to_its_region_and_account() -> None:
    assert (catalog().uri, catalog().warehouse) == (URL, "123456789012")
    assert (catalog().endpoint.address(), catalog().endpoint.cidr) == (
        "glue.eu-west-1.amazonaws.com:443",
        "203.0.113.0/24",
    )
    assert catalog(region="cn-north-1").uri == "https://glue.cn-north-1.amazonaws.com.cn/iceberg"


@pytest.mark.parametrize("change", [{"account": "12"}, {"account": 123456789012}, {"region": "EU"}], ids=str)
def test_bad_settings_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GlueCatalogConfig.model_validate({**CONFIG, **change})


def test_products_assume_their_own_role_and_sign_with_it(tmp_path: Path) -> None:
    files = rendered(tmp_path)
    account = files[f"{FOLDER}/serviceaccount_orders.yaml"]["metadata"]["annotations"]
    assert account["eks.amazonaws.com/role-arn"] == "arn:aws:iam::123456789012:role/data-sales-orders"
    values = variables(files)
    assert values["FLOE_CATALOG_SIGNING_SERVICE"] == values[f"{PREFIX}REST__SIGNING_NAME"] == "glue"
    assert values["FLOE_CATALOG_SIGNING_REGION"] == values[f"{PREFIX}REST__SIGNING_REGION"] == "eu-west-1"
    assert values[f"{PREFIX}REST__SIGV4_ENABLED"] == "true"
    assert (values[f"{PREFIX}URI"], values[f"{PREFIX}WAREHOUSE"]) == (URL, "123456789012")
    assert not [name for name in values if "CREDENTIAL" in name or "TOKEN" in name]


def test_steps_reach_glue_and_the_store(tmp_path: Path) -> None:
    policy = rendered(tmp_path)[f"{FOLDER}/networkpolicy.networking.k8s.io_orders.yaml"]
    blocks = {to["ipBlock"]["cidr"] for rule in policy["spec"]["egress"] for to in rule["to"] if "ipBlock" in to}
    assert {"203.0.113.0/24", "192.0.2.0/24"} <= blocks


def test_duckdb_signs_with_its_login_to_the_store(tmp_path: Path) -> None:
    profiles = rendered(tmp_path)[f"{FOLDER}/configmap_dbt-profiles.yaml"]["data"]["profiles.yml"]
    target = yaml.load(profiles, yaml.CSafeLoader)["floe"]["outputs"]["dev"]
    (secret,) = target["secrets"]
    options = target["attach"][0]["options"]
    # DuckDB 1.5.5 does not choose this secret itself, as it is for the files of the warehouse.
    assert (options["authorization_type"], options["secret"]) == ("sigv4", secret["name"])
    assert secret["provider"] == "credential_chain"
    assert options["access_delegation_mode"] == "none"


@pytest.mark.parametrize(
    "storage",
    [
        {"type": "seaweedfs"},
        {
            "type": "s3",
            "bucket": "lake",
            "region": "eu-west-1",
            "endpoint": "https://s3.example.com",
            "credentials": {"type": "secret"},
            "products": {"type": "secret"},
        },
    ],
    ids=["in the cluster", "elsewhere"],
)
def test_a_storage_that_is_not_at_aws_is_refused(tmp_path: Path, storage: dict[str, Any]) -> None:
    with pytest.raises(StageFailed) as failed:
        rendered(tmp_path, storage)
    assert {diagnostic.rule.code for diagnostic in failed.value.diagnostics} == {"R020"}
    assert "not at AWS" in failed.value.diagnostics[0].message


# --- PyIceberg itself, against a server that verifies signatures as AWS describes them ---

KEYS = ("AKIAOFTHEPRODUCT", "secret-of-the-product")


def _sign(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def expected_signature(method: str, url: str, headers: dict[str, str], body: bytes, region: str, service: str) -> str:
    """Return the `Authorization` that these headers should have (AWS, "Create a signed AWS API request")."""
    signed_headers = re.search(r"SignedHeaders=([^,]+)", headers["authorization"])
    names = signed_headers[1].split(";") if signed_headers else []
    parts, date = urlsplit(url), headers["x-amz-date"]
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(parse_qsl(parts.query)))
    canonical = "\n".join(
        (
            method,
            quote(parts.path, safe="/-_.~"),
            query,
            *(f"{name}:{headers.get(name, '').strip()}" for name in names),
            "",
            ";".join(names),
            headers.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest()),
        )
    )
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    key = f"AWS4{KEYS[1]}".encode()
    for part in scope.split("/"):
        key = _sign(key, part)
    text = "\n".join(("AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = _sign(key, text).hex()
    return f"AWS4-HMAC-SHA256 Credential={KEYS[0]}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"


@contextmanager
def glue() -> Iterator[tuple[str, list[str]]]:
    """Run a small catalog that refuses requests not signed for Glue in eu-west-1; yield its URL and its namespaces."""
    namespaces: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            headers["authorization"] = headers.get("authorization", "")
            signed = "x-amz-date" in headers and headers["authorization"] == expected_signature(
                self.command, self.path, headers, body, "eu-west-1", "glue"
            )
            path = urlsplit(self.path).path.removeprefix("/iceberg/v1/")
            if not signed:
                self.send(403, {"error": {"message": "not signed", "type": "ForbiddenException", "code": 403}})
            elif path == "config":
                self.send(200, {"defaults": {}, "overrides": {"prefix": "catalogs/123456789012"}})
            elif self.command == "POST":
                namespaces.append(".".join(json.loads(body)["namespace"]))
                self.send(200, json.loads(body))
            else:
                self.send(200, {"namespaces": [[namespace] for namespace in namespaces]})

        def send(self, status: int, answer: object) -> None:
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_args: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/iceberg", namespaces
    finally:
        server.shutdown()
        server.server_close()


CLIENT = """
from pyiceberg.catalog import load_catalog
catalog = load_catalog()
catalog.create_namespace_if_not_exists("sales__orders")
print(catalog.list_namespaces())
"""


@pytest.mark.real
@pytest.mark.skipif(not shutil.which("pyiceberg"), reason="needs the program pyiceberg, with boto3")
@pytest.mark.parametrize(("secret", "works"), [(KEYS[1], True), ("of-somebody-else", False)])
def test_pyiceberg_signs_what_the_variables_say(tmp_path: Path, secret: str, works: bool) -> None:
    catalog_variables = {
        name: value for name, value in variables(rendered(tmp_path)).items() if name.startswith(PREFIX)
    }
    python = Path(shutil.which("pyiceberg") or "").parent / "python"
    with glue() as (url, namespaces):
        own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), f"{PREFIX}URI": url}
        keys = {"AWS_ACCESS_KEY_ID": KEYS[0], "AWS_SECRET_ACCESS_KEY": secret}
        command = [str(python), "-c", CLIENT]
        done = subprocess.run(
            command,
            env=catalog_variables | own | keys,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
        )
        assert (done.returncode == 0) is works, done.stderr[-1000:]
        assert namespaces == (["sales__orders"] if works else [])
