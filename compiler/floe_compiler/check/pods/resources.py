"""Every container must have requests and limits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from floe_compiler.check.index import Index
from floe_compiler.model.amounts import amount
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.object_memory import once
from floe_compiler.model.objects import Object
from floe_compiler.model.workloads import Container, Workload

MISSING = Rule(
    "C080",
    "container without requests or limits",
    "Every container, also init containers, needs requests and limits for CPU and memory: "
    "the scheduler and the namespace's quota use them.",
)
INVERTED = Rule(
    "C081",
    "request above its limit",
    "A container requests more than its limit, which the API server refuses. Raise the limit.",
)
RANGE = Rule(
    "C082",
    "container outside the namespace's limits",
    "A LimitRange of the namespace refuses the container, or contradicts itself. Change one of them.",
)
RULES = (MISSING, INVERTED, RANGE)

Fault = tuple[Rule, str, str]
"""A rule, a message and a hint."""
RESOURCES = ("cpu", "memory")
_AMOUNTS = {"cpu": "500m", "memory": "512Mi"}
_ORDER = ("min", "defaultRequest", "default", "max")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield containers with missing or contradictory requests and limits."""
    ranges: dict[str, list[Object]] = {}
    for identity, manifest in index.of("", "LimitRange"):
        limits = manifest.get("spec", {}).get("limits", ())
        ranges.setdefault(identity.namespace, []).extend(limit for limit in limits if limit.get("type") == "Container")
        for message in _contradictions(limits):
            yield index.finding(RANGE, identity, message, "change one of the two")
    for workload in index.workloads.values():
        for container, faults in zip(workload.containers, _faults(workload), strict=True):
            for rule, message, hint in faults:
                yield index.finding(rule, workload.id, message, hint)
            for limits in ranges.get(workload.namespace, ()):
                for message in _outside(container, limits):
                    yield index.finding(RANGE, workload.id, message, "change the container, or the LimitRange")


@once
def _faults(workload: Workload) -> tuple[tuple[Fault, ...], ...]:
    """Return what is wrong with the requests and limits of each container."""
    return tuple(tuple(_of_container(workload, container)) for container in workload.containers)


def _of_container(workload: Workload, container: Container) -> Iterator[Fault]:
    resources = container.data.get("resources", {})
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    missing = [
        f"{bound}.{name}"
        for bound, values in (("requests", requests), ("limits", limits))
        for name in RESOURCES
        if name not in values
    ]
    if missing and not workload.is_completed:
        message = f"{container.place}.resources lacks {', '.join(missing)}"
        yield MISSING, message, _example(missing)
    for name in sorted(requests.keys() & limits.keys()):
        request, limit = amount(requests, name), amount(limits, name)
        if request is not None and limit is not None and request > limit:
            message = f"{container.place}.resources requests {request} of {name}, above its limit of {limit}"
            yield INVERTED, message, "raise the limit, or request less"


def _example(missing: list[str]) -> str:
    """Return a hint with an amount for each resource that is missing (`limits.memory`)."""
    bounds: dict[str, list[str]] = {}
    for bound, name in (path.split(".") for path in missing):
        bounds.setdefault(bound, []).append(f"{name}: {_AMOUNTS[name]}")
    written = ", ".join(f"{bound}: {{{', '.join(resources)}}}" for bound, resources in bounds.items())
    return f"write, for example, {written}"


def _contradictions(limits: list[Object]) -> Iterator[str]:
    for position, item in enumerate(limits):
        for name in sorted({name for field in _ORDER for name in item.get(field, {})}):
            amounts = [(field, value) for field in _ORDER if (value := amount(item.get(field, {}), name)) is not None]
            for (low, lower), (high, upper) in pairwise(amounts):
                if lower > upper:
                    yield f"spec.limits[{position}]: {low}.{name} {lower} is above {high}.{name} {upper}"


def _outside(container: Container, limits: Object) -> Iterator[str]:
    resources = container.data.get("resources", {})
    for name in RESOURCES:
        request, lowest = amount(resources.get("requests", {}), name), amount(limits.get("min", {}), name)
        limit, highest = amount(resources.get("limits", {}), name), amount(limits.get("max", {}), name)
        if request is not None and lowest is not None and request < lowest:
            yield f"{container.place}.resources requests {request} of {name}; the LimitRange requires at least {lowest}"
        if limit is not None and highest is not None and limit > highest:
            yield f"{container.place}.resources limits {name} to {limit}; the LimitRange allows at most {highest}"
