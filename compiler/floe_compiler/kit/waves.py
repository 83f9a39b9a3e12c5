"""The start order of a namespace's servers and tasks, derived from what they call and prepare.

Argo CD applies a sync wave, waits until all of it is healthy, and then applies the next. So the order has an edge only
where one needs the other. An object's wave is its depth in this graph; the construct tree counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Task, Workload

Edges = set[tuple[str, str]]
"""Pairs of names: the first starts after the second."""


def start_order(namespace: str, workloads: Iterable[Workload], tasks: Iterable[Task]) -> tuple[tuple[str, str], ...]:
    """Return pairs of names of a namespace's workloads and tasks, sorted: the first starts after the second.

    A pair that follows from others is left out.

    - Who calls a server, or waits for it, starts after it.
    - A task that prepares a server starts before all others that call it, and before the server itself unless the task
      calls it.
    - A server that is not awaited starts after everything that does not wait for it.

    Servers that call each other start together: one of them has to tolerate the other's absence anyway. Where pods
    wait for each other, or for what prepares them, nothing could ever start: such a cycle is returned as it is, for
    the construct tree to refuse.
    """
    servers = {one.name: one for one in workloads}
    preparing = {one.name: one for one in tasks}
    optional = {name for name, server in servers.items() if not server.awaited}
    pods = {name: one.pod for name, one in (servers | preparing).items()}
    waits = {name: _servers(namespace, servers, pod.waits_for) for name, pod in pods.items()}
    calls = {name: _servers(namespace, servers, pod.calls) | waits[name] for name, pod in pods.items()}
    prepares = {name: _servers(namespace, servers, task.prepares) for name, task in preparing.items()}

    needed = _pairs(waits) | _prepared(prepares, calls, optional)
    called = {(caller, server) for caller, server in _pairs(calls) - needed if server not in optional}
    order = needed | (called - _mutual(needed | called))
    return tuple(sorted(_reduced(order | _last(pods, optional, order))))


def _servers(namespace: str, servers: Iterable[str], endpoints: Iterable[Endpoint]) -> set[str]:
    """Return the names of the namespace's servers that are among the endpoints."""
    groups = (one.group for one in endpoints if one.group)
    return {group.name for group in groups if group.namespace == namespace} & {*servers}


def _pairs(found: Mapping[str, Iterable[str]]) -> Edges:
    return {(name, other) for name, others in found.items() for other in others if other != name}


def _prepared(prepares: Mapping[str, set[str]], calls: Mapping[str, set[str]], optional: set[str]) -> Edges:
    """Return the edges of tasks that prepare servers: from, or to, the servers and those who call these."""
    edges: Edges = set()
    for task, servers in prepares.items():
        edges |= {(task, server) if server in calls[task] else (server, task) for server in servers}
        for server in servers - optional:
            callers = {name for name, called in calls.items() if server in called}
            # Tasks that prepare one server together wait for it alone.
            edges |= {(one, task) for one in callers - {server} if server not in prepares.get(one, ())}
    return edges


def _mutual(edges: Edges) -> Edges:
    """Return the edges that lie on a cycle."""
    following = _neighbours(edges)
    return {(first, second) for first, second in edges if first in _reached(second, following)}


def _last(names: Iterable[str], optional: set[str], order: Edges) -> Edges:
    """Return the edges by which servers that are not awaited start after everything that does not wait for them."""
    waiting = _neighbours((second, first) for first, second in order)
    others = {*names} - optional.union(*(_reached(name, waiting) for name in optional))
    ends = others - {second for first, second in order if first in others}
    return {(name, end) for name in optional for end in ends}


def _reduced(edges: Edges) -> Edges:
    """Return the transitive reduction of the edges: cdk8s walks every path, and there would soon be millions."""
    following = _neighbours(edges)
    reached = {name: _reached(name, following) for name in following}
    longer = {name: set[str]().union(*(reached.get(one, ()) for one in others)) for name, others in following.items()}
    return {
        (first, second)
        for first, second in edges
        if second not in longer[first] or first in reached.get(second, ())  # an edge of a cycle stays
    }


def _neighbours(edges: Iterable[tuple[str, str]]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for first, second in edges:
        found.setdefault(first, set()).add(second)
    return found


def _reached(start: str, neighbours: Mapping[str, set[str]]) -> set[str]:
    """Return what can be reached from a name, itself only if it lies on a cycle."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        further = neighbours.get(waiting.pop(), set()) - found
        found |= further
        waiting += further
    return found
