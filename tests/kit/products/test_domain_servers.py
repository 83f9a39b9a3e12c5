"""Servers of a domain that products ask for: only those know their address, and policies allow the connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.components import orchestrator_airflow, orchestrator_dagster, orchestrator_kubernetes
from floe_compiler.components.semantic_layer_cube import COMPONENT, keys, provides
from floe_compiler.components.semantic_layer_cube.settings import CubeConfig
from floe_compiler.model.facts import containers_of
from floe_compiler.model.plan import Instance
from floe_compiler.pipeline import compile_mesh
from mesh_reader import Tree
from products import EVERYTHING, product
from small_mesh import DOMAIN, ENVIRONMENT, PRODUCT, small_mesh
from support import PRODUCTION, context_of

NAMESPACE = "floe-sales-domain"
URL = f"postgresql://reports@cube-api.{NAMESPACE}.svc.cluster.local:15432/cube"
PASSWORD = "/run/secrets/semantic-layer/password"
CUBE = {
    "compute": {
        "type": "snowflake",
        "account": "acme",
        "user": "CUBE",
        "role": "CUBE",
        "warehouse": "CUBE",
        "database": "SALES",
    },
    "semantic_layer": {"type": "cube", "models": "image", "image": "acme/semantic:1.0.0"},
}

VAULT = {"platform": {"secrets": {"type": "external-secrets", "store": {"name": "vault"}}}}


def cube(**sql: Any) -> Instance[CubeConfig]:
    return context_of(COMPONENT, {"sql": sql}, settings=PRODUCTION, scope="sales").instance


def test_cube_offers_its_sql_api_unless_that_is_off() -> None:
    (server,) = provides(cube(user="reports"))
    assert (server.url, [port.number for port in server.endpoint.ports]) == (URL, [15432])
    assert server.password == keys(cube()).key("sql-password")
    assert provides(cube(enabled=False)) == ()


@pytest.mark.parametrize("orchestrator", [orchestrator_airflow, orchestrator_dagster, orchestrator_kubernetes])
@pytest.mark.parametrize("asks", [True, False])
def test_only_products_that_ask_for_it_know_the_semantic_layer(orchestrator: Any, asks: bool) -> None:
    (server,) = provides(cube(user="reports"))
    product_ = product(semantic_layer=asks)
    capabilities = (*EVERYTHING, server)
    context = context_of(
        orchestrator.COMPONENT, settings=PRODUCTION, capabilities=capabilities, scope="sales", products=[product_]
    )
    parts = orchestrator.COMPONENT.build(context)
    pods = [task.pod for task in parts.tasks if task.name == product_.name] or [pods.pod for pods in parts.launched]
    assert pods
    for pod in pods:
        assert (server.endpoint in pod.calls) is asks
        for container in containers_of(pod):
            variables = {
                variable.name: variable.value for variable in container.variables if "SEMANTIC_LAYER" in variable.name
            }
            expected = {"FLOE_SEMANTIC_LAYER_URL": URL, "FLOE_SEMANTIC_LAYER_PASSWORD_FILE": PASSWORD}
            assert variables == (expected if asks else {})
            files = {file.path for file in container.secret_files if file.secret == server.password}
            assert files == ({PASSWORD} if asks else set())


@pytest.mark.parametrize("asks", [True, False])
def test_policies_at_both_ends_allow_products_that_ask_for_it(asks: bool, tmp_path: Path) -> None:
    product_ = {"semantic_layer": True} if asks else {}
    files = compile_mesh(small_mesh(tmp_path, {DOMAIN: CUBE, PRODUCT: product_, ENVIRONMENT: VAULT})).files
    tree = Tree(yaml.load(text, yaml.CSafeLoader) for path, text in files.items() if path.endswith(".yaml"))
    (server,) = (pod for pod in tree.pods if pod.name == "cube-api")
    (run,) = (pod for pod in tree.pods if (pod.namespace, pod.name) == (NAMESPACE, "orders"))
    assert ((server, 15432) in tree.calls(run)) is asks
    assert (15432 in tree.lets_in(server, run)) is asks
    assert 4000 not in tree.lets_in(server, run)
