"""dbt's profile, for each engine and each login to the catalog."""

from __future__ import annotations

from typing import Any

import yaml
from msgspec.structs import replace

from floe_compiler.kit.products import dbt
from floe_compiler.kit.products.lakehouse import Lakehouse
from floe_compiler.model.capabilities import Compute, FromVariable
from floe_compiler.model.catalog_clients import BearerToken, Credentials, OAuth2Credentials
from products import COMPUTE, LAKEHOUSE, STORE

LOGIN = LAKEHOUSE.client.credentials
TRINO = Compute(
    name="trino",
    engine="trino",
    connection=(("host", "trino.example.com"), ("user", "floe"), ("password", FromVariable("TRINO_PASSWORD"))),
    threads=8,
)


def logging_in(credentials: Credentials | None) -> Lakehouse:
    return replace(LAKEHOUSE, client=replace(LAKEHOUSE.client, credentials=credentials))


def duckdb(lakehouse: Lakehouse | None = LAKEHOUSE) -> dict[str, Any]:
    return dbt.target(COMPUTE, lakehouse)


def test_the_environment_is_the_only_target() -> None:
    file = dbt.profiles("qa", COMPUTE, None)
    assert file.path == "/etc/dbt/profiles.yml"
    assert yaml.load(file.text, yaml.CSafeLoader) == {"floe": {"target": "qa", "outputs": {"qa": duckdb(None)}}}


def test_an_engine_without_an_adapter_is_described_by_its_connection() -> None:
    assert dbt.target(TRINO, LAKEHOUSE) == {
        "type": "trino",
        "host": "trino.example.com",
        "user": "floe",
        "password": "{{ env_var('TRINO_PASSWORD') }}",
        "threads": 8,
    }


def test_the_profile_uses_the_variables_of_the_catalog() -> None:
    nessie = replace(LAKEHOUSE, catalog=replace(LAKEHOUSE.catalog, prefix="NESSIE_"))
    (attached,) = duckdb(nessie)["attach"]
    assert attached["path"] == "{{ env_var('NESSIE_WAREHOUSE') }}"
    assert attached["options"]["endpoint"] == "{{ env_var('NESSIE_URI') }}"


def test_a_client_logs_in_with_an_id_and_a_secret() -> None:
    (catalog, _) = duckdb()["secrets"]
    assert catalog["client_id"] == "{{ env_var('POLARIS_CLIENT_ID') }}"
    assert catalog["oauth2_scope"] == "{{ env_var('POLARIS_SCOPE') }}"
    assert isinstance(LOGIN, OAuth2Credentials)
    (catalog, _) = duckdb(logging_in(replace(LOGIN, scope="")))["secrets"]
    assert "oauth2_scope" not in catalog


def test_a_client_sends_a_token() -> None:
    assert isinstance(LOGIN, OAuth2Credentials)
    (catalog, _) = duckdb(logging_in(BearerToken(LOGIN.client_secret)))["secrets"]
    assert catalog == {"type": "iceberg", "name": "catalog", "token": "{{ env_var('POLARIS_TOKEN') }}"}


def test_without_credentials_the_profile_has_no_login() -> None:
    target = duckdb(logging_in(None))
    assert [secret["name"] for secret in target["secrets"]] == ["warehouse"]
    assert target["attach"][0]["options"]["authorization_type"] == "none"
    assert "secret" not in target["attach"][0]["options"]


def test_the_profile_has_a_login_to_the_store_only_for_s3() -> None:
    for store in (None, replace(STORE, kind="gcs")):
        assert [secret["name"] for secret in duckdb(replace(LAKEHOUSE, store=store))["secrets"]] == ["catalog"]
