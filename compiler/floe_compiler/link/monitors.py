"""Monitors of Prometheus must select something to scrape."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.hints import some
from floe_compiler.model.shared_rules import SELECTS_NOTHING
from floe_compiler.model.summary import Monitor

RULES = (SELECTS_NOTHING,)


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the monitors that select nothing in namespaces that are all rendered."""
    for name, unit in environment.units.items():
        for monitor in unit.monitors:
            rendered = environment.namespaces.issuperset(monitor.namespaces)
            if rendered and not any(_selects(environment, monitor, namespace) for namespace in monitor.namespaces):
                message = f"spec.selector matches no {monitor.selected} in {some(monitor.namespaces)}"
                pairs = [f"{key}={value}" for key, value in monitor.selector.labels]
                hint = f"it selects {', '.join(pairs)}" if pairs else ""
                yield Finding(SELECTS_NOTHING, name, monitor.subject.about, message, hint)


def _selects(environment: Environment, monitor: Monitor, namespace: str) -> bool:
    unit = environment.units.get(namespace)
    if unit is None:
        return False
    if monitor.selected == "pod":
        index = environment.pods.get(namespace)
        rendered = index is not None and bool(index.select(monitor.selector))
        return rendered or unit.operated.has(monitor.selector)
    return unit.services.has(monitor.selector)
