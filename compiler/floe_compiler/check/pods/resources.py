"""Requests and limits of every container."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from floe_compiler.check.index import Index
from floe_compiler.check.pods.amounts import amount
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object
from floe_compiler.model.workloads import Container, Workload

MISSING = Rule(
    "C080",
    "container without requests or limits",
    "Every container, init containers included, says how much CPU and memory it requests and may use at most: "
    "the scheduler and the namespace's quota need it.",
)
INVERTED = Rule(
    "C081",
    "request above its limit",
    "A container requests more than its limit lets it use; the API server refuses that. Raise the limit.",
)
RANGE = Rule(
    "C082",
    "container outside the namespace's limits",
    "A LimitRange of the namespace refuses the container, or contradicts itself. Change one of the two.",
)
RULES = (MISSING, INVERTED, RANGE)

RESOURCES = ("cpu", "memory")
_ORDER = ("min", "defaultRequest", "default", "max")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield containers with missing or contradictory requests and limits."""
    ranges: dict[str, list[Object]] = {}
    for identity, manifest in index.of("", "LimitRange"):
        limits = manifest.get("spec", {}).get("limits", ())
        ranges.setdefault(identity.namespace, []).extend(one for one in limits if one.get("type") == "Container")
        for message in _contradictions(limits):
            yield index.finding(RANGE, identity, message)
    for workload in index.workloads.values():
        for container in workload.containers:
            yield from _container(index, workload, container)
            for limits in ranges.get(workload.namespace, ()):
                for message in _outside(container, limits):
                    yield index.finding(RANGE, workload.id, message)


def _container(index: Index, workload: Workload, container: Container) -> Iterator[Diagnostic]:
    resources = container.data.get("resources", {})
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    missing = [
        f"{bound}.{name}"
        for bound, values in (("requests", requests), ("limits", limits))
        for name in RESOURCES
        if name not in values
    ]
    if missing:
        yield index.finding(MISSING, workload.id, f"{container.place}.resources lacks {', '.join(missing)}")
    for name in sorted(requests.keys() & limits.keys()):
        request, limit = amount(requests, name), amount(limits, name)
        if request is not None and limit is not None and request > limit:
            message = f"{container.place}.resources requests {request} of {name}, above its limit of {limit}"
            yield index.finding(INVERTED, workload.id, message)


def _contradictions(limits: list[Object]) -> Iterator[str]:
    for position, item in enumerate(limits):
        for name in sorted({name for field in _ORDER for name in item.get(field, {})}):
            known = [(field, value) for field in _ORDER if (value := amount(item.get(field, {}), name)) is not None]
            for (low, least), (high, most) in pairwise(known):
                if least > most:
                    yield f"spec.limits[{position}]: {low}.{name} {least} is above {high}.{name} {most}"


def _outside(container: Container, limits: Object) -> Iterator[str]:
    resources = container.data.get("resources", {})
    for name in RESOURCES:
        request, least = amount(resources.get("requests", {}), name), amount(limits.get("min", {}), name)
        limit, most = amount(resources.get("limits", {}), name), amount(limits.get("max", {}), name)
        if request is not None and least is not None and request < least:
            yield f"{container.place}.resources requests {request} of {name}; the LimitRange asks for {least} at least"
        if limit is not None and most is not None and limit > most:
            yield f"{container.place}.resources has a limit of {limit} of {name}; the LimitRange allows {most}"
