"""The start order of a namespace's servers and tasks, derived from what they call and prepare.

Argo CD applies a sync wave, waits until all its objects are healthy, and then applies the next wave. So the graph has
an edge only if one needs the other. An object's wave is its depth in this graph, which the construct tree computes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Task, Workload

Edges = set[tuple[str, str]]
"""Pairs of names: the first starts after the second."""


def start_order(
    namespace: str, workloads: Iterable[Workload], tasks: Iterable[Task], operated: Collection[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return pairs of names of a namespace's workloads and tasks, sorted: the first starts after the second.

    Pairs that follow from other pairs are left out.

    - Pods that call a server, or wait for it, start after it.
    - A task that prepares a server starts before all others that call it, and before the server itself unless the task
      calls it.
    - A server that is not awaited starts after everything that does not wait for it.

    `operated` are the names of servers that an operator starts. They have no place in the order, but what calls them
    starts after the tasks that prepare them.

    Servers that call each other start together, as one of them must tolerate that the other is missing. Pods that wait
    for each other could never start: such a cycle is returned unchanged, and the construct tree refuses it.
    """
    servers = {workload.name: workload for workload in workloads}
    preparing = {task.name: task for task in tasks}
    optional = {name for name, server in servers.items() if not server.awaited}
    pods = {name: declared.pod for name, declared in (servers | preparing).items()}
    reachable = {*servers, *operated}
    waits = {name: _servers(namespace, reachable, pod.waits_for) for name, pod in pods.items()}
    calls = {name: _servers(namespace, reachable, pod.calls) | waits[name] for name, pod in pods.items()}
    prepares = {name: _servers(namespace, reachable, task.prepares) for name, task in preparing.items()}

    needed = _pairs(waits) | _prepared(prepares, calls, optional)
    called = {(caller, server) for caller, server in _pairs(calls) - needed if server not in optional}
    order = needed | (called - _mutual(needed | called))
    order = {edge for edge in order if not {*edge} & {*operated}}
    return tuple(sorted(_reduced(order | _last(pods, optional, order))))


def _servers(namespace: str, servers: Iterable[str], endpoints: Iterable[Endpoint]) -> set[str]:
    """Return the names of those endpoints that are servers of the namespace."""
    groups = (endpoint.group for endpoint in endpoints if endpoint.group)
    return {group.name for group in groups if group.namespace == namespace} & {*servers}


def _pairs(related: Mapping[str, Iterable[str]]) -> Edges:
    return {(name, other) for name, targets in related.items() for other in targets if other != name}


def _prepared(prepares: Mapping[str, set[str]], calls: Mapping[str, set[str]], optional: set[str]) -> Edges:
    """Return the edges between tasks that prepare servers, these servers, and their callers."""
    edges: Edges = set()
    for task, servers in prepares.items():
        edges |= {(task, server) if server in calls[task] else (server, task) for server in servers}
        for server in servers - optional:
            callers = {name for name, called in calls.items() if server in called}
            # Tasks that prepare the same server do not wait for each other.
            edges |= {(caller, task) for caller in callers - {server} if server not in prepares.get(caller, ())}
    return edges


def _mutual(edges: Edges) -> Edges:
    """Return the edges that are part of a cycle."""
    following = _neighbours(edges)
    return {(first, second) for first, second in edges if first in _reached(second, following)}


def _last(names: Iterable[str], optional: set[str], order: Edges) -> Edges:
    """Return the edges by which servers that are not awaited start after everything that does not wait for them."""
    waiting = _neighbours((second, first) for first, second in order)
    waited_for = {*names} - optional.union(*(_reached(name, waiting) for name in optional))
    ends = waited_for - {second for first, second in order if first in waited_for}
    return {(name, end) for name in optional for end in ends}


def _reduced(edges: Edges) -> Edges:
    """Return the transitive reduction of the edges, as cdk8s walks every path, of which there may be millions."""
    following = _neighbours(edges)
    reached = {name: _reached(name, following) for name in following}
    longer = {
        name: set[str]().union(*(reached.get(other, ()) for other in targets)) for name, targets in following.items()
    }
    return {
        (first, second)
        for first, second in edges
        if second not in longer[first] or first in reached.get(second, ())  # edges of a cycle are kept
    }


def _neighbours(edges: Iterable[tuple[str, str]]) -> Mapping[str, set[str]]:
    neighbours: dict[str, set[str]] = {}
    for first, second in edges:
        neighbours.setdefault(first, set()).add(second)
    return neighbours


def _reached(start: str, neighbours: Mapping[str, set[str]]) -> set[str]:
    """Return the names that can be reached from a name, including itself if it is on a cycle."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        further = neighbours.get(waiting.pop(), set()) - reached
        reached |= further
        waiting += further
    return reached
