"""How much of a resource containers and pods ask for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from floe_compiler.model.quantities import ZERO, Quantity, parse_quantity
from floe_compiler.model.workloads import Container, Workload

Bound = Literal["requests", "limits"]
BOUNDS: tuple[Bound, ...] = ("requests", "limits")


def amount(values: Mapping[str, Any], name: str) -> Quantity | None:
    """Return a quantity of a mapping such as `limits`; None if it is missing or invalid (which is another rule)."""
    try:
        return _parsed(str(values[name]))
    except (KeyError, ValueError):
        return None


def container_amount(container: Container, bound: Bound, resource: str) -> Quantity:
    """Return a container's request or limit; zero if it has none.

    As Kubernetes has it, a limit without a request is also the request.
    """
    resources = container.data.get("resources", {})
    found = amount(resources.get(bound, {}), resource)
    return found or amount(resources.get("limits", {}), resource) or ZERO


def pod_amount(workload: Workload, bound: Bound, resource: str) -> Quantity:
    """Return what one pod counts for: the sum of all containers that run at once, or the largest init container.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    """
    running = most = ZERO
    for container in sorted(workload.containers, key=lambda one: one.role == "main"):
        needed = container_amount(container, bound, resource)
        if container.runs:
            running += needed
        else:
            most = max(most, running + needed)
    return max(running, most)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Quantity:
    return parse_quantity(text)
