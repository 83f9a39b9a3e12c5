"""Who issues the credentials for files, and which products need their own login to the object store."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components.orchestrator_kubernetes import COMPONENT
from floe_compiler.kit.products.lakehouse import store_login
from floe_compiler.kit.products.step_environment import environment
from floe_compiler.model.capabilities import Capability
from floe_compiler.model.data_access import StoreClient
from floe_compiler.model.plan import Product
from floe_compiler.model.vending import is_vended
from products import CATALOG, STORE, product
from support import context_of

DBT = {"name": "transform", "type": "dbt"}
DLT = {"name": "load", "type": "dlt", "script": "load.py"}
VENDING = replace(CATALOG, vends_credentials="by-the-store")
LENDING = replace(STORE, issues_credentials=True)
SECRET = STORE.access_key.secret if STORE.access_key else None
OWN = StoreClient("customer-360", STORE.secret_key, STORE.secret_key)


def product_of(*steps: dict[str, Any]) -> Product:
    return product(steps=list(steps))


def login(step: dict[str, Any], *capabilities: Capability) -> StoreClient | None:
    product_ = product_of(step)
    return store_login(context_of(COMPONENT, capabilities=capabilities, scope="sales", products=[product_]), product_)


@pytest.mark.parametrize(
    ("vends", "lends", "vended"),
    [
        ("never", True, False),
        ("by-the-store", True, True),
        ("by-the-store", False, False),
        ("always", False, True),
    ],
)
def test_a_catalog_issues_credentials_if_it_can(vends: Any, lends: bool, vended: bool) -> None:
    catalog, store = replace(CATALOG, vends_credentials=vends), replace(STORE, issues_credentials=lends)
    assert is_vended(catalog, store) is vended


def test_without_a_catalog_or_a_store_no_credentials_are_issued() -> None:
    assert not is_vended(None, LENDING)
    assert not is_vended(VENDING, None)
    assert is_vended(replace(CATALOG, vends_credentials="always"), None)


def test_with_issued_credentials_only_direct_writers_need_a_login() -> None:
    assert login(DBT, VENDING, LENDING) is None
    for step, capabilities in (
        (DLT, (VENDING, LENDING)),
        (DBT, (CATALOG, LENDING)),
        (DBT, (VENDING, STORE)),
        (DBT, (STORE,)),
    ):
        assert login(step, *capabilities) is not None
    custom = {"name": "any", "type": "custom", "command": ["any"]}
    assert login(custom, VENDING, LENDING) is None
    assert login({**custom, "writes_files": True}, VENDING, LENDING) is not None
    product_ = product_of(DBT)
    context = context_of(COMPONENT, capabilities=(VENDING, LENDING), scope="sales", products=[product_])
    assert store_login(context, product_, writes_files=True) is not None, "for logs"


def test_a_product_has_only_the_store_keys_that_it_needs() -> None:
    assert login(DBT, VENDING, LENDING) is None
    assert login(DBT, CATALOG) is None, "the mesh has no store"
    product_ = product_of(DBT)
    context = context_of(COMPONENT, capabilities=(VENDING, LENDING), scope="sales", products=[product_])
    names = {variable.name for variable in environment(context, product_)}
    assert "AWS_REGION" in names
    assert not [name for name in names if "ACCESS_KEY" in name]


def test_its_own_login_has_precedence_over_that_of_the_whole_store() -> None:
    with_own = replace(LENDING, clients={"sales": (OWN,), "finance": (StoreClient("customer-360"),)})
    assert login(DLT, VENDING, with_own) == OWN
    assert login(DLT, VENDING, LENDING) == StoreClient("customer-360", STORE.access_key, STORE.secret_key)
