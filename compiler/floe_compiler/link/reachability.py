"""Which pods may reach which pods on which ports, by all NetworkPolicies, and which connections are declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from floe_compiler.link.environment import Environment
from floe_compiler.model.bit_sets import numbers_in, union
from floe_compiler.model.policy_ports import ANY_PORT, Port
from floe_compiler.model.summary import Opening

Target = tuple[str, int]
"""Target pods: their unit, and their position in it."""

Sources = Mapping[str, int]
"""Source pods: by unit, as bits."""

Edge = tuple[int, int]
"""Source pods of one unit and target pods of another, as bits."""

_Calls = dict[str, dict[Port, dict[str, list[Edge]]]]
"""By unit of the targets, port, and unit of the sources: the edges."""

_NO_CALLS: dict[Port, dict[str, list[Edge]]] = {}
_NO_EDGES: dict[str, list[Edge]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Ingress:
    """A rule for ingress in a unit: the sources that it allows, and for each port the unit's pods (as bits)."""

    unit: str
    opening: Opening
    sources: Sources
    received: tuple[tuple[Port, int], ...]


class Reachability:
    """What policies allow for sources and for targets, and what is declared.

    Pods that no policy isolates are not restricted, but only what rules allow counts here: another check makes sure
    that all pods are isolated. Pods are kept in sets as long as possible: a rule that allows everything is one edge
    for each pair of units, not one for each pair of pods.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._sends: _Calls = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        self._declared: _Calls = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        self._receives: dict[str, dict[Port, list[tuple[Sources, int]]]] = defaultdict(lambda: defaultdict(list))
        self.ingress: list[Ingress] = []
        for name in environment.units:
            self._add(name)

    def may_send(self, unit: str, target: Target, port: Port) -> int:
        """Return the pods (as bits) of a unit whose own policies allow them to send to a target."""
        network = self._environment.units[unit].network
        free = network.everyone & ~network.isolated_out
        return free | _sources(_edges(self._sends.get(target[0], _NO_CALLS), port, unit), target[1])

    def may_reach(self, unit: str, target: Target, port: Port) -> int:
        """Return the pods (as bits) of a unit that the target's own policies allow to reach it."""
        if not self._environment.units[target[0]].network.isolated_in >> target[1] & 1:
            return self._environment.units[unit].network.everyone
        received = self._received(target[0], port)
        return union(sources.get(unit, 0) for sources, targets in received if targets >> target[1] & 1)

    def is_declared(self, sources: Sources, target: Target, port: Port) -> bool:
        """Return whether any of the sources is declared to call a target on a port (ANY_PORT: on any port)."""
        by_port = self._declared.get(target[0], _NO_CALLS)
        ports = [other for other in by_port if other[0] == port[0]] if port[1] == ANY_PORT else [port]
        return any(
            _sources(edges, target[1]) & sources.get(unit, 0)
            for each_port in ports
            for unit, edges in by_port.get(each_port, _NO_EDGES).items()
            if unit in sources
        )

    def undeclared(self) -> Iterator[tuple[str, Port, str, Edge]]:
        """Yield the undeclared edges that rules at both ends allow: source unit, port, target unit, and edge."""
        for unit, by_port in self._sends.items():
            for port in {**by_port, **self._receives.get(unit, {})}:
                declared, received = (
                    self._declared.get(unit, _NO_CALLS).get(port, _NO_EDGES),
                    self._received(unit, port),
                )
                for source in {**by_port.get(port, _NO_EDGES), **by_port.get((port[0], ANY_PORT), _NO_EDGES)}:
                    for pods, targets in _edges(by_port, port, source):
                        for sources, receivers in received:
                            edge = (pods & sources.get(source, 0), targets & receivers)
                            if all(edge):
                                for left in _without(edge, declared.get(source, [])):
                                    yield source, port, unit, left

    def _received(self, unit: str, port: Port) -> list[tuple[Sources, int]]:
        by_port = self._receives.get(unit, {})
        everywhere = by_port.get((port[0], ANY_PORT), []) if port[1] != ANY_PORT else []
        return by_port.get(port, []) + everywhere

    def _add(self, name: str) -> None:
        environment, network = self._environment, self._environment.units[name].network
        for opening in network.egress:
            sources = opening.pods
            for unit, pods in environment.peers(name, opening).items():
                named = environment.units[unit].network.named_ports
                for port, receivers in opening.ports.received(pods, environment.ports, named):
                    self._sends[unit][port][name].append((sources, receivers))
        for opening in network.ingress:
            callers = environment.peers(name, opening)
            received = tuple(opening.ports.received(opening.pods, environment.ports, network.named_ports))
            self.ingress.append(Ingress(name, opening, callers, received))
            for port, receivers in received if callers else ():
                self._receives[name][port].append((callers, receivers))
        for call in network.calls:
            if targets := environment.group(call.namespace, call.name):
                self._declared[call.namespace][call.protocol, call.port][name].append((call.pods, targets))
        for call in network.foreign_calls:
            if theirs := environment.units.get(call.namespace):  # others keep it, but by hand-written objects here
                edge = (call.pods, theirs.network.everyone)
                self._declared[call.namespace][call.protocol, call.port][name].append(edge)


def _edges(by_port: Mapping[Port, Mapping[str, list[Edge]]], port: Port, unit: str) -> list[Edge]:
    """Return the edges from a unit on a port, including those for all ports."""
    here = by_port.get(port, _NO_EDGES).get(unit, [])
    everywhere = by_port.get((port[0], ANY_PORT), _NO_EDGES).get(unit, []) if port[1] != ANY_PORT else []
    return here + everywhere if everywhere else here


def _sources(edges: Iterable[Edge], target: int) -> int:
    return union(pods for pods, targets in edges if targets >> target & 1)


def _without(edge: Edge, declared: list[Edge]) -> Iterator[Edge]:
    """Yield the parts of an edge that are not declared."""
    pods, targets = edge
    declared_targets = union(others for _, others in declared)
    if targets & ~declared_targets:
        yield pods, targets & ~declared_targets
    for target in numbers_in(targets & declared_targets):
        if left := pods & ~_sources(declared, target):
            yield left, 1 << target
