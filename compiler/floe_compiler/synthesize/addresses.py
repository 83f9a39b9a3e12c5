"""Variables with the address at which users open an interface, which is only known once routes are derived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from floe_compiler.model.facts import Container, Parts, Pod, Variable, containers_of
from floe_compiler.model.ingress import UnitIngress
from floe_compiler.model.plan import DeclaredUnit


def with_addresses(unit: DeclaredUnit, ingress: UnitIngress | None) -> DeclaredUnit:
    """Return the namespace with the addresses of its interfaces in its variables; without those that are not opened."""
    scheme = "https" if ingress and ingress.secure else "http"
    urls = {route.name: f"{scheme}://{route.host}" for route in (ingress.routes if ingress else ())}
    instances = tuple(
        replace(declared, parts=_filled(declared.parts, urls)) if asks_for_addresses(declared.parts) else declared
        for declared in unit.instances
    )
    return replace(unit, instances=instances)


def asks_for_addresses(parts: Parts) -> bool:
    """Return whether a variable of an instance has the address of an interface."""
    pods = (*(workload.pod for workload in parts.workloads), *(task.pod for task in parts.tasks))
    return any(
        variable.interface for pod in pods for container in containers_of(pod) for variable in container.variables
    )


def _filled(parts: Parts, urls: Mapping[str, str]) -> Parts:
    workloads = tuple(replace(workload, pod=_pod(workload.pod, urls)) for workload in parts.workloads)
    tasks = tuple(replace(task, pod=_pod(task.pod, urls)) for task in parts.tasks)
    return replace(parts, workloads=workloads, tasks=tasks)


def _pod(pod: Pod, urls: Mapping[str, str]) -> Pod:
    setup, containers = (
        tuple(_container(container, urls) for container in group) for group in (pod.setup, pod.containers)
    )
    return replace(pod, setup=setup, containers=containers)


def _container(container: Container, urls: Mapping[str, str]) -> Container:
    return replace(container, variables=tuple(_variables(container.variables, urls)))


def _variables(variables: tuple[Variable, ...], urls: Mapping[str, str]) -> Iterator[Variable]:
    for variable in variables:
        if not variable.interface:
            yield variable
        elif variable.interface in urls:
            yield Variable(variable.name, urls[variable.interface])
