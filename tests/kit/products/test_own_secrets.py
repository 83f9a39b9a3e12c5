"""Whatever runs a product, its steps have the product's own clients and secrets, and those of no other product."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components import orchestrator_airflow, orchestrator_dagster, orchestrator_kubernetes
from floe_compiler.kit import labels
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import StoreClient
from floe_compiler.model.facts import Parts, Pod, named_pods, pod_secrets
from floe_compiler.model.plan import Component, Product
from floe_compiler.model.secrets import Secret, SecretKey
from products import CATALOG, DATABASE, EVERYTHING, PLATFORM, STORE, product
from support import context_of

NAMES = ("customer-360", "order-analytics")
ORCHESTRATORS = {
    component.COMPONENT.type: component.COMPONENT
    for component in (orchestrator_airflow, orchestrator_dagster, orchestrator_kubernetes)
}


def own_source(name: str) -> str:
    return f"source-of-{name}"


def products() -> list[Product]:
    return [
        product(
            name,
            steps=[
                {
                    "name": "load",
                    "type": "dlt",
                    "script": "load.py",
                    "secrets": {"KEY": {"secret": own_source(name), "key": "key"}},
                }
            ],
        )
        for name in NAMES
    ]


def store() -> ObjectStore:
    keys = [Secret(f"minio-product-sales-{name}", PLATFORM, (SecretKey("key", generated=40),)) for name in NAMES]
    clients = tuple(StoreClient(name, own.key("key"), own.key("key")) for name, own in zip(NAMES, keys, strict=True))
    return replace(STORE, issues_credentials=True, clients={"sales": clients})


def pods(component: Component[Any]) -> list[tuple[str, Pod]]:
    catalog = replace(CATALOG, vends_credentials="by-the-store")
    other_capabilities = [
        capability for capability in EVERYTHING if not isinstance(capability, type(CATALOG) | ObjectStore)
    ]
    database = replace(DATABASE, name=f"{component.type}-postgresql/{component.type}")
    capabilities = (catalog, store(), database, *other_capabilities)
    parts: Parts = component.build(context_of(component, capabilities=capabilities, scope="sales", products=products()))
    return named_pods(parts)


def owned_by(name: str) -> set[str]:
    return {f"polaris-client-sales-{name}", f"minio-product-sales-{name}", own_source(name)}


def of_product(pod: Pod) -> str:
    return dict(pod.labels).get(labels.PRODUCT, "")


@pytest.mark.parametrize("kind", ORCHESTRATORS)
def test_pods_of_a_product_have_only_its_own_secrets(kind: str) -> None:
    every = set().union(*map(owned_by, NAMES))
    read: dict[str, set[str]] = {name: set() for name in NAMES}
    for name, pod in pods(ORCHESTRATORS[kind]):
        secrets = {secret.name for secret in pod_secrets([pod])}
        mine = of_product(pod)
        assert not (mine and "minio-warehouse" in secrets), f"{name} has the key to the whole store"
        assert secrets & every <= (owned_by(mine) if mine else set()), name
        if mine:
            read[mine] |= secrets
    for name in NAMES:
        assert owned_by(name) <= read[name], "otherwise the test would look for nothing"


@pytest.mark.parametrize("kind", ORCHESTRATORS)
def test_a_step_has_no_access_to_the_kubernetes_api(kind: str) -> None:
    """A pod without rights in the API has no token for it, and cannot reach it."""
    steps = [pod for _, pod in pods(ORCHESTRATORS[kind]) if of_product(pod)]
    assert steps
    assert not [pod for pod in steps if pod.kubernetes_api or pod.kubernetes_api_everywhere]


@pytest.mark.parametrize("kind", ORCHESTRATORS)
def test_products_do_not_share_an_account(kind: str) -> None:
    """An identity in a cloud is that of an account."""
    accounts: dict[str, set[str]] = {}
    for name, pod in pods(ORCHESTRATORS[kind]):
        accounts.setdefault(pod.account or name, set()).add(of_product(pod))
    assert all(len(owners) == 1 for owners in accounts.values())
