"""After a change of each kind of input, only the units that depend on it are compiled again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from certificates import authority
from floe_compiler.cache.store import Cache
from floe_compiler.cli import main
from floe_compiler.load.digests import compiler_digest
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay import portions
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation
from pipeline.mesh_of_three import (
    BASE,
    CLASS,
    CLUSTER,
    DELIVERY,
    DEV,
    DEV_IMAGES,
    DEV_NOTE,
    DEV_OVERLAY,
    DEV_PATCH,
    DOMAINS,
    MANIFEST,
    ORDERS,
    PLATFORM,
    SALES,
    Anew,
    Recorder,
    config_map,
    dev,
    domain,
    every_unit,
    files,
    images,
    kustomization,
    labelled,
    manifest,
    namespace,
    overlay,
    priority_class,
    product,
    quota,
    write,
)

FILES = files()
CAMPAIGNS = "domains/marketing/products/campaigns.yaml"
QUOTA_PATCH = {"path": "finance-quota.yaml"}
WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.acme.example"},
    "spec": {
        "group": "acme.example",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
        ],
    },
}
ALL_SCOPES = ("platform", *DOMAINS)
ALL_UNITS = (CLUSTER, DELIVERY, PLATFORM, *map(namespace, DOMAINS))


@dataclass(frozen=True)
class Change:
    """Some files changed, and what follows: the scopes resolved and the units compiled again, in dev."""

    files: Mapping[str, Any]
    resolved: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()


ROLLOUT = {
    "rings": [{"name": "canary", "domains": ["marketing"]}, {"name": "everyone"}],
    "changes": {"pods": {"description": "more pods", "reached": "canary", "settings": {"quota": {"pods": 99}}}},
}
ORDERS_TEXT = to_yaml(product("orders"))
SALES_ONLY = (("sales",), (namespace("sales"),))

CHANGES = {
    "nothing": Change({}),
    "a product's image": Change(
        {CAMPAIGNS: {**FILES[CAMPAIGNS], "image": "acme/campaigns:1.0.1"}},  # type: ignore[dict-item]
        ("marketing",),
        (namespace("marketing"),),
    ),
    "a product's schedule": Change({ORDERS: product("orders", schedule={"cron": "0 7 * * *"})}, *SALES_ONLY),
    "a product's trigger": Change(
        {ORDERS: product("orders", trigger={"inputs": "any", "enabled": False})}, *SALES_ONLY
    ),
    "a product's output": Change(
        {ORDERS: product("orders", outputs=[{"name": "orders"}, {"name": "more"}])}, *SALES_ONLY
    ),
    # Its text has changed, but nothing that it says, nor where.
    "a comment at a product's end": Change({ORDERS: ORDERS_TEXT + "# reviewed\n"}, ("sales",)),
    # Every line has moved, and findings and `explain` name lines.
    "a comment at a product's start": Change({ORDERS: "# reviewed\n" + ORDERS_TEXT}, *SALES_ONLY),
    "who may read an output": Change(
        {ORDERS: product("orders", outputs=[{"name": "orders", "readers": ["finance", "marketing"]}])}, *SALES_ONLY
    ),
    # The catalog and the object store know each product, and what it reads.
    "a new product": Change(
        {"domains/sales/products/returns.yaml": product("returns")},
        ("platform", "sales"),
        (namespace("sales"), PLATFORM),
    ),
    "a product that becomes another's input": Change(
        {
            "domains/finance/products/costs.yaml": product(
                "costs", inputs=[{"domain": "sales", "product": "orders", "output": "orders"}]
            )
        },
        ("finance", "platform"),
        (namespace("finance"), PLATFORM),
    ),
    "the first model of a semantic layer": Change(
        {
            SALES: domain("sales", semantic_layer={"type": "cube", "image": "acme/cube:1.0.0"}),
            "domains/sales/semantic/orders.yaml": {"cubes": [{"name": "orders", "sql_table": "orders"}]},
        },
        # The catalog makes a client for it.
        ("sales", "platform"),
        (namespace("sales"), PLATFORM),
    ),
    "the folder of a domain's logs": Change(
        {SALES: domain("sales", orchestrator={"type": "airflow", "logs": {"folder": "runs"}})},
        # The object store makes logins for it.
        ("sales", "platform"),
        (namespace("sales"), PLATFORM),
    ),
    "a domain's setting": Change({SALES: domain("sales", quota={"cpu": "12"})}, *SALES_ONLY),
    "the backups of a domain": Change(
        {SALES: domain("sales", databases={"backup": {"type": "none", "reason": "there is no data yet"}})}, *SALES_ONLY
    ),
    # The catalog makes the new domain's account, and delivery applies its folder.
    "a new domain": Change(
        {"domains/hr/domain.yaml": domain("hr"), "domains/hr/products/people.yaml": product("people")},
        ("hr", "platform"),
        (namespace("hr"), PLATFORM, DELIVERY),
    ),
    # The others come after finance in environment.yaml and in images.yaml, so their lines have moved.
    "a domain deleted": Change(
        {
            "domains/finance": None,
            DEV: dev(finance=""),
            DEV_IMAGES: images(finance=""),
            DEV_OVERLAY: overlay(),
            DEV_PATCH: None,
        },
        ("marketing", "platform", "sales"),
        (PLATFORM, DELIVERY),
    ),
    # All scopes are resolved with the platform's settings; in dev, finance and sales have an own number of pods.
    "a setting of the platform": Change(
        {MANIFEST: manifest(quota={"cpu": "40", "memory": "80Gi", "pods": 61, "storage": "200Gi"})},
        ALL_SCOPES,
        (PLATFORM, namespace("marketing")),
    ),
    "authorities that all programs trust": Change(
        {
            DEV: dev(trust={"bundle": {"type": "files", "files": ["root.pem"]}}),
            "trust/root.pem": (Path(__file__).parents[1] / "kit/monitoring/root-of-1970.pem").read_text(),
        },
        ALL_SCOPES,
        ALL_UNITS,
    ),
    "a setting of the environment": Change({DEV: dev(storage_class="fast")}, ALL_SCOPES, ALL_UNITS),
    "networks that may be reached": Change(
        {DEV: dev(cluster={"name": "dev", "reachable_networks": ["10.0.0.0/8"]})}, ALL_SCOPES, ALL_UNITS
    ),
    "prices, by which no object changes": Change(
        {DEV: dev(cluster={"name": "dev", "prices": {"currency": "EUR", "cpu_hour": 1, "memory_gib_hour": 0.1}})},
        ALL_SCOPES,
    ),
    "a change that reaches its first ring": Change(
        {MANIFEST: manifest(rollout=ROLLOUT)},
        ALL_SCOPES,
        # What the platform says of secrets comes after it, and has moved.
        (namespace("marketing"), PLATFORM),
    ),
    "the cluster's DNS": Change(
        {DEV: dev(cluster={"name": "dev", "dns": {"preset": "openshift"}})}, ALL_SCOPES, ALL_UNITS
    ),
    "the version of Kubernetes": Change(
        {DEV: dev(platform={"kubernetes": {"version": "1.33"}})}, ALL_SCOPES, ALL_UNITS
    ),
    "the settings of delivery": Change(
        {MANIFEST: manifest(delivery={"type": "argocd", "repository": "https://git.acme.example/other.git"})},
        ALL_SCOPES,
        (DELIVERY,),
    ),
    "an override of one domain": Change({DEV: dev(sales="{pods: 81}")}, *SALES_ONLY),
    # Sales has moved by a line, and is resolved again; what it compiles to does not name that line.
    "an override that moves another's": Change(
        {DEV: dev(finance="{pods: 70,\n    cpu: 41}")}, ("finance", "sales"), (namespace("finance"),)
    ),
    "an override of one product": Change({DEV: dev(orders="{retries: 2}")}, *SALES_ONLY),
    "a variable of a step": Change({DEV: dev(orders="{steps: {transform: {variables: {DEPTH: deep}}}}")}, *SALES_ONLY),
    # Nothing of finance reads it, so neither is it an error.
    "a product disabled, the only one of its domain": Change(
        {DEV: dev(costs="{enabled: false}")},
        ("finance", "platform"),
        (namespace("finance"), PLATFORM),
    ),
    "an image in the file of images": Change({DEV_IMAGES: images(sales="{orders: acme/orders:1.2.0}")}, *SALES_ONLY),
    # Its own file no longer says what the image is, but where the product is.
    "an image that the file of images has, too": Change(
        {ORDERS: product("orders", image="acme/orders:1.0.1")}, ("sales",)
    ),
    "a line less in the file of images": Change({DEV_IMAGES: images(sales="{}")}, *SALES_ONLY),
    # Sales has moved by a line, and is resolved again; only an error would name that line.
    "a new line in the file of images": Change(
        {DEV_IMAGES: images(marketing="{campaigns:\n    acme/campaigns:1.1.0}")},
        ("marketing", "sales"),
        (namespace("marketing"),),
    ),
    "a comment at the end of the file of images": Change({DEV_IMAGES: images() + "# reviewed\n"}),
    "a comment at the start of the file of images": Change(
        {DEV_IMAGES: "# reviewed\n" + images()}, ("finance", "marketing", "sales")
    ),
    "no file of images": Change({DEV_IMAGES: None}, DOMAINS, (namespace("finance"), namespace("sales"))),
    "a patch of one object": Change({DEV_PATCH: quota("51")}, (), (namespace("finance"),)),
    "a comment within a patch, as messages name its lines": Change(
        {DEV_PATCH: to_yaml(quota()).replace("spec:", "# why\nspec:")}, (), (namespace("finance"),)
    ),
    "a patch that names one namespace": Change(
        {DEV_OVERLAY: overlay(QUOTA_PATCH, labelled("CronJob", "team", namespace=namespace("sales")))},
        (),
        (namespace("sales"),),
    ),
    # Whether an entry without a namespace selects something in a unit, only applying it tells.
    "a patch of all namespaces": Change(
        {BASE: kustomization(["priority-class.yaml"], labelled("CronJob", "team"))}, (), ALL_UNITS
    ),
    "an object written for a namespace": Change(
        {DEV_NOTE: {**config_map("note", namespace=namespace("sales")), "data": {"note": "two"}}},
        (),
        (namespace("sales"),),
    ),
    "an object written without a namespace": Change({CLASS: priority_class(2000)}, (), (CLUSTER,)),
    # Any unit may have objects of the kind, which are checked against it.
    "a definition of custom resources": Change(
        {
            "base/widgets.yaml": WIDGETS,
            BASE: kustomization(["priority-class.yaml", "widgets.yaml"]),
        },
        (),
        ALL_UNITS,
    ),
    "a definition that others install": Change({"crds/widgets.yaml": WIDGETS}, (), ALL_UNITS),
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Return the cache after the mesh was compiled as it is before the change."""
    cache = Recorder()
    compile_mesh(write(tmp_path_factory.mktemp("mesh"), FILES), ("dev",), cache=cache)
    return cache


ALIKE = {
    "a product's trigger",
    "who may read an output",
    "the backups of a domain",
    "networks that may be reached",
    "the cluster's DNS",
    "a variable of a step",
    "a line less in the file of images",
    "a comment within a patch, as messages name its lines",
}
"""Changes of other keys of documents of which another key changes, too, and with which the same follows."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.thorough) if name in ALIKE else name for name in CHANGES]
)
def test_an_edit_compiles_exactly_the_affected_units(name: str, known: Cache, tmp_path: Path) -> None:
    change, cache = CHANGES[name], Recorder(known)
    write(write(tmp_path, FILES), change.files)
    compiled = compile_mesh(tmp_path, ("dev",), cache=cache)
    assert cache.resolved == {f"dev/{scope}" for scope in change.resolved}
    assert cache.compiled == {f"dev/{unit}" for unit in change.compiled}
    if change.compiled != ALL_UNITS:  # else nothing was recalled
        assert everything(compiled) == everything(compile_mesh(tmp_path, ("dev",), cache=Anew(cache)))


@pytest.mark.parametrize("name", ["nothing", "a comment at a product's end"])
def test_no_other_program_starts_where_nothing_is_rendered(
    name: str, known: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, function in ((subprocess, "Popen"), (portions, "run_kustomize")):
        monkeypatch.setattr(module, function, lambda *_, **__: pytest.fail("a program was started"))
    compile_mesh(write(write(tmp_path, FILES), CHANGES[name].files), ("dev",), cache=Recorder(known))


def test_a_changed_model_compiles_its_domain_and_a_comment_in_it_nothing(tmp_path: Path) -> None:
    model = "domains/sales/semantic/orders.yaml"
    first = CHANGES["the first model of a semantic layer"].files
    text = to_yaml(first[model])
    write(tmp_path, {**FILES, **first})
    known = Recorder()
    compile_mesh(tmp_path, ("dev",), cache=known)
    changes: dict[str, set[str]] = {f"{text}# reviewed\n": set(), text.replace("orders", "sold"): {namespace("sales")}}
    for changed, compiled in changes.items():
        cache = Recorder(known)
        compile_mesh(write(tmp_path, {model: changed}), ("dev",), cache=cache)
        assert cache.compiled == {f"dev/{name}" for name in compiled}


def everything(compiled: Compilation) -> list[Any]:
    """Return all that a compilation can be asked: files, warnings, and where each object comes from."""
    places = [
        (unit, environment.places(unit)) for environment in compiled.environments for unit in sorted(environment.heads)
    ]
    return [dict(compiled.files), compiled.warnings, places]


def test_other_environments_are_unchanged(tmp_path: Path) -> None:
    cache = Recorder()
    compile_mesh(write(tmp_path, FILES), cache=cache)
    assert cache.compiled == every_unit("dev") | every_unit("qa")
    write(tmp_path, {DEV: dev(storage_class="fast"), DEV_NOTE: config_map("note", namespace=namespace("finance"))})
    again = Recorder(cache)
    compiled = compile_mesh(tmp_path, cache=again)
    assert again.compiled == every_unit("dev")
    anew = Anew(again)
    assert everything(compiled) == everything(compile_mesh(tmp_path, cache=anew))
    assert anew.compiled == every_unit("qa"), "all that was recalled"


def test_another_trusted_certificate_affects_every_pod_of_its_environment(tmp_path: Path) -> None:
    trusted = dev(trust={"bundle": {"type": "files", "files": ["root.pem"]}})
    cache = Recorder()
    compile_mesh(write(tmp_path, {**FILES, DEV: trusted, "trust/root.pem": authority().pem}), cache=cache)
    write(tmp_path, {"trust/root.pem": authority().pem})
    again = Recorder(cache)
    compiled = compile_mesh(tmp_path, cache=again)
    assert again.compiled == every_unit("dev")
    assert everything(compiled) == everything(compile_mesh(tmp_path, cache=Anew(again)))


def test_in_a_service_mesh_a_server_depends_only_on_the_accounts_of_its_callers(tmp_path: Path) -> None:
    meshed = {DEV: dev(cluster={"name": "dev", "mesh": {"type": "istio", "mode": "ambient"}})}
    cache = Recorder()
    compile_mesh(write(write(tmp_path, FILES), meshed), ("dev",), cache=cache)
    write(tmp_path, {ORDERS: product("orders", schedule={"cron": "0 7 * * *"})})
    edited = Recorder(cache)
    compile_mesh(tmp_path, ("dev",), cache=edited)
    assert edited.compiled == {f"dev/{namespace('sales')}"}
    write(tmp_path, {"domains/sales/products/returns.yaml": product("returns")})
    grown = Recorder(edited)
    compiled = compile_mesh(tmp_path, ("dev",), cache=grown)
    assert grown.compiled == {f"dev/{namespace('sales')}", f"dev/{PLATFORM}"}
    # The catalog's own facts stay as they are, but other accounts call it.
    write(tmp_path, {SALES: domain("sales", orchestrator={"type": "dagster"})})
    orchestrated = Recorder(grown)
    compiled = compile_mesh(tmp_path, ("dev",), cache=orchestrated)
    assert orchestrated.compiled == {f"dev/{namespace('sales')}", f"dev/{PLATFORM}"}
    assert everything(compiled) == everything(compile_mesh(tmp_path, ("dev",), cache=Anew(orchestrated)))


@pytest.mark.git  # the other one looks for it, too
def test_processes_share_cached_results(tmp_path: Path) -> None:
    """A set in what an entry is known by would have another order there."""
    root = write(tmp_path / "mesh", FILES)
    arguments = ["compile", "--root", str(root), "--cache", str(tmp_path / "cache"), "--env", "dev"]
    entries = []
    for run in (main, in_another_process):
        assert run(arguments) == 0
        entries.append({path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()})
        write(root, {"output": None})
    assert entries[0] == entries[1]


def in_another_process(arguments: list[str]) -> int:
    """Run the compiler where sets have another order than here, and return its exit code."""
    program = "import sys; from floe_compiler.cli import main; sys.exit(main())"
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run([sys.executable, "-c", program, *arguments], env=environment, check=False).returncode


@pytest.fixture
def another_compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a package with a component be installed, which makes it another compiler."""
    compiler_digest.cache_clear()
    monkeypatch.setattr("floe_compiler.load.digests._version", lambda package: f"{package} of tomorrow")
    yield
    compiler_digest.cache_clear()


def test_another_compiler_uses_no_results_of_the_former_one(
    known: Cache, tmp_path: Path, another_compiler: None
) -> None:
    cache = Recorder(known)
    compile_mesh(write(tmp_path, FILES), ("dev",), cache=cache)
    assert cache.resolved == {f"dev/{scope}" for scope in ALL_SCOPES}
    assert cache.compiled == every_unit("dev")
    assert cache.read == len(FILES) + 1, "each file, and the patch that stands within one"
