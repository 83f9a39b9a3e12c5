"""Alerts about data products, for all orchestrators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.products.steps import has_step, quality_collector
from floe_compiler.kit.products.triggers import CHECK_EVERY
from floe_compiler.model.alerts import Alert
from floe_compiler.model.durations import format_duration, parse_duration
from floe_compiler.model.plan import Context, Product
from floe_compiler.model.schedule_gaps import longest_gap

DAY = 86400


def late_after(product: Product) -> int | None:
    """Return the seconds after a success by which the next one is late; None for a product that nothing starts by then.

    That is the longest time between two starts, by its schedule or `trigger.at_least_every`, and what a run with all
    its retries may take.
    """
    spec, gap = product.spec, _longest_wait(product)
    return None if gap is None else gap + parse_duration(spec.timeout) * (spec.retries + 1)


def _longest_wait(product: Product) -> int | None:
    schedule, trigger = product.spec.schedule, product.trigger
    if trigger:
        return parse_duration(trigger.at_least_every) + 2 * CHECK_EVERY if trigger.at_least_every else None
    return longest_gap(schedule.cron, schedule.time_zone) if schedule and schedule.enabled else None


def quality_alerts(context: Context[Any], product: Product) -> Iterator[Alert]:
    """Yield the alert on contracts that do not hold, if the results of quality steps are collected."""
    if not has_step(product.spec, "quality") or quality_collector(context) is None:
        return
    failed = series(
        "floe_quality_contracts", namespace=context.instance.namespace, product=product.name, outcome="failed"
    )
    # Each run sends its result once, and it counts until the next one.
    until = format_duration(late_after(product) or DAY)
    alert = Alert(
        "QualityFailed",
        f"max by (step) (last_over_time({failed}[{until}])) > 0",
        "In the step {{ $labels.step }}, {{ $value }} contracts do not hold",
        lasting="0s",
    )
    yield of_product(product, alert)


def of_product(product: Product, alert: Alert) -> Alert:
    """Return the alert with the product's name and owner."""
    return replace(alert, labels=(("product", product.name), *alert.labels), owner=product.spec.metadata.owner)
