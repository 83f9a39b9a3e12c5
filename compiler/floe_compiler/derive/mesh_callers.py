"""In a service mesh: the accounts that call each server from other namespaces, which its authorization lets in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from floe_compiler.model.links import MeshAccount
from floe_compiler.model.plan import MeshCallers
from floe_compiler.model.unit_facts import UnitFacts


def mesh_callers(
    units: Iterable[UnitFacts], elsewhere: Iterable[MeshAccount] = ()
) -> Mapping[str, Mapping[str, MeshCallers]]:
    """Return who calls each server from other namespaces, by its namespace and name, all sorted.

    `elsewhere` are the callers from other clusters.
    """
    by_namespace: dict[str, dict[str, dict[int, set[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for unit in units:
        for call in unit.mesh_calls:
            if not call.cluster:
                by_namespace[call.namespace][call.server][call.port].add(f"{unit.namespace}/{call.account}")
    for linked_call in elsewhere:
        by_namespace[linked_call.namespace][linked_call.server][linked_call.port].add(linked_call.account)
    return {
        namespace: {
            server: {port: tuple(sorted(accounts)) for port, accounts in sorted(ports.items())}
            for server, ports in sorted(servers.items())
        }
        for namespace, servers in sorted(by_namespace.items())
    }
