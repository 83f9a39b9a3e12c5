"""BigQuery: the dbt profile, and how steps log in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

import dbt_program
from floe_compiler.components import compute_bigquery
from floe_compiler.components.compute_bigquery import COMPONENT, BigQueryConfig
from floe_compiler.kit.products import dbt
from floe_compiler.model.accounts import AS_ITSELF, TwoIdentities, WorkloadIdentity, together
from floe_compiler.model.capabilities import Compute
from floe_compiler.model.facts import Parts
from products import LAKEHOUSE, contributed_to_product
from support import context_of

KEY = {"type": "secret"}
IDENTITY = {"type": "identity", "service_account": "floe-dbt@acme-data.iam.gserviceaccount.com"}
PLACE = {"project": "acme-data", "dataset": "marts", "location": "EU"}


def _compute(**config: Any) -> Compute:
    values = {**PLACE, "credentials": KEY, **config}
    return compute_bigquery.provides(context_of(COMPONENT, values, scope="sales").instance)[0]


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(context_of(COMPONENT, {**PLACE, "credentials": KEY}, scope="sales")) == Parts()


def test_dbt_logs_in_with_a_key_from_a_file() -> None:
    compute = _compute()
    (key,) = compute.secret_files
    target = dbt.target(compute, LAKEHOUSE)
    assert (target["method"], target["keyfile"]) == ("service-account", key.path)
    assert (key.secret.secret.name, key.secret.key) == ("bigquery-credentials", "service-account.json")
    assert not [secret_key for secret_key in key.secret.secret.keys if secret_key.generated or secret_key.literal]
    assert [call.host for call in compute.calls()] == ["bigquery.googleapis.com", "oauth2.googleapis.com"]


def test_a_workload_identity_needs_no_key() -> None:
    compute = _compute(credentials=IDENTITY)
    target = dbt.target(compute, None)
    assert (target["method"], "keyfile" in target, compute.secret_files) == ("oauth", False, ())
    assert compute.identity
    assert dict(compute.identity.annotations) == {"iam.gke.io/gcp-service-account": IDENTITY["service_account"]}
    assert {endpoint.cidr for endpoint in compute.identity.endpoints} == {"169.254.169.254/32", "169.254.169.252/32"}
    assert [call.host for call in compute.calls()] == ["bigquery.googleapis.com"]


def test_limits_are_rendered_as_numbers() -> None:
    target = dbt.target(_compute(timeout="10m", maximum_bytes_billed="1Ti", execution_project="acme-bills"), None)
    assert (target["timeout_seconds"], target["maximum_bytes_billed"]) == (600, 2**40)
    assert target["execution_project"] == "acme-bills"


def test_private_access_narrows_all_servers() -> None:
    assert {call.cidr for call in _compute(cidr="199.36.153.8/30").calls()} == {"199.36.153.8/30"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("project", "Acme Data"),
        ("project", "acme_data"),
        ("dataset", "acme-data.marts"),
        ("location", "eu"),
        ("location", "Frankfurt"),
        ("credentials", {"type": "identity", "service_account": "floe@acme.example"}),
        ("credentials", {"type": "password"}),
    ],
)
def test_settings_that_google_refuses_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        BigQueryConfig.model_validate({**PLACE, "credentials": KEY, key: value})


def test_a_pod_with_two_identities_has_both_unless_they_contradict() -> None:
    aws = WorkloadIdentity((("eks.amazonaws.com/role-arn", "a"),))
    google = WorkloadIdentity((("iam.gke.io/gcp-service-account", "b"),), (("use", "true"),))
    assert together([None, None]) is None
    assert together([aws, None]) == aws
    assert together([aws, google, aws]) == WorkloadIdentity((*aws.annotations, *google.annotations), google.labels)
    itself = WorkloadIdentity((("iam.gke.io/gcp-service-account", AS_ITSELF),))
    with pytest.raises(TwoIdentities, match='as "b" and as itself'):
        together([google, itself])
    with pytest.raises(TwoIdentities, match='as "a" and as "c"'):
        together([aws, WorkloadIdentity((("eks.amazonaws.com/role-arn", "c"),))])


@pytest.mark.real
@pytest.mark.parametrize("credentials", [KEY, IDENTITY])
def test_dbt_reads_the_profile(tmp_path: Path, credentials: dict[str, str]) -> None:
    target = dbt.target(_compute(credentials=credentials, timeout="10m", maximum_bytes_billed="1Ti"), None)
    assert "bigquery" in dbt_program.parse(tmp_path, "bigquery", target, {})


@pytest.mark.parametrize("credentials", [KEY, IDENTITY], ids=["key", "identity"])
def test_contributed(credentials: dict[str, str], snapshot: SnapshotAssertion) -> None:
    assert contributed_to_product(_compute(credentials=credentials)) == snapshot
