"""An external REST catalog: the same steps work with it, and do not depend on which catalog it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import catalog_rest
from floe_compiler.components.catalog_rest import COMPONENT, RestCatalogConfig
from floe_compiler.model.capabilities import Catalog
from floe_compiler.model.catalog_clients import BearerToken, OAuth2Credentials
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.facts import Parts
from floe_compiler.pipeline import compile_mesh
from products import COMPUTE, STORE, contributed_to_product
from small_mesh import MANIFEST, PRODUCT, small_mesh
from support import context_of

URL = "https://catalog.example.com/api/catalog"
SERVED = (ServedProduct("marketing", "campaign-perf"), ServedProduct("sales", "customer-360"))
OAUTH2: dict[str, Any] = {"type": "oauth2", "secret": {"existing": True}, "scope": "catalog"}
TOKEN_SERVER = {"url": "https://login.example.com/oauth2/token", "cidr": "198.51.100.7/32"}
CONFIG: dict[str, Any] = {"url": URL, "warehouse": "lake", "cidr": "203.0.113.0/24", "credentials": OAUTH2}
IDENTITY = {"type": "identity", "role": "arn:aws:iam::123456789012:role/lake"}
LAKE = {
    "type": "s3",
    "bucket": "acme-lake",
    "region": "eu-west-1",
    "cidr": "192.0.2.0/24",
    "credentials": IDENTITY,
    "products": {"type": "identity", "role": "arn:aws:iam::123456789012:role/{domain}-{product}"},
}
STORE_SECRETS = {"type": "external-secrets", "store": {"name": "vault"}}
STEPS = [
    {"name": "load", "type": "dlt", "script": "load.py"},
    {"name": "transform", "type": "dbt"},
    {"name": "report", "type": "custom", "command": ["report"]},
]
CRON_JOB = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"
POLICY = "output/dev/floe-sales-domain/networkpolicy.networking.k8s.io_orders.yaml"
PROFILES = "output/dev/floe-sales-domain/configmap_dbt-profiles.yaml"
EXTERNAL_SECRET = "output/dev/floe-sales-domain/externalsecret.external-secrets.io_catalog-client-sales.yaml"


def catalog(**config: Any) -> Catalog:
    context = context_of(COMPONENT, {**CONFIG, **config}, served=SERVED)
    return catalog_rest.provides(context.instance)[0]


def mesh(root: Path, *, secrets: dict[str, Any] | None = None, **config: Any) -> Path:
    parts = {"catalog": {"type": "rest", **CONFIG, **config}, "storage": LAKE}
    changes: dict[str, dict[str, Any]] = {
        MANIFEST: {**parts, "secrets": secrets or {"type": "generated"}},
        PRODUCT: {"steps": STEPS},
    }
    return small_mesh(root, changes)


def rendered(root: Path, **changes: Any) -> dict[str, Any]:
    compiled = compile_mesh(mesh(root, **changes))
    assert compiled.warnings == (), "it passes all checks"
    return {path: yaml.load(text, yaml.CSafeLoader) for path, text in compiled.files.items()}


def steps(files: dict[str, Any]) -> dict[str, dict[str, Any]]:
    pod = files[CRON_JOB]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    every = [*pod["initContainers"], *pod["containers"]]
    return {container["name"]: {variable["name"]: variable for variable in container["env"]} for container in every}


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(context_of(COMPONENT, CONFIG)) == Parts()


def test_clients_use_the_url_of_the_catalog() -> None:
    assert catalog().endpoint.address() == "catalog.example.com:443"
    assert catalog(url="http://catalog.example.com:8181").endpoint.address() == "catalog.example.com:8181"
    assert (catalog().uri, catalog().warehouse, catalog().endpoint.cidr) == (URL, "lake", "203.0.113.0/24")
    assert {domain: [client.product for client in clients] for domain, clients in catalog().clients.items()} == {
        "marketing": ["campaign-perf"],
        "sales": ["customer-360"],
    }


def test_each_domain_logs_in_with_its_own_secret() -> None:
    login = catalog().client("sales", "customer-360").credentials
    assert isinstance(login, OAuth2Credentials)
    assert (login.client_id.secret.name, login.client_id.key) == ("catalog-client-sales", "client-id")
    assert login.client_id.secret.existing
    assert not [key for key in login.client_id.secret.keys if key.generated or key.literal]


def test_tokens_come_from_the_catalog_unless_there_is_a_token_server() -> None:
    login = catalog().client("sales", "customer-360").credentials
    assert isinstance(login, OAuth2Credentials)
    assert login.token_url == f"{URL}/v1/oauth/tokens"
    assert [server.host for server in catalog().calls()] == ["catalog.example.com"]
    separate = catalog(credentials={**OAUTH2, "token_server": TOKEN_SERVER})
    assert [(server.host, server.cidr) for server in separate.calls()] == [
        ("catalog.example.com", "203.0.113.0/24"),
        ("login.example.com", "198.51.100.7/32"),
    ]


def test_a_domain_may_send_a_token_or_nothing() -> None:
    client = catalog(credentials={"type": "token", "secret": {"name": "lake", "key": "jwt"}}).client(
        "sales", "customer-360"
    )
    assert isinstance(client.credentials, BearerToken)
    assert (client.credentials.token.secret.name, client.credentials.token.key) == ("lake-sales", "jwt")
    assert catalog(credentials={"type": "none"}).client("sales", "customer-360").credentials is None


@pytest.mark.parametrize(
    ("credentials", "name"),
    [
        ({**OAUTH2, "secret": {"one_for": "product"}}, "catalog-client-sales-customer-360"),
        ({"type": "token", "secret": {"one_for": "product"}}, "catalog-token-sales-customer-360"),
        ({"type": "token"}, "catalog-token-sales"),
    ],
    ids=str,
)
def test_a_product_may_have_its_own_login(credentials: dict[str, Any], name: str) -> None:
    login = catalog(credentials=credentials).client("sales", "customer-360").credentials
    key = login.client_id if isinstance(login, OAuth2Credentials) else login and getattr(login, "token", None)
    assert key
    assert key.secret.name == name


@pytest.mark.parametrize(
    "change",
    [
        {"url": "catalog.example.com"},
        {"url": f"{URL}/"},
        {"url": f"{URL}?warehouse=lake"},
        {"url": "https://me@catalog.example.com"},
        {"url": "https://localhost/catalog"},
        {"warehouse": "$(HOME)"},
        {"credentials": {"type": "password"}},
        {"credentials": {**OAUTH2, "token_server": {"url": "login.example.com"}}},
    ],
    ids=str,
)
def test_bad_settings_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RestCatalogConfig.model_validate({**CONFIG, **change})


def test_every_step_knows_the_catalog_by_neutral_names(tmp_path: Path) -> None:
    for variables in steps(rendered(tmp_path)).values():
        assert not [name for name in variables if "POLARIS" in name]
        assert variables["FLOE_CATALOG_URI"]["value"] == variables["PYICEBERG_CATALOG__DEFAULT__URI"]["value"] == URL
        assert variables["FLOE_CATALOG_NAMESPACE"]["value"] == "sales__orders"
        assert variables["PYICEBERG_CATALOG__DEFAULT__CREDENTIAL"]["value"] == "$(FLOE_CATALOG_CREDENTIAL)"
        secret = variables["FLOE_CATALOG_CLIENT_SECRET"]["valueFrom"]["secretKeyRef"]
        assert secret == {"name": "catalog-client-sales", "key": "client-secret"}


def test_dlt_and_dbt_use_it_like_any_other_catalog(tmp_path: Path) -> None:
    files = rendered(tmp_path)
    load = steps(files)["load"]
    assert load["ICEBERG_CATALOG__ICEBERG_CATALOG_TYPE"]["value"] == "rest"
    assert load["DATASET_NAME"]["value"] == "sales__orders"
    target = yaml.load(files[PROFILES]["data"]["profiles.yml"], yaml.CSafeLoader)["floe"]["outputs"]["dev"]
    assert target["attach"][0]["options"]["endpoint"] == "{{ env_var('FLOE_CATALOG_URI') }}"
    assert target["secrets"][0]["client_id"] == "{{ env_var('FLOE_CATALOG_CLIENT_ID') }}"


def test_steps_may_reach_the_catalog_and_the_token_server(tmp_path: Path) -> None:
    files = rendered(tmp_path, credentials={**OAUTH2, "token_server": TOKEN_SERVER})
    ranges = [peer["ipBlock"]["cidr"] for rule in files[POLICY]["spec"]["egress"] for peer in rule["to"]]
    assert {"203.0.113.0/24", "198.51.100.7/32", "192.0.2.0/24"} <= set(ranges)


@pytest.mark.parametrize("credentials", [{"type": "none"}, {"type": "token", "secret": {"existing": True}}], ids=str)
def test_other_logins_pass_all_checks_too(tmp_path: Path, credentials: dict[str, Any]) -> None:
    assert CRON_JOB in rendered(tmp_path, credentials=credentials)


def test_a_secret_that_is_not_managed_elsewhere_comes_from_the_store(tmp_path: Path) -> None:
    assert EXTERNAL_SECRET not in rendered(tmp_path / "existing")
    files = rendered(tmp_path / "store", secrets=STORE_SECRETS, credentials={"type": "oauth2"})
    remote_keys = {entry["secretKey"]: entry["remoteRef"]["key"] for entry in files[EXTERNAL_SECRET]["spec"]["data"]}
    assert remote_keys == dict.fromkeys(("client-id", "client-secret"), "small/dev/floe-platform/catalog-client-sales")


def test_no_client_is_generated_for_an_external_catalog(tmp_path: Path) -> None:
    with pytest.raises(StageFailed) as failed:
        compile_mesh(mesh(tmp_path, credentials={"type": "oauth2"}))
    assert [diagnostic.rule.code for diagnostic in failed.value.diagnostics] == ["S001"]


def test_contributed(snapshot: SnapshotAssertion) -> None:
    provided = catalog(credentials={**OAUTH2, "token_server": TOKEN_SERVER})
    assert contributed_to_product(provided, STORE, COMPUTE) == snapshot
