"""A reviewer sees who may read and write which data, by the settings of the catalog and the object store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from floe_compiler.components.catalog_polaris import management
from floe_compiler.kit import minio
from floe_compiler.model.data_access import OutputTable, ServedProduct
from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Surroundings, dangers_of
from report.samples import resource

ORDERS, CARTS = OutputTable("sales", "shop", "orders"), OutputTable("sales", "shop", "carts")
SHOP = ServedProduct("sales", "shop", writes_files=True)


def visits(*reads: OutputTable) -> ServedProduct:
    return ServedProduct("service", "visits", reads=reads)


def catalog(*products: ServedProduct) -> Object:
    setup = {"url": "http://polaris:8181", "clients": management.clients(products, "/secrets")}
    return resource("ConfigMap", data={"setup.json": json.dumps(setup, indent=2), "polaris_setup.py": "import json"})


def policies(*products: ServedProduct) -> Object:
    names = {minio.product_name(product.domain, product.name): product for product in products}
    return resource(
        "ConfigMap", data={f"{name}.json": minio.product_policy("lake", product) for name, product in names.items()}
    )


def access_dangers(before: Object | None, after: Object | None) -> list[str]:
    dangers = dangers_of(identify(before or after or {}), before, after, Surroundings())
    return [f"{danger.word}: {danger.sentence}" for danger in dangers if danger.word.startswith("access")]


def test_every_added_or_removed_grant_is_named() -> None:
    orders, carts = catalog(visits(ORDERS), SHOP), catalog(visits(CARTS), SHOP)
    assert access_dangers(orders, carts) == [
        "access-granted: product-service-visits may read sales__shop.carts",
        "access-removed: product-service-visits may no longer read sales__shop.orders",
    ]
    assert access_dangers(orders, orders) == []


def test_grants_of_an_added_or_removed_product_are_named() -> None:
    visits_only, all_grants = catalog(visits(ORDERS)), catalog(visits(ORDERS), SHOP)
    assert access_dangers(visits_only, all_grants) == [
        "access-granted: product-sales-shop may create namespaces",
        "access-granted: product-sales-shop may write below sales__shop",
    ]
    assert access_dangers(all_grants, visits_only) == [
        "access-removed: product-sales-shop may no longer create namespaces",
        "access-removed: product-sales-shop may no longer write below sales__shop",
    ]


def test_policies_of_a_store_are_compared_too() -> None:
    assert access_dangers(policies(visits()), policies(visits(ORDERS))) == [
        "access-granted: product-service-visits may read arn:aws:s3:::lake/sales__shop/orders/*"
    ]
    assert access_dangers(policies(visits(), SHOP), policies(visits())) == [
        "access-removed: product-sales-shop may no longer read arn:aws:s3:::lake/sales__shop/*",
        "access-removed: product-sales-shop may no longer write arn:aws:s3:::lake/sales__shop/*",
    ]


def test_an_added_or_removed_catalog_is_not_a_grant() -> None:
    assert access_dangers(None, catalog(visits(ORDERS))) == []
    assert access_dangers(catalog(visits(ORDERS)), None) == []


@pytest.mark.parametrize(
    "data",
    [
        {"a.json": "{not json"},
        {"a.json": json.dumps({"clients": "x", "Statement": [1, {"Effect": "Allow"}]})},
        {"a.json": json.dumps({"clients": [{"reads": 3, "writes": None}, 5]})},
        {"a.json": 1},
    ],
)
def test_other_documents_grant_nothing(data: dict[str, Any]) -> None:
    assert access_dangers(resource("ConfigMap", data={}), resource("ConfigMap", data=data)) == []


def test_read_and_write_access_are_distinguished() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}
    after = resource("ConfigMap", data={"reports.json": json.dumps({"Statement": [statement]})})
    assert access_dangers(resource("ConfigMap", data={}), after) == [
        "access-granted: reports may read arn:aws:s3:::lake/*"
    ]
    denied = {"Statement": [{**statement, "Effect": "Deny"}]}
    assert access_dangers(after, resource("ConfigMap", data={"reports.json": json.dumps(denied)})) == [
        "access-removed: reports may no longer read arn:aws:s3:::lake/*"
    ]
