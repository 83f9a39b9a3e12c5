"""Network policies: only DNS and declared connections are allowed; a connection is allowed at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.service_mesh import with_mesh_port
from floe_compiler.model.addresses import Block, reachable, without_never
from floe_compiler.model.annotations import EXTERNAL_REFERENCES, listed
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.nested_fields import at
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Callers, Instance
from floe_compiler.model.rendered import Connection, External, PodGroup
from floe_compiler.model.settings import Settings

NAMESPACE_NAME = "kubernetes.io/metadata.name"
# Policies apply to the API server's own port, not to that of its Service. It is usually one of these.
API_SERVER_PORTS = (443, 6443)
NOBODY: Callers = MappingProxyType({})


def namespace_policies(settings: Settings) -> list[Object]:
    """Return the policies for all pods of a namespace: no ingress, and only DNS (UDP and TCP) as egress.

    They allow DNS to all pods of its namespaces: caches on nodes and some servers do not have the usual labels.
    """
    servers = settings.cluster.dns
    dns = {
        "to": [
            *({"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: name}}} for name in servers.namespaces),
            *({"ipBlock": {"cidr": cidr}} for cidr in servers.addresses),
        ],
        "ports": [{"protocol": protocol, "port": port} for port in servers.ports for protocol in ("UDP", "TCP")],
    }
    common = labels.common_labels(settings, "network")
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    allow = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [dns]}
    head = ("networking.k8s.io/v1", "NetworkPolicy")
    return [
        manifest(*head, "allow-dns", common, spec=allow),
        manifest(*head, "default-deny", common, spec=deny),
    ]


class Opening(msgspec.Struct, frozen=True):
    """Ingress from outside the platform, such as from the ingress controller: pods of a namespace, and addresses.

    `declared` says that the settings of the cluster name the namespace; else the policy says that others create it.
    `passes` says that what comes from it has the identities of callers behind it, as it passes TLS through.
    """

    namespace: str
    ports: tuple[Port, ...]
    addresses: tuple[str, ...] = ()
    declared: bool = False
    passes: bool = False

    def rules(self, settings: Settings) -> Iterator[Object]:
        """Yield the rules that let it in; none without ports. What comes from addresses is in no service mesh."""
        if not self.ports:
            return
        own: list[Object] = []
        if self.namespace:
            own = [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: self.namespace}}}]
        blocks: list[Object] = [{"ipBlock": {"cidr": cidr}} for cidr in self.addresses]
        meshed = with_mesh_port(settings, self.ports, self.namespace)
        alike = [(own + blocks, meshed)] if meshed == self.ports else [(own, meshed), (blocks, self.ports)]
        yield from ({"from": peers, "ports": _ports(ports)} for peers, ports in alike if peers)


def policy(
    instance: Instance[Any],
    name: str,
    calls: Iterable[Endpoint],
    *,
    selector: Mapping[str, str] | None = None,
    served: tuple[Port, ...] = (),
    callers: Callers = NOBODY,
    openings: Iterable[Opening] = (),
    kubernetes_api: bool = False,
) -> Object:
    """Return the policy of the pods of the workload `name`, or of those that a `selector` selects.

    The pods of its `callers` have the access label with its name.
    """
    settings = instance.settings
    ingress = _from_callers(settings, name, served, callers)
    opened = [opening for opening in openings if opening.ports]
    ingress += [rule for opening in opened for rule in opening.rules(settings)]
    foreign = sorted(
        {f"Namespace/{opening.namespace}" for opening in opened if opening.namespace and not opening.declared}
    )
    called = sorted(set(calls))
    foreign = sorted({*foreign, *(f"Namespace/{call.namespace}" for call in called if call.namespace)})
    egress: list[Object] = []
    for rule in (_to(call, settings) for call in called):
        egress += [] if rule in egress else [rule]  # two external servers may need the same rule
    if kubernetes_api:
        # Its addresses may be private, but never those of the pod or of its node: Kubernetes refuses such Endpoints.
        peers = [_ip_block(without_never(settings.cluster.api_server_cidr))]
        egress.append({"to": peers, "ports": [{"protocol": "TCP", "port": port} for port in API_SERVER_PORTS]})
    spec = {
        "podSelector": {"matchLabels": dict(selector or labels.selector(instance, name))},
        "policyTypes": ["Ingress", "Egress"],
        **present(ingress=ingress, egress=egress),
    }
    metadata = labels.selector(instance, name)
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name,
        metadata,
        present(**{EXTERNAL_REFERENCES: ", ".join(foreign)}),
        spec=spec,
    )


def with_own_references(metadata: Object, rules: Iterable[Object]) -> Object:
    """Return the metadata of a policy that keeps only these rules, with the namespaces of others that they name."""
    path = ("namespaceSelector", "matchLabels", NAMESPACE_NAME)
    peers = (peer for rule in rules for peer in (*rule.get("from", ()), *rule.get("to", ())))
    named = {f"Namespace/{at(peer, path)}" for peer in peers}
    used = sorted(named & listed({"metadata": metadata}, EXTERNAL_REFERENCES))
    annotations = {key: text for key, text in metadata.get("annotations", {}).items() if key != EXTERNAL_REFERENCES}
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return rest | present(annotations=annotations | present(**{EXTERNAL_REFERENCES: ", ".join(used)}))


def _from_callers(settings: Settings, name: str, served: tuple[Port, ...], callers: Callers) -> list[Object]:
    """Return a rule for each set of ports, with the namespaces whose pods call these ports."""
    namespaces: dict[tuple[Port, ...], list[str]] = {}
    for namespace, called in sorted(callers.items()):
        ports = tuple(port for port in served if (port.protocol, port.number) in called)
        namespaces.setdefault(ports, []).append(namespace)
    return [
        {"from": [_callers_in(names, name)], "ports": _ports(with_mesh_port(settings, ports))}
        for ports, names in namespaces.items()
        if ports
    ]


def _callers_in(namespaces: list[str], name: str) -> Object:
    return {
        "namespaceSelector": {"matchExpressions": [{"key": NAMESPACE_NAME, "operator": "In", "values": namespaces}]},
        "podSelector": {"matchLabels": {f"{labels.ACCESS}{name}": "true"}},
    }


def _to(call: Endpoint, settings: Settings) -> Object:
    ports = _ports(_mesh_ports(settings, call))
    if call.namespace:
        pods = {"podSelector": {"matchLabels": dict(call.labels)}} if call.labels else {}
        server_pods = {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: call.namespace}}, **pods}
        return {"to": [server_pods], "ports": ports}
    if call.group is None:
        blocks = reachable(call.cidr, settings.cluster.reach)
        return {"to": [_ip_block(block) for block in blocks], "ports": ports}
    peer = {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: call.group.namespace}},
        "podSelector": {"matchLabels": dict(call.labels) or {labels.COMPONENT: call.group.name}},
    }
    return {"to": [peer], "ports": ports}


def _ip_block(block: Block) -> Object:
    excepted = [str(hole) for hole in block.without]
    return {"ipBlock": {"cidr": str(block.network), **present(**{"except": excepted})}}


def _mesh_ports(settings: Settings, call: Endpoint) -> tuple[Port, ...]:
    """Return the ports of a call, with that of the service mesh if the server is in the cluster.

    One in another cluster has the port of the gateway that leads there.
    """
    if call.passage:
        return (Port("gateway", call.passage),)
    return with_mesh_port(settings, call.ports, call.namespace) if call.group or call.namespace else call.ports


def _ports(ports: Iterable[Port]) -> list[Object]:
    return [{"protocol": port.protocol, "port": port.number} for port in ports]


def connections(
    settings: Settings, group: PodGroup, calls: Iterable[Endpoint], *, kubernetes_api: bool
) -> frozenset[Connection]:
    """Return the declared connections of a group of pods, which the rendered policies must allow."""
    edges = {
        Connection(
            group,
            call.group or External(call.host, port.number, call.cidr, call.namespace),
            call.passage or port.number,
            port.protocol,
        )
        for call in calls
        for port in (call.ports if call.passage else _mesh_ports(settings, call))
    }
    if kubernetes_api:
        edges |= {Connection(group, "kubernetes-api", port) for port in API_SERVER_PORTS}
    return frozenset(edges)
