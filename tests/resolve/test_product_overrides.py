"""What an environment overrides in products: merged over their own files, with the places of every value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Findings, StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.model.sources import DomainSource, Sources
from floe_compiler.pipeline import compile_mesh
from floe_compiler.resolve.locks import Lock
from floe_compiler.resolve.presence import check_read, domains_served
from floe_compiler.resolve.product_overrides import Overrides, check_overrides, merged_product
from floe_compiler.resolve.products import check_references, domain_products, products_in
from resolve.samples import document
from small_mesh import ENVIRONMENT, small_mesh
from small_mesh import PRODUCT as FILE

PRODUCT: dict[str, Any] = {
    "apiVersion": "floe.dev/v1",
    "kind": "DataProduct",
    "metadata": {"name": "orders", "version": "1.0.0", "owner": "@acme/sales"},
    "image": "sales/orders:1.0.0",
    "schedule": {"cron": "0 6 * * *", "time_zone": "Europe/Berlin"},
    "outputs": [{"name": "orders"}],
    "steps": [
        {"name": "load", "type": "dlt", "script": "load.py", "variables": {"DEPTH": "3", "MODE": "all"}},
        {"name": "model", "type": "dbt", "select": ["daily", "weekly"]},
    ],
}
OWN = document("orders.yaml", PRODUCT)
METADATA = {"name": "dev", "owner": "@acme/platform"}


def overrides(overridden: dict[str, Any] | None = None, image: str = "") -> Overrides:
    environment = (
        {"domains": {"sales": {"quota": {"pods": 3}, "products": {"orders": overridden}}}} if overridden else {}
    )
    images = {"metadata": METADATA, "images": {"sales": {"orders": image}}} if image else None
    return Overrides(document("e.yaml", environment), document("i.yaml", images) if images else None)


def merged_with(overridden: dict[str, Any] | None = None, image: str = "") -> Any:
    return merged_product(OWN, overrides(overridden, image).layers("sales", "orders"))


def test_an_override_changes_only_given_fields_of_a_named_step() -> None:
    product = merged_with({"steps": {"model": {"select": ["daily"]}, "load": {"variables": {"DEPTH": "9"}}}})
    load, model = product.data["steps"]
    assert load == {**PRODUCT["steps"][0], "variables": {"DEPTH": "9", "MODE": "all"}}
    assert model == {"name": "model", "type": "dbt", "select": ["daily"]}
    assert {**product.data, "steps": PRODUCT["steps"]} == PRODUCT


@pytest.mark.parametrize(
    ("path", "file", "written_path"),
    [
        (("steps", 0, "variables", "DEPTH"), "e.yaml", ("steps", "load", "variables", "DEPTH")),
        (("steps", 1, "select", 0), "e.yaml", ("steps", "model", "select", 0)),
        (("steps", 0, "variables", "MODE"), "orders.yaml", None),
        (("steps", 1, "type"), "orders.yaml", None),
        (("schedule", "cron"), "e.yaml", ("schedule", "cron")),
        (("schedule", "time_zone"), "orders.yaml", None),
        (("outputs", 0, "name"), "orders.yaml", None),
        (("image",), "i.yaml", None),
    ],
)
def test_each_value_has_its_place(path: DataPath, file: str, written_path: DataPath | None) -> None:
    overridden = {
        "schedule": {"cron": "0 7 * * *"},
        "steps": {"load": {"variables": {"DEPTH": "9"}}, "model": {"select": ["daily"]}},
    }
    overrides_ = overrides(overridden, "sales/orders:1.1.0")
    product = merged_product(OWN, overrides_.layers("sales", "orders"))
    span = product.span(path)
    assert span is not None
    assert span.file == file
    if file == "orders.yaml":
        assert span == OWN.span(path)
    elif written_path:
        assert span == overrides_.environment.span(("domains", "sales", "products", "orders", *written_path))
    elif overrides_.images:
        assert span == overrides_.images.span(("images", "sales", "orders"))


def test_overridden_values_are_kept_as_origins() -> None:
    origins = merged_with({"steps": {"load": {"variables": {"DEPTH": "9"}}}}).origins["steps", 0, "variables", "DEPTH"]
    assert [(origin.layer.name, origin.value) for origin in origins] == [("e.yaml", "9"), ("orders.yaml", "3")]


def test_a_schedule_can_be_taken_away() -> None:
    assert merged_with({"schedule": None}).data["schedule"] is None


def mesh(**more: dict[str, Any]) -> Sources:
    products = {"orders": OWN, **{name: document(f"{name}.yaml", manifest) for name, manifest in more.items()}}
    return Sources(document("m.yaml", {}), {}, {"sales": DomainSource(document("sales.yaml", {}), products)})


def reader(name: str, **more: Any) -> dict[str, Any]:
    metadata = {**PRODUCT["metadata"], "name": name}
    return {**PRODUCT, "metadata": metadata, "inputs": [{"product": "orders", "output": "orders"}], **more}


@pytest.mark.parametrize(
    ("own", "overridden", "is_there"),
    [
        ({}, None, True),
        ({"enabled": False}, None, False),
        ({}, {"enabled": False}, False),
        ({"enabled": False}, {"enabled": True}, True),
        ({"enabled": True}, {"retries": 1}, True),
    ],
)
def test_a_product_runs_only_where_it_is_enabled(
    own: dict[str, Any], overridden: dict[str, Any] | None, is_there: bool
) -> None:
    sources, findings = mesh(), Findings()
    source = DomainSource(sources.domains["sales"].document, {"orders": document("orders.yaml", {**PRODUCT, **own})})
    valid = domain_products("sales", source, findings)
    products = products_in(overrides(overridden), "sales", source, valid, findings)
    assert [product.product.name for product in products] == ["orders"] * is_there
    served = domains_served(replace(sources, domains={"sales": source}), ["sales"], overrides(overridden))
    assert served == ("sales",) * is_there
    assert findings.diagnostics == []


def test_a_reader_of_a_disabled_product_is_reported_unless_disabled_too() -> None:
    sources = mesh(report=reader("report"), parked=reader("parked", enabled=False))
    findings, overrides_ = Findings(), overrides({"enabled": False})
    check_read(sources, check_references(sources, findings), {"sales"}, overrides_, "dev", findings)
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, str(diagnostic.span)) == (
        "R076",
        str(sources.domains["sales"].products["report"].span(("inputs", 0))),
    )
    assert diagnostic.related[0].span == overrides_.environment.span(
        ("domains", "sales", "products", "orders", "enabled")
    )
    findings = Findings()
    check_read(sources, check_references(sources, findings), set(), overrides_, "dev", findings)
    assert findings.diagnostics == [], "the environment does not have the domain"


def test_overrides_of_omitted_domains_are_not_checked() -> None:
    sources, findings = replace(mesh(), domains={}, omitted_domains=frozenset({"sales"})), Findings()
    check_overrides(sources, overrides({"retries": 1}, "sales/orders:1.1.0"), {}, findings)
    assert findings.diagnostics == []


def test_the_image_of_the_same_product_may_be_locked_for_environments() -> None:
    findings = Findings()
    manifest = document("platform-manifest.yaml", {"locks": ["products.image"]})
    locks: dict[DataPath, Lock] = {("products", "image"): Lock(manifest, 0)}
    check_overrides(mesh(), overrides({"retries": 1}, "sales/orders:1.1.0"), locks, findings)
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, diagnostic.span and diagnostic.span.file) == ("R005", "i.yaml")


SERVER = {"host": "db.acme.example", "cidr": "10.40.0.0/16"}
BEYOND: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "an image of another registry": ("R022", {"image": "quay.io/x:1"}, {"image": "quay.io/x:1"}),
    "a server at a private address": (
        "R023",
        {"steps": [{"name": "transform", "type": "dbt", "connects": [SERVER]}]},
        {"steps": {"transform": {"connects": [SERVER]}}},
    ),
}


@pytest.mark.parametrize("case", BEYOND)
def test_the_platform_may_set_what_a_product_may_not(case: str, tmp_path: Path) -> None:
    code, own, overridden = BEYOND[case]
    with pytest.raises(StageFailed) as failed:
        compile_mesh(small_mesh(tmp_path / "own", {FILE: own}))
    assert [diagnostic.rule.code for diagnostic in failed.value.diagnostics] == [code]
    domains = {"sales": {"products": {"orders": overridden}}}
    compiled = compile_mesh(small_mesh(tmp_path / "said", {ENVIRONMENT: {"domains": domains}}))
    texts = "\n".join(compiled.files.values())
    assert ("quay.io/x:1" if "image" in overridden else "10.40.0.0/16") in texts
