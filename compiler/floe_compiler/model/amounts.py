"""The requests and limits of containers and pods."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from floe_compiler.model.quantities import ZERO, Quantity, parse_quantity
from floe_compiler.model.resource_names import wrong_amount
from floe_compiler.model.workloads import Container, Workload

Bound = Literal["requests", "limits"]
BOUNDS: tuple[Bound, ...] = ("requests", "limits")


def amount(values: Mapping[str, Any], name: str) -> Quantity | None:
    """Return a quantity in a mapping such as `limits`; None if it is missing.

    None, too, if it is invalid or cannot be meant: other rules report that.
    """
    try:
        return _parsed(name, str(values[name]))
    except (KeyError, ValueError):
        return None


def container_amount(container: Container, bound: Bound, resource: str) -> Quantity:
    """Return a container's request or limit; zero if it has none.

    As in Kubernetes, a limit without a request is also the request.
    """
    resources = container.data.get("resources", {})
    quantity = amount(resources.get(bound, {}), resource)
    return quantity or amount(resources.get("limits", {}), resource) or ZERO


def pod_amount(workload: Workload, bound: Bound, resource: str) -> Quantity:
    """Return what one pod needs: the sum of all containers that run at once, or the largest init container.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    """
    running = largest = ZERO
    for container in sorted(workload.containers, key=lambda container: container.role == "main"):
        needed = container_amount(container, bound, resource)
        if container.runs:
            running += needed
        else:
            largest = max(largest, running + needed)
    return max(running, largest)


@lru_cache(maxsize=4096)
def _parsed(name: str, text: str) -> Quantity | None:
    return None if wrong_amount(name, text) else parse_quantity(text)
