"""Which pods may talk to which, on which ports, by all NetworkPolicies together; and which are declared to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from floe_compiler.link.environment import Environment
from floe_compiler.model.bits import numbers_in
from floe_compiler.model.policy_ports import ANY_PORT, Port
from floe_compiler.model.summary import Opening

Target = tuple[str, int]
"""Pods that are reached: their unit, and their position in it."""

Sources = Mapping[str, int]
"""Pods that reach others: by unit, as bits."""

_NO_PORTS: dict[Port, dict[str, int]] = {}
_NOBODY: Sources = {}


class Relation:
    """Which pods reach which, on which ports: `by_target` has the sources of each target and port."""

    def __init__(self) -> None:
        self.by_target: dict[Target, dict[Port, dict[str, int]]] = {}

    def add(self, unit: str, targets: int, port: Port, sources: Sources) -> None:
        """Let the sources reach the targets (as bits) of a unit on a port."""
        for position in numbers_in(targets):
            ports = self.by_target.setdefault((unit, position), {})
            known = ports.get(port)
            if known is None:
                ports[port] = dict(sources)
            else:
                for source, pods in sources.items():
                    known[source] = known.get(source, 0) | pods

    def on(self, target: Target, port: Port) -> Sources:
        """Return the sources of a target on a port, by what is said for this port or for all."""
        ports = self.by_target.get(target, _NO_PORTS)
        here, everywhere = ports.get(port, _NOBODY), ports.get((port[0], ANY_PORT), _NOBODY)
        if not everywhere or here is everywhere:
            return here
        return {unit: here.get(unit, 0) | everywhere.get(unit, 0) for unit in {**here, **everywhere}}

    def exactly(self, target: Target, port: Port) -> Sources:
        """Return the sources of a target by what is said for just this port."""
        return self.by_target.get(target, _NO_PORTS).get(port, _NOBODY)


@dataclass(frozen=True, slots=True, eq=False)
class Ingress:
    """A rule for ingress in a unit: the pods that it lets in, and the unit's pods (as bits) that each port is of."""

    unit: str
    opening: Opening
    sources: Sources
    received: tuple[tuple[Port, int], ...]


class Reachability:
    """What policies allow on the side of the sources (`sends`) and of the targets (`receives`), and what is declared.

    Pods that no policy isolates may do everything. Of them only what rules name is open here: another rule sees to
    it that all pods are isolated.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.sends = Relation()
        self.receives = Relation()
        self.declared = Relation()
        self.ingress: list[Ingress] = []
        for name in environment.units:
            self._add(name)

    def may_send(self, unit: str, target: Target, port: Port) -> int:
        """Return the pods (as bits) of a unit whose own policies let them send to a target."""
        network = self._environment.units[unit].network
        everyone = (1 << len(network.pods)) - 1
        return everyone & ~network.isolated_out | self.sends.on(target, port).get(unit, 0)

    def may_reach(self, unit: str, target: Target, port: Port) -> int:
        """Return the pods (as bits) of a unit from which the target's own policies let it receive."""
        network = self._environment.units[target[0]].network
        if not network.isolated_in >> target[1] & 1:
            return (1 << len(self._environment.units[unit].network.pods)) - 1
        return self.receives.on(target, port).get(unit, 0)

    def open_ports(self, target: Target) -> Iterator[tuple[Port, str, int]]:
        """Yield the ports of a target that rules at both ends open, with the pods (as bits) of a unit they let in."""
        sent, received = (side.by_target.get(target, _NO_PORTS) for side in (self.sends, self.receives))
        for port in {**sent, **received}:
            receives = self.receives.on(target, port)
            for unit, pods in self.sends.on(target, port).items():
                if both := pods & receives.get(unit, 0):
                    yield port, unit, both

    def _add(self, name: str) -> None:
        environment, network = self._environment, self._environment.units[name].network
        for opening in network.egress:
            sources = {name: opening.pods}
            for unit, pods in environment.peers(name, opening).items():
                named = environment.units[unit].network.named_ports
                for port, receivers in opening.ports.received(pods, environment.ports, named):
                    self.sends.add(unit, receivers, port, sources)
        for opening in network.ingress:
            callers = environment.peers(name, opening)
            pods = opening.pods
            received = tuple(opening.ports.received(pods, environment.ports, network.named_ports))
            self.ingress.append(Ingress(name, opening, callers, received))
            for port, receivers in received if callers else ():
                self.receives.add(name, receivers, port, callers)
        for call in network.calls:
            targets = environment.group(call.namespace, call.name)
            self.declared.add(call.namespace, targets, (call.protocol, call.port), {name: call.pods})
