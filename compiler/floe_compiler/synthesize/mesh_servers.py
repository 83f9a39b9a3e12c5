"""What a service mesh is told of the servers of a unit: who calls which port, and with which identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from floe_compiler.kit import network, operated, service_mesh
from floe_compiler.kit.labels import selector
from floe_compiler.kit.service_mesh.server import MeshServer, tcp_ports, ways_in
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Parts, Pod
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeclaredUnit, Instance, MeshCallers
from floe_compiler.model.pod_accounts import accounts_calling
from floe_compiler.model.rendered import MeshCaller, PodGroup
from floe_compiler.synthesize.policies import WaysIn, opened_ports, openings


def mesh_callers(unit: DeclaredUnit, others: Mapping[str, MeshCallers]) -> Mapping[str, MeshCallers]:
    """Return the accounts that call each server of a namespace, given those of other namespaces; sorted."""
    if unit.settings.cluster.mesh is None:
        return {}
    by_server: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for server, ports in others.items():
        for port, accounts in ports.items():
            by_server[server][port].update(accounts)
    for account, servers in accounts_calling(declared.parts for declared in unit.instances):
        for group, called in ((endpoint.group, port) for endpoint in servers for port in endpoint.ports):
            if group and group.namespace == unit.namespace and called.protocol == "TCP":
                by_server[group.name][called.number].add(f"{unit.namespace}/{account}")
    return {
        server: {port: tuple(sorted(accounts)) for port, accounts in ports.items()}
        for server, ports in by_server.items()
    }


def declared_callers(namespace: str, callers: Mapping[str, MeshCallers]) -> Iterator[MeshCaller]:
    """Yield who is declared to call the servers of a namespace, against which the policies of the mesh are held."""
    for server, ports in callers.items():
        for port, accounts in ports.items():
            yield from (MeshCaller(PodGroup(namespace, server), port, account) for account in accounts)


def mesh_objects(instance: Instance[Any], parts: Parts, ways: WaysIn) -> list[Object]:
    """Return who may call the servers of an instance in a service mesh; nothing without one."""
    if instance.settings.cluster.mesh is None:
        return []
    objects: list[Object] = []
    for workload in parts.workloads:
        own = selector(instance, workload.name)
        opened = openings(instance, workload, ways)
        objects += _server_objects(
            instance, workload.name, own, workload.ports(), opened, ways, grpc_probes(workload.pod)
        )
    for pods in parts.operated:
        keda_ports, open_ports = ways.keda_ports.get(pods.name, ()), opened_ports(pods, ways)
        opened = operated.ways_in(instance, pods, ways.scraper, keda_ports, open_ports)
        objects += _server_objects(instance, pods.name, dict(pods.labels), pods.ports, opened, ways)
    return objects


def _server_objects(
    instance: Instance[Any],
    name: str,
    labels: Mapping[str, str],
    ports: tuple[Port, ...],
    opened: Iterable[network.Opening],
    ways: WaysIn,
    probed: frozenset[int] = frozenset(),
) -> list[Object]:
    mesh = instance.settings.cluster.mesh
    members = mesh.members if mesh else ()
    opened_to = (
        (opening.namespace, opening.ports, bool(opening.addresses)) for opening in opened if not opening.passes
    )
    inside, outside = ways_in(opened_to, members)
    own, accounts = tuple(tcp_ports(ports)), ways.meshed.get(name, {})
    return service_mesh.server_objects(instance, MeshServer(name, labels, own, accounts, inside, outside, probed))


def grpc_probes(pod: Pod) -> frozenset[int]:
    """Return the ports of a pod that the kubelet probes over gRPC."""
    return frozenset(
        port.number
        for container in pod.containers
        for probe in (container.startup, container.liveness, container.readiness)
        if probe and probe.grpc
        for port in container.ports
        if probe.port in ("", port.name)
    )
