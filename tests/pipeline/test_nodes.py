"""The namespace of the nodes: a unit like the others, which appears, changes and disappears by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation
from pipeline.mesh_of_three import (
    DEV_IMAGES,
    MANIFEST,
    ORDERS,
    Recorder,
    files,
    images,
    manifest,
    namespace,
    product,
    write,
)

BACKEND = {"name": "acme", "host": "otlp.acme.example", "signals": ["logs"]}
OBSERVED = {"collector": {"type": "opentelemetry", "backends": [BACKEND]}, "logs": {"type": "opentelemetry"}}
NODES = "floe-nodes"
NOT_OURS = {"R021", "C043"}  # the mesh is in no Git repository, and nothing reads its note
WITH = {**files(), MANIFEST: manifest(observability=OBSERVED)}


Known = tuple[Recorder, Compilation]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """Return the cache after the mesh with logs was compiled, and what it compiles to."""
    cache = Recorder()
    return cache, compile_mesh(write(tmp_path_factory.mktemp("mesh"), WITH), ("dev",), cache=cache)


def test_the_namespace_for_nodes_exists_if_needed_and_is_the_only_privileged_one(known: Known) -> None:
    _, compiled = known
    objects = [yaml.load(text, yaml.CSafeLoader) for text in compiled.files.values()]
    levels = {
        manifest["metadata"]["name"]: manifest["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for manifest in objects
        if manifest["kind"] == "Namespace"
    }
    assert {name for name, level in levels.items() if level != "restricted"} == {NODES}
    on_nodes = {
        manifest["metadata"]["namespace"]
        for manifest in objects
        for volume in manifest.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", ())
        if "hostPath" in volume
    }
    assert on_nodes == {NODES}
    applications = {
        manifest["metadata"]["name"]: manifest["spec"] for manifest in objects if manifest["kind"] == "Application"
    }
    (delivered,) = (spec for spec in applications.values() if spec["destination"]["namespace"] == NODES)
    assert delivered["source"]["path"] == "output/dev/floe-nodes"
    assert {diagnostic.rule.code for diagnostic in compiled.warnings} <= NOT_OURS


def test_without_a_need_there_is_no_namespace_for_nodes(tmp_path: Path) -> None:
    assert not [path for path in compile_mesh(write(tmp_path, files()), ("dev",)).files if NODES in path]


def test_a_new_domain_compiles_the_namespace_for_nodes_and_an_edited_product_does_not(
    known: Known, tmp_path: Path
) -> None:
    cache, _ = known
    write(tmp_path, WITH)
    assert f"dev/{NODES}" in cache.compiled
    edited = Recorder(cache)
    compile_mesh(write(tmp_path, {DEV_IMAGES: images(sales="{orders: acme/orders:1.0.1}")}), ("dev",), cache=edited)
    assert edited.compiled == {f"dev/{namespace('sales')}"}
    grown = Recorder(cache)
    new: dict[str, Any] = {"domains/hr/products/people.yaml": product("people")}
    new["domains/hr/domain.yaml"] = {
        "apiVersion": "floe.dev/v1",
        "kind": "Domain",
        "metadata": {"name": "hr", "owner": "team@acme.example"},
    }
    compiled = compile_mesh(write(tmp_path, new), ("dev",), cache=grown)
    assert f"dev/{NODES}" in grown.compiled, "which reads its logs, too"
    assert "/var/log/pods/floe-hr-domain_" in compiled.files[f"output/dev/{NODES}/configmap_otel-logs.yaml"]


def test_sync_tests_do_not_couple_the_namespaces(tmp_path: Path) -> None:
    tested = {**WITH, MANIFEST: manifest(observability=OBSERVED, sync_tests={"enabled": True})}
    cache = Recorder()
    compiled = compile_mesh(write(tmp_path, tested), ("dev",), cache=cache)
    assert f"output/dev/{NODES}/job.batch_smoke.yaml" in compiled.files
    assert {diagnostic.rule.code for diagnostic in compiled.warnings} <= NOT_OURS
    edited = Recorder(cache)
    server = {"host": "shop.acme.example", "port": 443}
    steps = [{"name": "transform", "type": "dbt", "connects": [server]}]
    changes: dict[str, Any] = {ORDERS: product("orders", steps=steps)}
    compiled = compile_mesh(write(tmp_path, changes), ("dev",), cache=edited)
    assert edited.compiled == {f"dev/{namespace('sales')}"}
    assert (
        "- outside shop.acme.example:443" in compiled.files["output/dev/floe-sales-domain/job.batch_orders-probe.yaml"]
    )
