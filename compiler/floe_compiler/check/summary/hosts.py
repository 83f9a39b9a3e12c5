"""The hosts that programs use outside their namespace, and the namespace's Services and declared servers."""

from __future__ import annotations

from collections import defaultdict

from floe_compiler.check.index import Index
from floe_compiler.check.network.used_hosts import is_number
from floe_compiler.check.summary.routes import hosts_led_here
from floe_compiler.check.texts.addresses import Address
from floe_compiler.model.objects import Object
from floe_compiler.model.rendered import External
from floe_compiler.model.summary import Host, Hosts, Mention, Subject


def hosts(index: Index) -> Hosts:
    """Return the unit's unresolved hosts, its Services, and its declared servers."""
    services = {identity.name: _ports(index, service.get("spec", {})) for identity, service in index.of("", "Service")}
    servers = _servers(index)
    mentioned: dict[Address, list[Mention]] = defaultdict(list)
    for text, address in index.used_hosts:
        if not is_number(address.host) and not _is_own(index, services, servers, address):
            key = Address(address.host, address.port, address.certain)
            mentioned[key].append(Mention(Subject.of(text.owner), text.place, address.beside))
    used = tuple(
        Host.of(address.host, address.port, address.certain, mentions)
        for address, mentions in sorted(mentioned.items())
    )
    targets = (connection.target for connection in index.rendered.connections)
    external_services = {target.host for target in targets if isinstance(target, External) and target.namespace}
    return Hosts(used, services, servers, tuple(sorted(external_services)))


def _ports(index: Index, service: Object) -> tuple[int, ...]:
    """Return the ports of a Service.

    The name of a headless Service is that of the pods themselves, so its ports are all that the pods have. None are
    known of pods that others create: then any port may be right.
    """
    ports = {port.get("port", 0) for port in service.get("ports", ())}
    if service.get("clusterIP") == "None":
        selected = index.pods.select({"matchLabels": service.get("selector") or {}}) if service.get("selector") else ()
        if not all(pods.workload for pods in selected) or not selected:
            return ()
        ports |= {port["targetPort"] for port in service.get("ports", ()) if isinstance(port.get("targetPort"), int)}
        ports |= {
            port.get("containerPort", 0)
            for pods in selected
            if pods.workload
            for container in pods.workload.containers
            for port in container.data.get("ports", ())
        }
    return tuple(sorted(ports))


def _servers(index: Index) -> dict[str, tuple[int, ...]]:
    """Return the declared servers with their ports, and the hosts of Ingresses and routes with any port."""
    servers: dict[str, set[int]] = defaultdict(set)
    for connection in index.rendered.connections:
        if isinstance(connection.target, External):
            servers[connection.target.host.lower()].add(connection.target.port)
    for host in hosts_led_here(index):
        servers[host] = set()
    return {host: tuple(sorted(ports)) for host, ports in sorted(servers.items())}


def _is_own(
    index: Index, services: dict[str, tuple[int, ...]], servers: dict[str, tuple[int, ...]], address: Address
) -> bool:
    """Return whether an address is that of a Service or declared server of the unit."""
    name, _, rest = address.host.partition(".")
    suffix = f"{index.rendered.namespace}.svc"
    if name in services and rest in ("", suffix, f"{suffix}.{index.rendered.cluster_domain}"):
        ports = services[name]
    elif address.certain and address.host in servers:
        ports = servers[address.host]
    else:
        return False
    return not ports or not address.port or address.port in ports
