"""Who calls each server, from which namespaces and on exactly which ports: what its network policy lets in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from floe_compiler.model.plan import CalledPort, Callers
from floe_compiler.model.unit_facts import UnitFacts


def callers(units: Iterable[UnitFacts]) -> Mapping[str, Mapping[str, Callers]]:
    """Return the callers of each server, by its namespace and name, all sorted."""
    by_namespace: dict[str, dict[str, dict[str, set[CalledPort]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(set))
    )
    for unit in units:
        for call in unit.calls:
            by_namespace[call.namespace][call.server][unit.namespace].add((call.protocol, call.port))
    return {
        namespace: {
            server: {caller: tuple(sorted(ports)) for caller, ports in sorted(by_caller.items())}
            for server, by_caller in sorted(servers.items())
        }
        for namespace, servers in sorted(by_namespace.items())
    }
