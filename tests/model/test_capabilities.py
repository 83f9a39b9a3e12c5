"""What components offer to each other."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from floe_compiler.model.data_access import StoreClient
from floe_compiler.model.secrets_in import secrets_of
from products import CATALOG, LINEAGE, NAMES, STORE

CLIENTS = ("marketing-campaign-perf", *(f"sales-{name}" for name in NAMES))


def test_a_product_logs_in_as_its_own_client() -> None:
    assert CATALOG.client("sales", "customer-360").product == "customer-360"
    for domain, name in (("sales", "campaign-perf"), ("finance", "costs")):
        with pytest.raises(KeyError, match=f"polaris has no client for product {domain}/{name}"):
            CATALOG.client(domain, name)


def test_a_domain_knows_only_the_clients_of_its_own_products() -> None:
    """So an edit of another domain's products does not concern it."""
    assert set(CATALOG.about("sales").clients) == {"sales"}
    assert CATALOG.about("finance").clients == {}
    keys = {domain: (StoreClient(f"{domain}-product"),) for domain in ("finance", "sales")}
    store = replace(STORE, clients=keys)
    assert set(store.about("sales").clients) == {"sales"}
    assert store.client("sales", "sales-product") == keys["sales"][0]
    assert store.client("sales", "finance-product") is None


def test_clients_of_a_catalog_call_the_token_server_too() -> None:
    assert CATALOG.calls() == (CATALOG.endpoint,)
    assert replace(CATALOG, token_endpoint=LINEAGE.endpoint).calls() == (CATALOG.endpoint, LINEAGE.endpoint)


def test_secrets_of_a_capability_are_found_at_any_depth() -> None:
    assert {secret.name for secret in secrets_of(CATALOG)} == {f"polaris-client-{client}" for client in CLIENTS}
    assert {secret.name for secret in secrets_of(STORE)} == {"minio-warehouse"}
    assert list(secrets_of(LINEAGE)) == []
