"""Azure Data Lake Storage: where the store is, and how clients log in."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import storage_adls
from floe_compiler.components.storage_adls import COMPONENT, AdlsConfig
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import SEMANTIC_LAYER, ServedProduct
from floe_compiler.model.facts import Parts
from floe_compiler.model.plan import Context
from products import contributed_to_product
from support import context_of

TENANT, CLIENT, OWN = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3))
PLACE = {"account": "acmelake", "container": "tables", "tenant_id": TENANT}
IDENTITY = {"type": "identity", "client_id": CLIENT}
SECRET = {"type": "secret", "client_id": CLIENT}
SERVED = (ServedProduct("sales", "orders"), ServedProduct("sales", SEMANTIC_LAYER))
FILES = {"acmelake.dfs.core.windows.net", "acmelake.blob.core.windows.net"}


def _context(**config: Any) -> Context[Any]:
    return context_of(COMPONENT, {**PLACE, "credentials": IDENTITY, **config}, served=SERVED)


def _store(**config: Any) -> ObjectStore:
    return storage_adls.provides(_context(**config).instance)[0]


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(_context()) == Parts()


@pytest.mark.parametrize(("prefix", "end"), [("", "/"), ("/a/b/", "/a/b/")])
def test_the_warehouse_is_below_the_prefix(prefix: str, end: str) -> None:
    assert _store(prefix=prefix).warehouse == f"abfss://tables@acmelake.dfs.core.windows.net{end}"


def test_an_identity_is_annotations_of_the_account_and_a_label_of_the_pod() -> None:
    store = _store(credentials={**IDENTITY, "tenant_id": TENANT})
    assert store.identity
    assert store.identity.notes == {
        "azure.workload.identity/client-id": CLIENT,
        "azure.workload.identity/tenant-id": TENANT,
    }
    assert store.identity.labels == (("azure.workload.identity/use", "true"),)
    assert [endpoint.host for endpoint in store.identity.endpoints] == ["login.microsoftonline.com"]
    assert {call.host for call in store.calls()} == FILES


def test_a_client_secret_is_exchanged_for_a_token() -> None:
    store = _store(credentials={**SECRET, "name": "lake", "key": "value"}, cidr="10.3.0.0/24")
    assert store.secret_key
    assert (store.secret_key.secret.name, store.secret_key.key) == ("lake", "value")
    assert (store.client_id, store.tenant, store.identity) == (CLIENT, TENANT, None)
    assert {call.host for call in store.calls()} == FILES | {"login.microsoftonline.com"}
    # The account may be at a private endpoint; the token server is not.
    assert {call.host: call.cidr for call in store.calls()}["login.microsoftonline.com"] == "0.0.0.0/0"
    assert {call.cidr for call in store.calls() if call.host in FILES} == {"10.3.0.0/24"}


def test_the_catalog_issues_credentials() -> None:
    assert _store().issues_credentials


def test_each_product_may_have_its_own_login() -> None:
    ids = {"client_ids": {"sales/orders": OWN}}
    assert _store().client("sales", "orders") is None
    own = _store(products={"type": "identity", **ids}).client("sales", "orders")
    assert own
    assert own.identity
    assert own.identity.notes["azure.workload.identity/client-id"] == OWN
    keys = _store(products={"type": "secret", "name": "lake", **ids})
    key = keys.client("sales", "orders")
    assert key
    assert key.secret_key
    assert (key.secret_key.secret.name, key.client_id) == ("lake-sales-orders", OWN)
    assert "login.microsoftonline.com" in {call.host for call in keys.calls()}


@pytest.mark.parametrize(("ids", "refused"), [({"sales/orders": OWN}, 0), ({}, 1), ({"finance/gone": OWN}, 1)])
def test_every_product_needs_a_login(ids: dict[str, str], refused: int) -> None:
    """It would get the login to the whole container."""
    refusals = [*COMPONENT.refuses(_context(products={"type": "identity", "client_ids": ids}))]
    assert len(refusals) == refused
    assert all("none of sales/orders" in refusal.message for refusal in refusals)


@pytest.mark.parametrize(
    ("config", "hint"),
    [
        ({"account": "acme-lake"}, "account"),
        ({"container": "a--b"}, "container"),
        ({"tenant_id": "acme"}, "_id"),
        ({"credentials": {"type": "identity", "client_id": "floe"}}, "_id"),
        ({"credentials": {"type": "secret", "client_id": CLIENT, "account_key": "x"}}, "Extra inputs"),
        ({"products": {"type": "identity", "client_ids": {"orders": OWN}}}, "client_ids.orders"),
    ],
)
def test_settings_that_cannot_work_are_refused(config: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        AdlsConfig.model_validate({**PLACE, "credentials": IDENTITY, **config})


@pytest.mark.parametrize("login", [IDENTITY, SECRET], ids=["identity", "secret"])
def test_contributed(login: dict[str, str], snapshot: SnapshotAssertion) -> None:
    assert contributed_to_product(_store(credentials=login)) == snapshot
