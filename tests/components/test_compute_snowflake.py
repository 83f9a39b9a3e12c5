"""Snowflake: the dbt profile, and the secret that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

import dbt_program
from floe_compiler.components import compute_snowflake
from floe_compiler.components.compute_snowflake import COMPONENT, SnowflakeConfig
from floe_compiler.kit.products import dbt
from floe_compiler.model.capabilities import Compute
from floe_compiler.model.facts import Parts
from products import LAKEHOUSE, contributed_to_product
from support import context_of

FROM_SECRET = ["SNOWFLAKE_USER", "SNOWFLAKE_ROLE", "SNOWFLAKE_WAREHOUSE", "SNOWFLAKE_DATABASE"]


def _compute(**config: Any) -> Compute:
    values = {"account": "acme-analytics", **config}
    return compute_snowflake.provides(context_of(COMPONENT, values, scope="sales").instance)[0]


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(context_of(COMPONENT, {"account": "acme"}, scope="sales")) == Parts()


def test_dbt_logs_in_with_a_key_from_a_file() -> None:
    compute = _compute()
    (key,) = compute.secret_files
    assert dbt.target(compute, LAKEHOUSE)["private_key_path"] == key.path
    assert (key.secret.secret.name, key.secret.key) == ("snowflake-credentials", "SNOWFLAKE_PRIVATE_KEY")
    assert "password" not in dbt.target(compute, LAKEHOUSE)


def test_other_settings_come_from_the_same_secret() -> None:
    compute = _compute()
    assert [variable.name for variable in compute.variables] == FROM_SECRET
    assert all(variable.secret and variable.reason for variable in compute.variables)
    assert dbt.target(compute, None)["role"] == "{{ env_var('SNOWFLAKE_ROLE') }}"


def test_configured_settings_are_not_read_from_the_secret() -> None:
    compute = _compute(user="FLOE", role="FLOE_ROLE", warehouse="FLOE_WH", database="FLOE_DB")
    assert compute.variables == ()
    assert dbt.target(compute, None)["user"] == "FLOE"
    assert [key.name for key in compute.secret_files[0].secret.secret.keys] == ["SNOWFLAKE_PRIVATE_KEY"]


def test_an_encrypted_key_has_a_passphrase() -> None:
    compute = _compute(passphrase=True)
    assert dbt.target(compute, None)["private_key_passphrase"] == "{{ env_var('SNOWFLAKE_PRIVATE_KEY_PASSPHRASE') }}"
    assert compute.variables[-1].name == "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"


def test_no_value_of_the_secret_is_generated() -> None:
    assert not [
        key for key in _compute(passphrase=True).secret_files[0].secret.secret.keys if key.generated or key.literal
    ]


@pytest.mark.parametrize(
    ("account", "host"),
    [
        ("acme-analytics", "acme-analytics.snowflakecomputing.com"),
        ("ACME-Analytics_EU", "acme-analytics-eu.snowflakecomputing.com"),
        ("xy12345.us-east-1", "xy12345.us-east-1.snowflakecomputing.com"),
    ],
)
def test_the_account_is_the_host_that_pods_call(account: str, host: str) -> None:
    endpoint = _compute(account=account, cidr="203.0.113.0/24").endpoint
    assert endpoint
    assert (endpoint.address(), endpoint.cidr, endpoint.group) == (f"{host}:443", "203.0.113.0/24", None)


@pytest.mark.parametrize("key", ["password", "SNOWFLAKE_PASSWORD"])
def test_passwords_are_refused_with_a_hint(key: str) -> None:
    with pytest.raises(
        ValidationError, match="put the user's private key into the secret, as SNOWFLAKE_PRIVATE_KEY"
    ) as e:
        SnowflakeConfig.model_validate({"account": "acme", key: "hunter2-secret"})
    assert "no service log in by password" in str(e.value)


@pytest.mark.parametrize(
    "account", ["https://acme.snowflakecomputing.com", "acme.snowflakecomputing.com", "acme/x", "", "a b"]
)
def test_a_url_instead_of_an_account_is_refused(account: str) -> None:
    with pytest.raises(ValidationError, match="acme-analytics"):
        SnowflakeConfig.model_validate({"account": account})


OAUTH = {
    "oauth_client_id": "{{ env_var('SNOWFLAKE_OAUTH_CLIENT_ID') }}",
    "oauth_client_secret": "{{ env_var('SNOWFLAKE_OAUTH_CLIENT_SECRET') }}",
    "token": "{{ env_var('SNOWFLAKE_OAUTH_REFRESH_TOKEN') }}",
}
CLIENT = "00000000-0000-0000-0000-000000000001"
ROBOT = "floe-dbt@acme-data.iam.gserviceaccount.com"
ROLE = "arn:aws:iam::123456789012:role/dbt"
IDENTITIES: dict[str, tuple[dict[str, str], str, dict[str, str], str]] = {
    "aws": (
        {"type": "aws", "role": ROLE, "region": "eu-central-1"},
        "AWS",
        {"eks.amazonaws.com/role-arn": ROLE},
        "sts.eu-central-1.amazonaws.com",
    ),
    "pod-identity": ({"type": "aws", "region": "eu-central-1"}, "AWS", {}, "169.254.170.23"),
    "azure": (
        {"type": "azure", "client_id": CLIENT},
        "AZURE",
        {"azure.workload.identity/client-id": CLIENT},
        "login.microsoftonline.com",
    ),
    "google": (
        {"type": "google", "service_account": ROBOT},
        "GCP",
        {"iam.gke.io/gcp-service-account": ROBOT},
        "metadata.google.internal",
    ),
}


def test_oauth_uses_a_refresh_token_of_snowflake() -> None:
    compute = _compute(credentials={"type": "oauth"}, warehouse="WH")
    target = dbt.target(compute, None)
    assert {key: target[key] for key in OAUTH} == OAUTH
    assert target["authenticator"] == "oauth"
    assert "user" not in target, "the token says who it is"
    assert not compute.secret_files
    assert not any(key.startswith("private_key") for key in target)
    names = {variable.name for variable in compute.variables}
    assert names == {"SNOWFLAKE_ROLE", "SNOWFLAKE_DATABASE", *(text.split("'")[1] for text in OAUTH.values())}
    # Snowflake itself exchanges the token.
    assert [call.host for call in compute.calls()] == ["acme-analytics.snowflakecomputing.com"]


@pytest.mark.parametrize("cloud", IDENTITIES)
def test_a_workload_identity_needs_no_key(cloud: str) -> None:
    credentials, provider, notes, server = IDENTITIES[cloud]
    compute = _compute(credentials=credentials, role="R", warehouse="W", database="D")
    target = dbt.target(compute, None)
    assert (target["authenticator"], target["workload_identity_provider"]) == ("workload_identity", provider)
    assert (compute.variables, compute.secret_files) == ((), ())
    assert compute.identity
    assert compute.identity.notes == notes
    assert server in [endpoint.host for endpoint in compute.identity.endpoints]


@pytest.mark.parametrize("credentials", [{"type": "oauth"}, {"type": "google", "service_account": ROBOT}])
def test_only_a_key_pair_has_a_passphrase(credentials: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="leave passphrase out"):
        SnowflakeConfig.model_validate({"account": "acme", "passphrase": True, "credentials": credentials})


@pytest.mark.real
@pytest.mark.parametrize("credentials", [{"type": "oauth"}, IDENTITIES["azure"][0]])
def test_dbt_reads_the_profile_without_a_key(tmp_path: Path, credentials: dict[str, str]) -> None:
    compute = _compute(credentials=credentials)
    variables = {variable.name: "x" for variable in compute.variables}
    assert "snowflake" in dbt_program.parse(tmp_path, "snowflake", dbt.target(compute, None), variables)


@pytest.mark.real
@pytest.mark.parametrize("passphrase", [False, True])
def test_dbt_reads_the_profile(tmp_path: Path, passphrase: bool) -> None:
    compute = _compute(passphrase=passphrase)
    variables = {variable.name: "x" for variable in compute.variables}
    assert "snowflake" in dbt_program.parse(tmp_path, "snowflake", dbt.target(compute, None), variables)


def test_contributed(snapshot: SnapshotAssertion) -> None:
    assert contributed_to_product(_compute(role="FLOE", passphrase=True, cidr="203.0.113.0/24")) == snapshot
