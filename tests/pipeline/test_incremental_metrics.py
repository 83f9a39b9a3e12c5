"""What is compiled again where metrics are collected: the rules of all products are in the platform's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache.store import Cache
from floe_compiler.pipeline import compile_mesh
from monitored_mesh import RUNBOOKS
from pipeline.mesh_of_three import (
    DELIVERY,
    DEV_IMAGES,
    MANIFEST,
    ORDERS,
    PLATFORM,
    SALES,
    Anew,
    Recorder,
    domain,
    files,
    images,
    manifest,
    namespace,
    product,
    write,
)

DAGSTER = {SALES: domain("sales", orchestrator={"type": "dagster"})}
OWN = namespace("sales")


@pytest.fixture(scope="module", params=["prometheus", "prometheus-operator"])
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cache, Mapping[str, Any]]:
    """Return the cache after the mesh was compiled, and the mesh."""
    observability = {"metrics": {"type": request.param, "runbooks": RUNBOOKS}}
    mesh = {**files(), **DAGSTER, MANIFEST: manifest(observability=observability)}
    cache = Recorder()
    compile_mesh(write(tmp_path_factory.mktemp("mesh"), mesh), ("dev",), cache=cache)
    return cache, mesh


@pytest.mark.parametrize(
    ("change", "compiled"),
    [
        ({DEV_IMAGES: images(sales="{orders: acme/orders:1.0.1}")}, {OWN}),
        ({ORDERS: product("orders", schedule={"cron": "0 7 * * *"})}, {OWN}),
        ({ORDERS: product("orders", schedule={"cron": "0 */2 * * *"})}, {OWN, PLATFORM}),
        ({ORDERS: product("orders", timeout="2h")}, {OWN, PLATFORM}),
        ({"domains/sales/products/returns.yaml": product("returns")}, {OWN, PLATFORM}),
        (
            {"domains/hr/domain.yaml": domain("hr"), "domains/hr/products/people.yaml": product("people")},
            {namespace("hr"), PLATFORM, DELIVERY},
        ),
    ],
    ids=["an image", "another hour", "another gap", "a timeout", "a new product", "a new domain"],
)
def test_an_edit_compiles_its_own_namespace_and_its_alerting_rules(
    change: Mapping[str, Any], compiled: set[str], known: tuple[Cache, Mapping[str, Any]], tmp_path: Path
) -> None:
    before, mesh = known
    cache = Recorder(before)
    after = compile_mesh(write(tmp_path, {**mesh, **change}), ("dev",), cache=cache)
    assert cache.compiled == {f"dev/{unit}" for unit in compiled}
    assert dict(after.files) == dict(compile_mesh(tmp_path, ("dev",), cache=Anew(cache)).files)
