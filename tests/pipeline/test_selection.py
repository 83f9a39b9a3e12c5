"""Domains and environments that are not selected may have errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation
from floe_compiler.pipeline.selection import Omitted
from pipeline.mesh_of_three import (
    DEV,
    MANIFEST,
    ORDERS,
    QA,
    SALES,
    document,
    domain,
    environment,
    manifest,
    product,
    write,
)

LEADS = "domains/marketing/products/leads.yaml"
READS = {"inputs": [{"domain": "sales", "product": "orders", "output": "orders"}]}
FILES: Mapping[str, Any] = {
    MANIFEST: manifest(),
    DEV: environment("dev"),
    QA: environment("qa", domains={"sales": {"quota": {"pods": 90}}}),
    SALES: domain("sales"),
    ORDERS: product("orders"),
    "domains/marketing/domain.yaml": domain("marketing"),
    LEADS: product("leads", **READS),
}
STEP = {"name": "transform", "type": "dbt"}

WRONG: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "an unknown key": ("L105", {SALES: domain("sales", quoat=1)}),
    "no YAML at all": ("L007", {SALES: "kind: [Domain"}),
    "another document": ("L103", {SALES: document("Domane", "sales")}),
    "a stray file": ("L102", {"domains/sales/products/orders.yml": "x"}),
    "a product of another name": ("R011", {ORDERS: product("order")}),
    "a product that reads nothing": (
        "R007",
        {ORDERS: product("orders", inputs=[{"product": "nope", "output": "nope"}])},
    ),
    "more than the platform allows": ("R022", {SALES: domain("sales", quota={"cpu": "100"})}),
    "a secret of a component": (
        "S004",
        {
            ORDERS: product(
                "orders", steps=[{**STEP, "secrets": {"A": {"secret": "polaris-client-sales-orders", "key": "x"}}}]
            )
        },
    ),
    "a name that is taken": ("S002", {"domains/sales/products/default-deny.yaml": product("default-deny")}),
    "a quota that is too small": ("C083", {SALES: domain("sales", quota={"cpu": "1m"})}),
}


CACHE = Memory()
"""What one test has compiled is as it was for the others."""


def compiled(root: Path, changes: Mapping[str, Any], *environments: str, domains: tuple[str, ...] = ()) -> Compilation:
    return compile_mesh(write(root, {**FILES, **changes}), environments, domains=domains, cache=CACHE)


def codes(failed: pytest.ExceptionInfo[StageFailed]) -> set[str]:
    return {diagnostic.rule.code for diagnostic in failed.value.diagnostics}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return the output of the mesh without errors."""
    return dict(compiled(tmp_path_factory.mktemp("right"), {}).files)


CONCERNED = ((), ("sales",), ("sales", "marketing"))


@pytest.mark.parametrize(
    ("mistake", "asked"),
    [
        pytest.param(mistake, asked, marks=[pytest.mark.thorough] if (number + other) % len(CONCERNED) else [])
        for number, mistake in enumerate(WRONG)
        for other, asked in enumerate(CONCERNED)
    ],
)
def test_a_domain_compiles_beside_one_with_errors(
    tmp_path: Path, right: Mapping[str, str], mistake: str, asked: tuple[str, ...]
) -> None:
    code, changes = WRONG[mistake]
    result = compiled(tmp_path / "wrong", changes, domains=("marketing",))
    own = {
        path: text
        for path, text in right.items()
        if "/floe-marketing-domain/" in path or "_floe-marketing-domain." in path
    }
    assert dict(result.files) == own
    (warning,) = [diagnostic for diagnostic in result.warnings if diagnostic.rule.code == "L107"]
    assert 'domain "sales" is left out' in warning.message
    assert code in warning.message
    with pytest.raises(StageFailed) as failed:
        compiled(tmp_path / "wrong", changes, domains=asked)
    assert code in codes(failed)
    assert "L107" not in codes(failed)


def test_an_environment_compiles_beside_one_with_errors(tmp_path: Path, right: Mapping[str, str]) -> None:
    changes = {QA: environment("qa", quoat=1)}
    result = compiled(tmp_path / "wrong", changes, "dev")
    assert dict(result.files) == {path: text for path, text in right.items() if path.startswith("output/dev/")}
    (warning,) = [diagnostic for diagnostic in result.warnings if diagnostic.rule.code == "L107"]
    assert str(warning.span).startswith(QA)
    assert "L105" in warning.message
    with pytest.raises(StageFailed):
        compiled(tmp_path / "wrong", changes)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("R006", {MANIFEST: manifest(locks=["nope"])}),
        ("R003", {LEADS: product("leads", image="UPPER")}),
    ],
)
def test_errors_of_the_platform_and_of_the_selection_are_errors(
    tmp_path: Path, code: str, changes: Mapping[str, Any]
) -> None:
    with pytest.raises(StageFailed) as failed:
        compiled(tmp_path, {SALES: domain("sales", quoat=1), **changes}, domains=("marketing",))
    assert codes(failed) == {code}


def test_without_errors_only_the_selected_domain_is_compiled(tmp_path: Path, right: Mapping[str, str]) -> None:
    compiled_ = compiled(tmp_path, {}, "dev", domains=("sales",))
    assert dict(compiled_.files) == {path: text for path, text in right.items() if path in compiled_.files}
    assert {path.split("/")[2] for path in compiled_.files} == {"_cluster", "floe-sales-domain"}
    assert compiled_.chosen == {"dev": ("floe-sales-domain",)}
    assert not compiled_.warnings


def test_a_domain_whose_name_ends_another_hides_no_findings_of_that() -> None:
    omitted = Omitted(frozenset({"sales"}), all_domains=("eu-sales", "sales"))
    rule = Rule("C000", "wrong", "Wrong.")
    about = {
        domain: Diagnostic(rule, "wrong", subject=f"dev: Job floe-{domain}-domain/x")
        for domain in ("sales", "eu-sales")
    }
    assert {item: omitted.concerns(finding) for item, finding in about.items()} == {"sales": True, "eu-sales": False}
