"""How programs get a login to an object store, and whether it is compatible with that to an engine."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.kit import azure, google
from floe_compiler.kit.s3 import POD_IDENTITY
from floe_compiler.kit.store_logins import identity_of, login_files, login_variables
from floe_compiler.model.accounts import TwoIdentities, WorkloadIdentity
from products import COMPUTE, STORE

GCS = replace(STORE, kind="gcs", access_key=None)
ADLS = replace(GCS, kind="adls", tenant="the-tenant", client_id="the-client")
ROBOT = google.identity("floe-dbt@acme-data.iam.gserviceaccount.com")
CLIENT = azure.workload_identity("00000000-0000-0000-0000-000000000001")
ROLE = WorkloadIdentity((("eks.amazonaws.com/role-arn", "role"),))


def _names(store: Any) -> list[str]:
    return [variable.name for variable in login_variables(store, store.login(), "why")]


def test_each_cloud_has_its_own_names() -> None:
    assert _names(STORE) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert _names(GCS) == ["GOOGLE_APPLICATION_CREDENTIALS"]
    assert _names(ADLS) == ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
    assert [len(login_files(store, store.login())) for store in (STORE, GCS, ADLS)] == [0, 1, 0]


@pytest.mark.parametrize("store", [STORE, GCS, ADLS])
def test_an_identity_needs_no_keys(store: Any) -> None:
    without = replace(store, access_key=None, secret_key=None, identity=ROLE)
    assert _names(without) == []
    assert login_files(without, without.login()) == ()
    assert [*login_variables(store, None, "why")] == []


@pytest.mark.parametrize(
    ("store", "identity", "fits"),
    [
        (GCS, ROBOT, False),
        (GCS, google.identity(None), False),
        (GCS, CLIENT, True),
        (ADLS, CLIENT, False),
        (ADLS, ROLE, True),
        (STORE, ROLE, False),
        (STORE, POD_IDENTITY, False),
        (STORE, ROBOT, True),
    ],
)
def test_keys_of_a_cloud_come_before_an_identity_in_it(store: Any, identity: WorkloadIdentity, fits: bool) -> None:
    engine = replace(COMPUTE, identity=identity)
    if fits:
        assert identity_of(store, store.login(), engine) == identity
    else:
        with pytest.raises(TwoIdentities, match="the owner of the key in minio-warehouse"):
            identity_of(store, store.login(), engine)
    assert identity_of(store, store.login(), replace(engine, ignores_keys=True)) == identity
    assert identity_of(store, None, engine) == identity


def test_a_pod_may_have_two_identities() -> None:
    store = replace(STORE, access_key=None, secret_key=None, identity=ROLE)
    identity = identity_of(store, store.login(), replace(COMPUTE, identity=ROBOT))
    assert identity
    assert identity.notes == {**ROLE.notes, **ROBOT.notes}
