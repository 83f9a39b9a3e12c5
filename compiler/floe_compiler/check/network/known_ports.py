"""The ports that containers and declared connections of a unit use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.objects import Object
from floe_compiler.model.policy_ports import ANY_PORT


def known_ports(index: Index) -> tuple[int, ...]:
    """Return the port numbers that containers declare or connections go to, sorted."""
    declared = {port.get("containerPort", ANY_PORT) for _, port in _container_ports(index)}
    return tuple(sorted(({connection.port for connection in index.rendered.connections} | declared) - {ANY_PORT}))


def named_ports(index: Index) -> dict[str, dict[str, dict[int, int]]]:
    """Return, by protocol, name and number of a port, the pods (as bits) whose containers declare that port."""
    by_protocol: dict[str, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for position, port in _container_ports(index):
        numbers = by_protocol[port.get("protocol", "TCP")][port.get("name", "")]
        number = port.get("containerPort", ANY_PORT)
        numbers[number] = numbers.get(number, 0) | 1 << position
    return {protocol: dict(sorted(names.items())) for protocol, names in sorted(by_protocol.items())}


def _container_ports(index: Index) -> Iterator[tuple[int, Object]]:
    for position, pods in enumerate(index.pods.all):
        for container in pods.workload.containers if pods.workload else ():
            for port in container.ports:
                yield position, port
