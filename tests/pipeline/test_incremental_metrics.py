"""What is compiled again where metrics are collected: the rules of all products are in the platform's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
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


CHANGES: Mapping[str, tuple[Mapping[str, Any], set[str]]] = {
    "an image": ({DEV_IMAGES: images(sales="{orders: acme/orders:1.0.1}")}, {OWN}),
    "another hour": ({ORDERS: product("orders", schedule={"cron": "0 7 * * *"})}, {OWN}),
    "another gap": ({ORDERS: product("orders", schedule={"cron": "0 */2 * * *"})}, {OWN, PLATFORM}),
    "a timeout": ({ORDERS: product("orders", timeout="2h")}, {OWN, PLATFORM}),
    "a new product": ({"domains/sales/products/returns.yaml": product("returns")}, {OWN, PLATFORM}),
    "a new domain": (
        {"domains/hr/domain.yaml": domain("hr"), "domains/hr/products/people.yaml": product("people")},
        {namespace("hr"), PLATFORM, DELIVERY},
    ),
}
COLLECTORS = ("prometheus", "prometheus-operator")


@cache
def known(collector: str) -> tuple[Cache, Mapping[str, Any]]:
    """Return the cache after the mesh was compiled with this collector of metrics, and the mesh."""
    observability = {"metrics": {"type": collector, "runbooks": RUNBOOKS}}
    mesh = {**files(), **DAGSTER, MANIFEST: manifest(observability=observability)}
    found = Recorder()
    with TemporaryDirectory() as folder:
        compile_mesh(write(Path(folder), mesh), ("dev",), cache=found)
    return found, mesh


@pytest.mark.parametrize(
    ("collector", "name"),
    [
        pytest.param(collector, name, marks=[pytest.mark.thorough] if (first + number) % 2 else [])
        for first, collector in enumerate(COLLECTORS)
        for number, name in enumerate(CHANGES)
    ],
)
def test_an_edit_compiles_its_own_namespace_and_the_rules_that_follow_from_it(
    collector: str, name: str, tmp_path: Path
) -> None:
    """Each change with one of the two: whether the rules change depends on the product alone."""
    before, mesh = known(collector)
    change, compiled = CHANGES[name]
    after = Recorder(before)
    files_after = compile_mesh(write(tmp_path, {**mesh, **change}), ("dev",), cache=after).files
    assert after.compiled == {f"dev/{unit}" for unit in compiled}
    assert files_after == compile_mesh(tmp_path, ("dev",), cache=Anew(after)).files
