"""Products that run when their inputs have new data: whether they can, and what they need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.model.capabilities import Catalog
from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.plan import Component, Instance, Requirement
from floe_compiler.model.span import Span
from floe_compiler.resolve.products import WrittenProduct
from floe_compiler.resolve.rules import NOT_NOTICED, NOTHING_TO_WAIT_FOR, TWO_STARTS


def check_triggers(products: Iterable[WrittenProduct], findings: Findings) -> None:
    """Report triggers beside a schedule, and those without an input, in products as an environment has them."""
    for written in products:
        product, merged = written.product, written.merged
        schedule = product.spec.schedule
        if product.trigger is None:
            continue
        if schedule and schedule.enabled:
            findings.add(
                TWO_STARTS,
                f'product "{product.name}" is started by its inputs and by a schedule',
                product.trigger_origin,
                hint="remove one of them; trigger.at_least_every also runs it when no new data comes",
                related=_related(merged.key_span(("schedule",)), "the schedule"),
            )
        if not product.spec.inputs:
            findings.add(
                NOTHING_TO_WAIT_FOR,
                f'product "{product.name}" is to run when its inputs have new data, but it has no inputs',
                product.trigger_origin,
                hint="list them under inputs, or give it a schedule",
            )


def check_noticed(
    component: Component[Any], instance: Instance[Any], beside: Iterable[Component[Any]], findings: Findings
) -> None:
    """Report products with a trigger whose orchestrator does not notice new data.

    `beside` are all components of the namespace: another orchestrator that does may be among them.
    """
    if component.notices_inputs:
        return
    has_other = any(other.notices_inputs for other in beside)
    for product in instance.products:
        if product.trigger is None:
            continue
        fixes = [
            *(["remove `run_by: kubernetes`"] if product.spec.run_by == "kubernetes" else []),
            *([] if has_other else ["choose the orchestrator dagster or airflow"]),
        ]
        findings.add(
            NOT_NOTICED,
            f'product "{product.name}" is to run when its inputs have new data, which orchestrator {component.type} '
            "does not notice",
            product.trigger_origin,
            hint=f"{' and '.join(fixes)}, or give it a schedule instead of the trigger",
            related=() if has_other else _related(instance.origin, "the orchestrator is chosen here"),
        )


def _related(span: Span | None, note: str) -> tuple[Related, ...]:
    return (Related(span, note),) if span else ()


def of_triggers(component: Component[Any], instance: Instance[Any]) -> tuple[Requirement, ...]:
    """Return what an orchestrator needs to notice new data: the catalog, which knows the snapshots of tables."""
    if not component.notices_inputs:
        return ()
    first = next((product for product in instance.products if product.trigger and product.spec.inputs), None)
    return (Requirement(Catalog, product=first.name, origin=first.trigger_origin),) if first else ()
