"""Who has a separate login to the object store, and the warning for products that share the main login."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.resolve import resolve
from resolve.test_environment import REGISTRY, data_product, planned, sources, units

S3 = {"type": "s3", "bucket": "lake", "region": "eu-central-1", "credentials": {"type": "secret"}}
ROLE = {"type": "identity", "role": "arn:aws:iam::123456789012:role/lake"}
OWN = {"type": "identity", "role": "arn:aws:iam::123456789012:role/{domain}-{product}"}
LENDS = {**S3, "credentials": ROLE, "catalog_role": "arn:aws:iam::123456789012:role/tables"}
GCS = {"type": "gcs", "bucket": "lake"}
ROBOT = {"type": "identity", "service_account": "floe-lake@acme-data.iam.gserviceaccount.com"}
GUID = "00000000-0000-0000-0000-000000000001"
ADLS = {"type": "adls", "account": "acmelake", "container": "lake", "tenant_id": GUID}
AZURE = {"type": "identity", "client_id": GUID}
MINIO = {"type": "minio", "buckets": ["warehouse"]}
WRITES = {"steps": [{"name": "run", "type": "custom", "command": ["x"], "writes_files": True}]}


def warned(storage: dict[str, Any], *, airflow: bool = False, **product: Any) -> list[tuple[str, str, str | None]]:
    manifest: dict[str, Any] = {"catalog": {"type": "polaris"}, "storage": storage}
    if airflow:
        manifest |= {"orchestrator": {"type": "airflow"}}
    sources_ = sources(manifest, domains={"sales": {}}, products={"sales": [data_product("orders", **product)]})
    _, warnings = resolve(sources_, REGISTRY)
    return [(warning.rule.code, warning.message, warning.hint) for warning in warnings]


@pytest.mark.parametrize(
    ("storage", "product", "fix"),
    [
        (S3, {}, "products: {type: secret}"),
        ({**S3, "credentials": ROLE}, {}, "role/data-{domain}-{product}"),
        (LENDS, WRITES, "role/data-{domain}-{product}"),
        ({**GCS, "credentials": ROBOT}, WRITES, "products: {type: identity}"),
        ({**GCS, "credentials": {"type": "secret"}}, WRITES, "products: {type: secret}"),
        ({**ADLS, "credentials": AZURE}, WRITES, "client_ids"),
    ],
)
def test_products_with_the_login_of_the_whole_store_are_reported(
    storage: dict[str, Any], product: dict[str, Any], fix: str
) -> None:
    ((code, message, hint),) = warned(storage, **product)
    assert (code, message) == ("R100", 'sales/orders can read and delete all of "lake", as all share its login')
    assert hint
    assert fix in hint


def test_logs_of_airflow_count_as_files() -> None:
    assert [code for code, _, _ in warned(LENDS, airflow=True)] == ["R100"]


@pytest.mark.parametrize(
    ("storage", "product"),
    [
        ({**S3, "products": {"type": "secret"}}, WRITES),
        ({**LENDS, "products": OWN}, WRITES),
        (LENDS, {}),
        ({**S3, "credentials": {"type": "pod-identity"}}, WRITES),
        ({**GCS, "credentials": {"type": "identity"}}, WRITES),
        ({**GCS, "credentials": ROBOT}, {}),
        (MINIO, WRITES),
    ],
)
def test_products_with_their_own_login_or_none_are_accepted(storage: dict[str, Any], product: dict[str, Any]) -> None:
    assert warned(storage, **product) == []


OVERRIDDEN = {"domains": {"sales": {"products": {"orders": {"steps": {"run": {"writes_files": True}}}}}}}
AIRFLOW = {"orchestrator": {"type": "airflow"}}
READER, ORDERS = "logs--reader", "orders"


@pytest.mark.parametrize(
    ("manifest", "environment", "product", "users"),
    [
        ({}, {}, {}, []),
        ({"storage": {**S3, "products": {"type": "secret"}}}, {}, {}, [ORDERS]),  # the catalog issues no credentials
        ({"storage": {**LENDS, "products": OWN}}, {}, {}, []),
        ({}, {}, WRITES, [ORDERS]),
        ({}, OVERRIDDEN, {}, [ORDERS]),
        (AIRFLOW, {}, {}, [ORDERS, READER]),
        ({"catalog": None}, {}, {}, [ORDERS]),
    ],
)
def test_a_store_has_logins_of_products_that_access_files_directly(
    manifest: dict[str, Any], environment: dict[str, Any], product: dict[str, Any], users: list[str]
) -> None:
    manifest_ = {"catalog": {"type": "polaris"}, "storage": MINIO, **manifest}
    orders = [data_product("orders", **product)]
    plan = planned(manifest_, environment, domains={"sales": {}}, products={"sales": orders})
    (store,) = [
        context.instance for _, context in units(plan)["platform"].contexts if context.instance.slot == "storage"
    ]
    assert [store_user.name for store_user in store.store_users] == users
    (provided,) = [
        capability
        for _, context in units(plan)["sales"].contexts
        for capability in context.capabilities
        if isinstance(capability, ObjectStore)
    ]
    assert [client.product for client in provided.clients.get("sales", ())] == users


def test_the_catalog_knows_all_products() -> None:
    plan = planned(
        {"catalog": {"type": "polaris"}, "storage": MINIO},
        domains={"sales": {}},
        products={"sales": [data_product("orders")]},
    )
    (catalog,) = [
        context.instance for _, context in units(plan)["platform"].contexts if context.instance.slot == "catalog"
    ]
    assert [product.name for product in catalog.served] == [ORDERS]
