"""The logins to the object store that components of domains get from the store, before the domains are resolved."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.data_access import ServedProduct, StoreFolder
from floe_compiler.model.plan import Instance
from resolve.test_environment import POLARIS, data_product, planned, refused, units

AIRFLOW = {"orchestrator": {"type": "airflow"}}
CUBE = {"semantic_layer": {"type": "cube", "image": "acme/cube:1.0.0", "models": "image", "store": {"workers": 1}}}
PRODUCTS = {"sales": [data_product("web-shop")]}


def instances(manifest: dict[str, Any], domain: dict[str, Any]) -> dict[str, Instance[Any]]:
    compute = {"compute": {"type": "duckdb"}}
    plan = planned({**POLARIS, **compute, **manifest}, domains={"sales": domain}, products=PRODUCTS)
    return {context.instance.slot: context.instance for _, context in units(plan)["platform"].contexts}


def reader(folder: str = "airflow-logs", **changes: Any) -> ServedProduct:
    return ServedProduct(
        "sales", "logs--reader", folders=(StoreFolder(f"{folder}/sales__", **changes),), only_files=True
    )


def own(folder: str = "airflow-logs") -> tuple[StoreFolder, ...]:
    return (StoreFolder(f"{folder}/sales__web_shop/", writes=True),)


@pytest.mark.parametrize(
    ("manifest", "domain", "users", "folders"),
    [
        ({}, {}, (), ()),
        ({}, AIRFLOW, (reader(),), own()),
        (AIRFLOW, {}, (reader(),), own()),
        (AIRFLOW, {"orchestrator": {"logs": {"folder": "runs"}}}, (reader("runs"),), own("runs")),
        ({"orchestrator": {"type": "airflow", "logs": {"folder": "runs"}}}, {}, (reader("runs"),), own("runs")),
        (AIRFLOW, {"orchestrator": {"logs": {"remote": False}}}, (), ()),
        (AIRFLOW, {"orchestrator": {"type": "dagster"}}, (), ()),
        (
            {},
            {**AIRFLOW, **CUBE},
            (
                ServedProduct(
                    "sales", "cube--store", folders=(StoreFolder("cube-store/sales/", writes=True),), only_files=True
                ),
                reader(),
            ),
            own(),
        ),
    ],
)
def test_the_store_knows_the_files_of_components_of_domains(
    manifest: dict[str, Any], domain: dict[str, Any], users: tuple[ServedProduct, ...], folders: tuple[StoreFolder, ...]
) -> None:
    instances_ = instances(manifest, domain)
    assert instances_["storage"].file_users == users
    (product,) = (product for product in instances_["storage"].served if product.name == "web-shop")
    assert product.folders == folders
    assert not {"logs--reader", "cube--store"} & {entry.name for entry in instances_["catalog"].served}, (
        "a catalog stores tables, not files"
    )


def test_an_error_in_the_settings_is_reported_once() -> None:
    wrong = {"orchestrator": {"type": "airflow", "logs": {"folder": 7}}}
    assert len(refused(POLARIS, domains={"sales": wrong}, products=PRODUCTS)) == 1


def test_a_store_refuses_files_in_a_bucket_that_it_does_not_create() -> None:
    elsewhere = {"orchestrator": {"type": "airflow", "logs": {"bucket": "logs"}}}
    ((code, _, message),) = refused(POLARIS, domains={"sales": elsewhere}, products=PRODUCTS)
    assert code == "R020"
    assert 'makes no bucket "logs", in which the domain sales keeps files' in message
    manifest = {"storage": {"type": "minio", "buckets": ["warehouse", "logs"]}}
    assert instances(manifest, elsewhere)["storage"].file_users == (reader(bucket="logs"),)
