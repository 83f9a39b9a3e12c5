"""Reads linked clusters as they would: which pods of one reach which servers of another one, and by what name.

Like `mesh_reader.py`, it knows nothing of the compiler. What it is told is how the clusters are linked, where their
gateways and pods are, and which namespace a gateway has.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from mesh_reader import MESH_PORTS, Object, Pods, Tree

HTTPS = 443
PORTS = {"gateway": HTTPS, "istio": 15443, "linkerd": 4143}
"""The port of the gateway of each kind."""


class Way(NamedTuple):
    """A name for a port of a server in another cluster, and the pods and their port that it leads to."""

    host: str
    port: int
    server: Pods
    number: int


class Called(NamedTuple):
    """A port of a server that an account of another cluster calls."""

    cluster: str
    account: str
    server: str
    number: int


class Linked(NamedTuple):
    """Linked clusters: how, in which service mesh (empty: none), and what is applied to each.

    `pods` are the addresses of their pods, and `gateway` those of each gateway, which runs in the namespace `runs`.
    `called` is the cluster that others call by what is declared. `inside` says that gateways are in the mesh.
    """

    kind: str
    mesh: str
    trees: Mapping[str, Tree]
    pods: Mapping[str, str]
    gateway: str
    runs: str
    called: str = "shared"
    inside: bool = False

    def ways(self, target: str, cluster: str) -> Iterator[Way]:
        """Yield what a cluster offers to another one, as that one knows it."""
        tree, caller = self.trees[target], self.trees[cluster]
        if self.kind == "gateway":
            yield from _routed(tree)
            return
        exported = {
            (export["metadata"]["namespace"], export["metadata"]["name"]) for export in tree.of("ServiceExport")
        }
        for service in tree.of("Service"):
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            inside = f"{namespace}.svc"
            if self.kind == "mcs" and (namespace, name) in exported:
                yield from _behind(tree, service, f"{name}.{inside}.clusterset.local")
            elif self.kind == "istio" and name.endswith(f"-{target}"):
                known = _known(caller, namespace, name)
                yield from (
                    way for way in _behind(tree, service, f"{name}.{inside}.cluster.local") if way.port in known
                )
            elif self.kind == "linkerd" and service["metadata"]["labels"].get("mirror.linkerd.io/exported") == "true":
                yield from _behind(tree, service, f"{name}-{target}.{inside}.cluster.local")

    def lets_out(self, caller: Pods, cluster: str, target: str, number: int) -> bool:
        """Return whether network policies let pods out to where a port of another cluster is reached."""
        cidr, port = (self.pods[target], number) if self.kind == "mcs" else (self.gateway, PORTS[self.kind])
        rules = self.trees[cluster].policies(caller, "egress")
        return any(_has(rule, port) and _covers(rule.get("to", []), cidr) for rule in rules)

    def lets_in(self, server: Pods, caller_cluster: str, cluster: str, number: int) -> bool:
        """Return whether network policies let in what comes from another cluster, and the port of its proxy."""
        rules = list(self.trees[caller_cluster].policies(server, "ingress"))
        if self.kind == "mcs":
            return any(_has(rule, number) and _covers(rule["from"], self.pods[cluster]) for rule in rules)
        reached = self.trees[caller_cluster].lets_in(server, self._gateway_pods)
        proxied = self.inside or self.kind == "linkerd"
        return {number, (MESH_PORTS[self.mesh] or number) if proxied else number} <= reached

    def is_authorized(self, server: Pods, caller_cluster: str, caller: Pods, number: int) -> bool:
        """Return whether the mesh of the server's cluster lets a caller of another one in, as it sees that one."""
        gateway = self._gateway_pods if self.inside or self.kind == "linkerd" else None
        sender = caller if self.kind == "istio" else gateway
        return not self.mesh or self.trees[caller_cluster].mesh_lets_in(server, number, sender)

    @property
    def _gateway_pods(self) -> Pods:
        return Pods(self.runs, "gateway", {}, {}, "gateway", {})

    def problems(self, declared: Iterable[Called], open_to_all: frozenset[str] = frozenset()) -> Iterator[str]:
        """Yield which declared connections do not come about, and why; and which others do.

        `open_to_all` are accounts that call everybody on 443, and so a Gateway at public addresses.
        """
        missing = set(declared)
        for cluster in self.trees:
            for target in (name for name in self.trees if name != cluster):
                ways = {(way.server.name, way.number): way for way in self.ways(target, cluster)}
                own = {call for call in missing if call.cluster == cluster} if target == self.called else set()
                yield from (why for call in sorted(own) if (why := self._missing(call, target, ways)))
                yield from self._too_much(cluster, target, ways, own, open_to_all)

    def _missing(self, call: Called, target: str, ways: Mapping[tuple[str, int], Way]) -> str:
        """Return what a declared connection lacks first, on its way; empty if it comes about."""
        way = ways.get((call.server, call.number))
        if way is None:
            return f"{call}: no name leads to it"
        callers = [pods for pods in self.trees[call.cluster].pods if pods.identity == call.account]
        if not callers:
            return f"{call}: nobody has that account"
        # The host, then the end of the text, a port or a path: nothing that makes it another host.
        port = f":{way.port}" if self.kind != "gateway" else f"(:{way.port})?"
        namespace = call.account.partition("/")[0]
        if not re.search(
            rf"(?<![\w.-]){re.escape(way.host)}{port}(?![\w.-])", self.trees[call.cluster].as_text(namespace)
        ):
            return f"{call}: nothing in {namespace} names {way.host}"
        for caller in callers:
            if not self.lets_out(caller, call.cluster, target, call.number):
                return f"{call}: egress"
            if not self.is_authorized(way.server, target, caller, call.number):
                return f"{call}: mesh"
        return "" if self.lets_in(way.server, target, call.cluster, call.number) else f"{call}: ingress"

    def _too_much(
        self,
        cluster: str,
        target: str,
        ways: Mapping[tuple[str, int], Way],
        own: set[Called],
        open_to_all: frozenset[str],
    ) -> Iterator[str]:
        """Yield connections that come about and that none of a cluster's own declared ones explains."""
        ports = {(call.server, call.number) for call in own}
        for server in self.trees[target].pods:
            for number in sorted(server.ports()):
                if not (self.kind == "mcs" or (server.name, number) in ways):
                    continue
                if not self.lets_in(server, target, cluster, number):
                    continue
                for caller in self.trees[cluster].pods:
                    call = Called(cluster, caller.identity, server.name, number)
                    if call in own or not self.lets_out(caller, cluster, target, number):
                        continue
                    # Only Istio's gateway shows a server who calls. Others pass on what any caller of theirs sends.
                    one_way = self.kind in ("gateway", "linkerd") and (server.name, number) in ports
                    calls_it = any(call.account == caller.identity for call in own) or (
                        self.kind == "gateway" and caller.identity in open_to_all
                    )
                    if not (one_way and calls_it) and self.is_authorized(server, target, caller, number):
                        yield f"{call}: open"


def _routed(tree: Tree) -> Iterator[Way]:
    """Yield what Gateways pass on: a listener with a certificate for the host, a route, a Service."""
    certified = {
        (certificate["metadata"]["namespace"], certificate["spec"]["secretName"]): certificate["spec"]["dnsNames"]
        for certificate in tree.of("Certificate")
    }
    for gateway in tree.of("Gateway"):
        namespace = gateway["metadata"]["namespace"]
        for listener in gateway["spec"]["listeners"]:
            (secret,) = listener["tls"]["certificateRefs"]
            names = certified.get((namespace, secret["name"]), [])
            parent = {"name": gateway["metadata"]["name"], "sectionName": listener["name"]}
            for route in (*tree.of("HTTPRoute"), *tree.of("GRPCRoute")):
                if route["metadata"]["namespace"] != namespace or parent not in route["spec"]["parentRefs"]:
                    continue
                for host in route["spec"]["hostnames"]:
                    if fnmatchcase(host, listener["hostname"]) and f"*.{host.partition('.')[2]}" in names:
                        yield from _to_backends(tree, route, host, listener["port"])


def _to_backends(tree: Tree, route: Object, host: str, port: int) -> Iterator[Way]:
    for backend in (backend_ref for rule in route["spec"]["rules"] for backend_ref in rule["backendRefs"]):
        for service in tree.of("Service"):
            names = {"namespace": route["metadata"]["namespace"], "name": backend["name"]}
            if names.items() <= service["metadata"].items():
                ways = _behind(tree, service, host)
                yield from (way._replace(port=port) for way in ways if way.port == backend["port"])


def _behind(tree: Tree, service: Object, host: str) -> Iterator[Way]:
    """Yield what a Service leads to: the pods that it selects, on their own ports."""
    if "selector" not in service["spec"]:
        return
    for pods in tree.selected(service["metadata"]["namespace"], {"matchLabels": service["spec"]["selector"]}):
        named = [port for container in pods.spec.get("containers", []) for port in container.get("ports", [])]
        for port in service["spec"]["ports"]:
            numbers = [
                port_["containerPort"]
                for port_ in named
                if port["targetPort"] in (port_["name"], port_["containerPort"])
            ]
            yield from (Way(host, port["port"], pods, number) for number in numbers)


def _known(caller: Tree, namespace: str, name: str) -> set[int]:
    """Return the ports of a Service that only gives a name: its pods are in another cluster."""
    services = [
        service
        for service in caller.of("Service")
        if service["metadata"]["name"] == name and service["metadata"]["namespace"] == namespace
    ]
    is_there = namespace in caller.namespaces
    return {
        port["port"]
        for service in services
        if is_there and "selector" not in service["spec"]
        for port in service["spec"]["ports"]
    }


def _has(rule: Object, port: int) -> bool:
    return any(port_["port"] == port and port_["protocol"] == "TCP" for port_ in rule.get("ports", []))


def _covers(peers: Iterable[Any], cidr: str) -> bool:
    """Return whether one of the peers has all of these addresses."""
    range_ = ipaddress.ip_network(cidr)
    for block in (peer["ipBlock"] for peer in peers if "ipBlock" in peer):
        without = map(ipaddress.ip_network, block.get("except", []))
        if range_.subnet_of(ipaddress.ip_network(block["cidr"])) and not any(map(range_.overlaps, without)):  # type: ignore[arg-type]
            return True
    return False
