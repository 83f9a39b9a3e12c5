"""Products that run when their inputs have new data: where they can, and what they need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.components import orchestrator_airflow, orchestrator_dagster, orchestrator_kubernetes
from floe_compiler.model.capabilities import Catalog
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.plan import Component
from floe_compiler.pipeline import compile_mesh
from floe_compiler.resolve.triggers import check_noticed, of_triggers
from products import product
from small_mesh import ENVIRONMENT, PRODUCT, small_mesh
from support import context_of

TRIGGER = {"inputs": "all"}
NOTICES = (orchestrator_airflow.COMPONENT, orchestrator_dagster.COMPONENT)
CUSTOMERS = "domains/sales/products/customers.yaml"


@pytest.mark.parametrize(
    "component", [*NOTICES, orchestrator_kubernetes.COMPONENT], ids=lambda component: component.type
)
def test_orchestrators_with_data_triggers_need_a_catalog_and_others_refuse_them(component: Component[Any]) -> None:
    waiting, scheduled = product(schedule=None, trigger=TRIGGER), product("config")
    instance = context_of(component, scope="sales", products=[scheduled, waiting]).instance
    findings = Findings()
    check_noticed(component, instance, [component], findings)
    assert bool(findings.diagnostics) is (component not in NOTICES)
    needed = [
        (requirement.kind, requirement.product, requirement.optional)
        for requirement in of_triggers(component, instance)
    ]
    assert needed == ([(Catalog, "customer-360", False)] if component in NOTICES else [])


@pytest.mark.parametrize(
    "component", [*NOTICES, orchestrator_kubernetes.COMPONENT], ids=lambda component: component.type
)
def test_a_trigger_that_is_not_enabled_needs_nothing(component: Component[Any]) -> None:
    asleep = product(schedule=None, trigger={**TRIGGER, "enabled": False})
    instance = context_of(component, scope="sales", products=[asleep]).instance
    findings = Findings()
    check_noticed(component, instance, [component], findings)
    assert not findings.diagnostics
    assert not of_triggers(component, instance)


@pytest.mark.parametrize(
    "overridden",
    [
        {"trigger": None, "schedule": {"cron": "0 7 * * *"}},
        {"trigger": {"enabled": False}, "schedule": {"cron": "0 7 * * *"}},
        {"trigger": {"enabled": False}},
    ],
    ids=["replaced", "beside-it", "by-hand"],
)
def test_an_environment_with_cron_jobs_may_set_a_schedule_instead(overridden: dict[str, Any], tmp_path: Path) -> None:
    customers = {
        "apiVersion": "floe.dev/v1",
        "kind": "DataProduct",
        "metadata": {"name": "customers", "version": "1.0.0", "owner": "@acme/sales"},
        "image": "sales/customers:1.0.0",
        "trigger": TRIGGER,
        "inputs": [{"product": "orders", "output": "orders"}],
        "steps": [{"name": "transform", "type": "dbt"}],
    }
    root = small_mesh(tmp_path, {ENVIRONMENT: {"domains": {"sales": {"products": {"customers": overridden}}}}})
    (root / PRODUCT).with_name(Path(CUSTOMERS).name).write_text(json.dumps(customers))
    files = compile_mesh(root).files
    (cronjob,) = (text for path, text in files.items() if path.endswith("cronjob.batch_customers.yaml"))
    assert ("suspend: true" in cronjob) is ("schedule" not in overridden)
