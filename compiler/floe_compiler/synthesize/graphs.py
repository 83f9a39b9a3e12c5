"""The graphs of an environment: which pods call which servers, and what starts after what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_compiler.kit.waves import start_order
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import named_pods
from floe_compiler.model.graph import Edge, Graph, Node, graph
from floe_compiler.model.plan import DeclaredUnit, UnitPlan
from floe_compiler.synthesize.unit import with_ingress

OUTSIDE = "outside"
"""The group of servers that the environment does not run."""


def connections(plans: Iterable[UnitPlan]) -> Graph:
    """Return the pods of all namespaces, the servers that they call, and the ports."""
    nodes: set[Node] = set()
    edges: set[Edge] = set()
    for unit in (with_ingress(plan).unit for plan in plans):
        for caller, servers in _calls(unit):
            nodes.add(caller)
            for server in servers:
                target = _server(server)
                nodes.add(target)
                edges.add(Edge(caller.key, target.key, ", ".join(str(port.number) for port in server.ports)))
    return graph(nodes, edges)


def waves(plans: Iterable[UnitPlan]) -> Graph:
    """Return the servers and tasks of all namespaces; an arrow leads from one to what starts before it."""
    nodes: set[Node] = set()
    edges: set[Edge] = set()
    for unit in (with_ingress(plan).unit for plan in plans):
        parts = [declared.parts for declared in unit.instances]
        servers = [server for own in parts for server in own.workloads]
        tasks = [task for own in parts for task in own.tasks if not task.after_sync]
        nodes |= {_pods(unit, name) for name in (*(server.name for server in servers), *(task.name for task in tasks))}
        order = start_order(unit.namespace, servers, tasks, {pods.name for own in parts for pods in own.operated})
        edges |= {Edge(_pods(unit, first).key, _pods(unit, second).key) for first, second in order}
    return graph(nodes, edges)


def _calls(unit: DeclaredUnit) -> Iterator[tuple[Node, tuple[Endpoint, ...]]]:
    for parts in (instance.parts for instance in unit.instances):
        yield from ((_pods(unit, name), pod.servers()) for name, pod in named_pods(parts))
        yield from ((_pods(unit, pods.name), pods.calls) for pods in parts.operated)


def _pods(unit: DeclaredUnit, name: str) -> Node:
    return Node(f"{unit.namespace}/{name}", name, unit.namespace)


def _server(endpoint: Endpoint) -> Node:
    if endpoint.group:
        return Node(str(endpoint.group), endpoint.group.name, endpoint.group.namespace)
    for there in endpoint.elsewhere:
        return Node(f"/{there.cluster}/{there.group}", there.group.name, f"/{there.cluster}/{there.group.namespace}")
    return Node(f"{OUTSIDE}/{endpoint.host}", endpoint.host, endpoint.namespace or OUTSIDE)
