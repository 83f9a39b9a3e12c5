"""The rendered SeaweedFS itself: another user, a read-only root, the script, policies, temporary credentials."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_compiler.kit.store_policies import document, of_product
from floe_compiler.model.data_access import OutputTable, ServedProduct, StoreFolder
from seaweedfs_program import Store, keys, needs_programs, running

pytestmark = [pytest.mark.real, needs_programs]

SHOP = ServedProduct("sales", "shop", writes_files=True)
VISITS = ServedProduct("field-service", "visits", reads=(OutputTable("sales", "shop", "orders"),), writes_files=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with running(tmp_path) as store:
        yield store


def test_products_and_the_catalog_reach_only_what_they_may(store: Store) -> None:
    store.make_users(SHOP, VISITS)
    shop, visits, warehouse = map(keys, ("product-sales-shop", "product-field--service-visits", "warehouse"))
    orders, raw = "sales__shop/orders/data/1", "sales__shop/raw/1"

    assert (store.put(shop, orders), store.put(shop, raw)) == (200, 200)
    assert store.get(visits, orders) == 200, "its input"
    assert store.get(visits, raw) == 403, "another table of the same product"
    assert (store.put(visits, orders), store.delete(visits, orders)) == (403, 403)
    assert store.put(visits, "field_service__visits/x") == 200
    assert store.get(shop, "field_service__visits/x") == 403
    assert store.put(shop, "sales__shop2/x") == 403, "a name with the same beginning"
    assert store.ask(shop, f"{store.url}/warehouse?list-type=2&prefix=sales__shop%2F")[0] == 200
    assert store.ask(shop, f"{store.url}/warehouse?list-type=2")[0] == 403
    for user in (shop, warehouse):
        assert store.ask(user, "--request", "PUT", f"{store.url}/other")[0] == 403, "no buckets"
        assert (
            store.ask(user, "--data", "Action=ListUsers&Version=2010-05-08", f"{store.url}/", service="iam")[0] == 403
        )
    assert store.get(("nobody", "nothing"), orders) == 403
    unsigned = subprocess.run(
        ["curl", "--silent", f"{store.url}/warehouse/{orders}"], capture_output=True, text=True, check=True
    )
    assert "AccessDenied" in unsigned.stdout

    table = json.loads(document(of_product("warehouse", ServedProduct("sales", "shop"))))
    lent = store.assume(warehouse, table)
    assert lent
    assert (store.put(lent, orders), store.get(lent, orders)) == (200, 200)
    assert (store.put(lent, "field_service__visits/x"), store.get(lent, "field_service__visits/x")) == (403, 403)
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    wide = store.assume(warehouse, {"Version": "2012-10-17", "Statement": [everything]})
    assert wide
    assert store.put(wide, orders) == 200
    assert store.ask(wide, "--request", "PUT", f"{store.url}/other")[0] == 403, "not more than the role may"
    assert store.assume(shop, table) is None, "products issue no credentials"

    store.make_users(VISITS)
    assert store.get(shop, orders) == 403, "a removed product has no keys"
    assert store.get(visits, orders) == 200


def test_logs_are_written_by_their_product_and_read_by_the_api_server(store: Store) -> None:
    own = StoreFolder("airflow-logs/sales__shop/", writes=True)
    reader = ServedProduct("sales", "logs--reader", folders=(StoreFolder("airflow-logs/sales__"),), only_files=True)
    store.make_users(ServedProduct("sales", "shop", folders=(own,)), VISITS, reader)
    shop, visits, reads = map(
        keys, ("product-sales-shop", "product-field--service-visits", "product-sales-logs--reader")
    )
    log = "airflow-logs/sales__shop/run/1.log"  # curl signs no path with "=" as S3 does

    assert store.head(shop, log) == 404, "Airflow sends no log after another answer"
    assert (store.put(shop, log), store.head(shop, log), store.get(shop, log)) == (200, 200, 200)
    assert store.get(reads, log) == 200
    assert (store.put(reads, log), store.delete(reads, log)) == (403, 403)
    assert store.ask(reads, f"{store.url}/warehouse?list-type=2&prefix=airflow-logs%2Fsales__shop%2Frun")[0] == 200
    assert store.put(shop, "sales__shop/orders/data/1") == 200
    assert store.get(reads, "sales__shop/orders/data/1") == 403, "a table"
    assert store.ask(reads, f"{store.url}/warehouse?list-type=2")[0] == 403
    assert (store.get(visits, log), store.put(visits, log)) == (403, 403)
    assert store.put(shop, "airflow-logs/sales__other/x") == 403, "the logs of another product"
