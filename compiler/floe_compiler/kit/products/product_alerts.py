"""Alerts about data products, for all orchestrators."""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.model.alerts import Alert
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.plan import Product
from floe_compiler.model.schedule_gaps import longest_gap


def late_after(product: Product) -> int | None:
    """Return the seconds after a success by which the next one is late; None for a product that runs by hand.

    That is the longest time between two runs of its schedule, and what a run with all its retries may take.
    """
    spec, schedule = product.spec, product.spec.schedule
    if schedule is None or not schedule.enabled:
        return None
    return longest_gap(schedule.cron, schedule.time_zone) + parse_duration(spec.timeout) * (spec.retries + 1)


def of_product(product: Product, alert: Alert) -> Alert:
    """Return the alert with the product's name and owner."""
    return replace(alert, labels=(("product", product.name), *alert.labels), owner=product.spec.metadata.owner)
