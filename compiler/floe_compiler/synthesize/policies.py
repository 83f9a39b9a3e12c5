"""The network policies of a unit's pods, and the connections that are declared, against which the policies are held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.kit import network, services
from floe_compiler.kit.sync_tests import policies_shared, with_probe
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import OperatedPods, Parts, Pod, Workload, named_pods
from floe_compiler.model.links import NOT_LINKED, Linked
from floe_compiler.model.object_memory import remembered_from_facts
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Callers, DeclaredUnit, Instance, MeshCallers
from floe_compiler.model.rendered import Connection, PodGroup


class WaysIn(msgspec.Struct, frozen=True):
    """Who reaches the servers of a namespace.

    `callers` are the pods of the platform that call them, by server. `opened` are the ports that the ingress controller
    may reach, by workload; None: those of all interfaces. `scraper` collects the metrics from outside the platform.
    `keda_ports` are the ports that KEDA calls, by server. `linked` is what other clusters call: if through a Gateway,
    that is one of the ingress controller, too. `meshed` are the accounts that call the servers in a service mesh.
    """

    callers: Mapping[str, Callers] = msgspec.field(default_factory=dict)
    opened: Mapping[str, frozenset[int]] | None = None
    scraper: Scraper | None = None
    keda_ports: Mapping[str, tuple[Port, ...]] = msgspec.field(default_factory=dict)
    linked: Linked = NOT_LINKED
    meshed: Mapping[str, MeshCallers] = msgspec.field(default_factory=dict)


NOBODY = WaysIn()


def policies(instance: Instance[Any], parts: Parts, ways: WaysIn) -> list[Object]:
    """Return the network policies of an instance's own pods; a test shares the policy of the pods it stands for."""
    servers = {server.name: server for server in parts.workloads}
    shared = policies_shared(parts.tasks)
    objects: list[Object] = []
    for name, pod in named_pods(parts):
        if name not in shared.values():
            policy = _policy(instance, name, pod, servers.get(name), ways)
            objects += with_probe(policy, shared[name]) if name in shared else [policy]
    return objects


@remembered_from_facts
def _policy(instance: Instance[Any], name: str, pod: Pod, server: Workload | None, ways: WaysIn) -> Object:
    return network.policy(
        instance,
        name,
        pod.servers(),
        served=server.ports() if server else (),
        callers=ways.callers.get(name, {}),
        openings=openings(instance, server, ways) if server else (),
        kubernetes_api=pod.calls_kubernetes,
    )


def openings(instance: Instance[Any], server: Workload, ways: WaysIn) -> Iterator[network.Opening]:
    """Yield what the ingress controller, KEDA, and a scraper outside the platform, may reach."""
    cluster = instance.settings.cluster
    ports = _open_ports(server, ways)
    yield network.Opening(cluster.ingress_namespace, ports, cluster.ingress_addresses, declared=True)
    called = ways.linked.opened().get(server.name, ())
    linked, mesh = tuple(port for port in server.ports() if port.number in called), ways.linked.mesh
    passes = mesh is not None and mesh.keeps_identities
    yield network.Opening(mesh.namespace if mesh else "", linked, ways.linked.callers, passes=passes)
    yield network.Opening(cluster.keda_namespace, ways.keda_ports.get(server.name, ()))
    if ways.scraper:
        measured = {metrics.port for metrics in server.metrics}
        yield network.Opening(ways.scraper.namespace, tuple(port for port in server.ports() if port.name in measured))


def _open_ports(server: Workload, ways: WaysIn) -> tuple[Port, ...]:
    """Return the ports of a workload that the ingress controller may reach."""
    linked = ways.linked.opened().get(server.name, frozenset()) if ways.linked.gateway else frozenset()
    if ways.opened is not None:
        opened = linked | ways.opened.get(server.name, frozenset())
        return tuple(port for port in server.ports() if port.number in opened)
    interfaces = {interface.port for interface in server.interfaces}
    return tuple(port for port in services.served_ports(server) if port.name in interfaces or port.number in linked)


def opened_ports(pods: OperatedPods, ways: WaysIn) -> tuple[Port, ...]:
    """Return the ports of pods that another program makes, which users open through the ingress controller."""
    if ways.opened is not None:
        return tuple(port for port in pods.ports if port.number in ways.opened.get(pods.name, ()))
    interfaces = {interface.port for interface in pods.interfaces}
    return tuple(port for port in pods.ports if port.name in interfaces)


def ingress_groups(unit: DeclaredUnit, ways: WaysIn) -> Iterator[tuple[PodGroup, int]]:
    """Yield the pods and container ports that addresses outside the cluster may reach.

    They are those of the ingress controller, if the cluster has one, and of other clusters.
    """
    cluster, linked = unit.settings.cluster, ways.linked
    if linked.callers:
        yield from ((PodGroup(unit.namespace, name), port) for name, ports in linked.ports for port in ports)
    if not cluster.ingress_namespace and not cluster.ingress_addresses:
        return
    for parts in (declared.parts for declared in unit.instances):
        for server in parts.workloads:
            yield from ((PodGroup(unit.namespace, server.name), port.number) for port in _open_ports(server, ways))
        for pods in parts.operated:
            ports = pods.ports if pods.opened else opened_ports(pods, ways)
            yield from ((PodGroup(unit.namespace, pods.name), port.number) for port in ports)


def connections(unit: DeclaredUnit, named: Iterable[tuple[str, Pod]]) -> Iterator[Connection]:
    """Yield the declared connections of a unit's pods, given all of them by name."""
    pods_by_name = dict(named)
    stands_for = {task.name: task.policy_of for declared in unit.instances for task in declared.parts.tasks}
    for name, pod in pods_by_name.items():
        called = (*pod.servers(), *pod.waits_for)
        like = pods_by_name[stands_for.get(name) or name]
        group = PodGroup(unit.namespace, name)
        yield from network.connections(unit.settings, group, called, kubernetes_api=like.calls_kubernetes)
    for pods in (pods for declared in unit.instances for pods in declared.parts.operated):
        group = PodGroup(unit.namespace, pods.name)
        yield from network.connections(unit.settings, group, pods.calls, kubernetes_api=pods.kubernetes_api)
