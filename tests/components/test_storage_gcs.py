"""Google Cloud Storage: where the store is, how clients log in, and what the catalog calls to issue credentials."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import storage_gcs
from floe_compiler.components.storage_gcs import COMPONENT, GcsConfig
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.facts import Parts
from floe_compiler.model.plan import Context
from products import contributed_to_product
from support import context_of

ANNOTATION = "iam.gke.io/gcp-service-account"
ROBOT = "floe-lake@acme-data.iam.gserviceaccount.com"
TABLES = "floe-tables@acme-data.iam.gserviceaccount.com"
IDENTITY = {"type": "identity", "service_account": ROBOT}
ITSELF = {"type": "identity"}
KEY = {"type": "secret"}
OWN = "data-{domain}-{product}@acme-data.iam.gserviceaccount.com"
SERVED = (ServedProduct("sales", "customer-360"), ServedProduct("sales", "orders"))
PUBLIC = {"storage.googleapis.com", "sts.googleapis.com"}


def _context(**config: Any) -> Context[Any]:
    return context_of(COMPONENT, {"bucket": "acme-lake", "credentials": IDENTITY, **config}, served=SERVED)


def _store(**config: Any) -> ObjectStore:
    return storage_gcs.provides(_context(**config).instance)[0]


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(_context()) == Parts()


@pytest.mark.parametrize(("prefix", "warehouse"), [("", "gs://acme-lake/"), ("/a/b/", "gs://acme-lake/a/b/")])
def test_the_warehouse_is_below_the_prefix(prefix: str, warehouse: str) -> None:
    assert _store(prefix=prefix).warehouse == warehouse


def test_pods_act_as_a_service_account_or_as_themselves() -> None:
    named, itself = _store().identity, _store(credentials=ITSELF).identity
    assert named
    assert itself
    assert (named.notes, named.as_itself) == ({ANNOTATION: ROBOT}, False)
    assert (itself.notes, itself.as_itself) == ({}, True)
    # Both call the metadata server on their node, at the address for either data plane.
    ports = {(endpoint.cidr, endpoint.port().number) for endpoint in named.endpoints}
    assert ports == {("169.254.169.254/32", 80), ("169.254.169.252/32", 988)}
    assert itself.endpoints == named.endpoints


def test_a_key_is_exchanged_for_a_token() -> None:
    store = _store(credentials={**KEY, "name": "lake", "key": "key.json"}, cidr="199.36.153.8/30")
    assert store.secret_key
    assert (store.secret_key.secret.name, store.secret_key.key) == ("lake", "key.json")
    assert not store.secret_key.secret.keys[0].generated
    assert store.identity is None
    assert {call.host for call in store.calls()} == {"storage.googleapis.com", "oauth2.googleapis.com"}
    assert {call.cidr for call in (*store.calls(), *store.issuers)} == {"199.36.153.8/30"}


def test_the_catalog_downscopes_tokens_and_may_impersonate_another_account() -> None:
    plain, impersonating = _store(), _store(catalog_service_account=TABLES)
    assert plain.issues_credentials
    assert {issuer.host for issuer in plain.issuers} == {"sts.googleapis.com"}
    assert {issuer.host for issuer in impersonating.issuers} == {"sts.googleapis.com", "iamcredentials.googleapis.com"}
    assert (plain.role, impersonating.role) == ("", TABLES)


def test_each_product_may_have_its_own_login() -> None:
    assert _store().client("sales", "orders") is None
    itself = _store(products=ITSELF).client("sales", "orders")
    assert itself
    assert itself.identity
    assert itself.identity.as_itself
    own = _store(products={"type": "identity", "service_account": OWN}).client("sales", "orders")
    assert own
    assert own.identity
    assert own.identity.notes == {ANNOTATION: "data-sales-orders@acme-data.iam.gserviceaccount.com"}
    keys = _store(products={"type": "secret", "name": "lake"})
    key = keys.client("sales", "customer-360")
    assert key
    assert key.secret_key
    assert key.secret_key.secret.name == "lake-sales-customer-360"
    assert "oauth2.googleapis.com" in {call.host for call in keys.calls()}


def test_a_name_that_google_does_not_allow_is_refused() -> None:
    long = "data-of-{domain}-{product}@acme-data.iam.gserviceaccount.com"
    fits, refused = ([*COMPONENT.refuses(_context(products={"type": "identity", "service_account": name}))]
                     for name in (OWN, long.replace("of", "of-the-domain")))  # fmt: skip
    assert fits == []
    assert [refusal.path for refusal in refused] == [("products", "service_account")] * 2
    assert "6 to 30 characters" in refused[0].message
    assert [*COMPONENT.refuses(_context(products=ITSELF))] == []


@pytest.mark.parametrize(
    ("config", "hint"),
    [
        ({"bucket": "Upper"}, "bucket"),
        ({"credentials": {"type": "identity", "service_account": "floe"}}, "service_account"),
        ({"credentials": {"type": "password"}}, "identity"),
        ({"products": {"type": "identity", "service_account": ROBOT}}, "that of all products"),
        ({"catalog_service_account": "tables@acme.example"}, "service_account"),
        ({"prefix": "a b"}, "write, for example, lake/warehouse"),
    ],
)
def test_settings_that_cannot_work_are_refused(config: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        GcsConfig.model_validate({"bucket": "acme-lake", "credentials": IDENTITY, **config})


@pytest.mark.parametrize("variant", ["identity", "secret"])
def test_contributed(variant: str, snapshot: SnapshotAssertion) -> None:
    assert contributed_to_product(_store(credentials={"type": variant})) == snapshot
