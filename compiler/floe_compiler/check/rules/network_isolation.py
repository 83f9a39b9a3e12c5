"""Namespaces that deny what nobody allows, and pods that can still find a server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.ingresses import backend_ports, backends
from floe_compiler.check.policies import Policies, read_policies
from floe_compiler.check.policy_ports import ANY_PORT, DNS_PORT, Port
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId

OPEN = Rule(
    "C060",
    "Namespace without a default-deny policy",
    "In each namespace with pods one NetworkPolicy selects all of them (podSelector {}) for Ingress and Egress, so "
    "that only what others allow is possible.",
)
DNS = Rule(
    "C063",
    "pods that cannot ask DNS",
    "Policies must let pods ask the cluster's DNS (in kube-system, at least the pods with k8s-app kube-dns) on port "
    "53, by UDP and by TCP, or no name resolves. The compiled allow-dns opens that port in all of kube-system, as some "
    "clusters' servers and caches have other labels.",
)
INGRESS = Rule(
    "C065",
    "Ingress whose pods nobody can reach",
    "An Ingress routes to pods that no NetworkPolicy lets the ingress controller's namespace reach. "
    "Open the pods' port to it.",
)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield namespaces that are open by default, pods without DNS, and Ingresses that lead nowhere."""
    policies = read_policies(index)
    for namespace in index.pods.namespaces:
        missing = [name.capitalize() for name, denying in policies.denying.items() if namespace not in denying]
        if missing:
            about = ObjectId("", "Namespace", "", namespace)
            yield index.finding(OPEN, about, f"no NetworkPolicy denies {' and '.join(missing)} to all of its pods")
    yield from _dns(index, policies)
    yield from _ingresses(index, policies)


def _dns(index: Index, policies: Policies) -> Iterator[Diagnostic]:
    allowed = {"TCP": 0, "UDP": 0}
    for rule in policies.rules:
        if rule.direction == "egress" and rule.peers.dns:
            for protocol in allowed:
                if {(protocol, DNS_PORT), (protocol, ANY_PORT)} & set(rule.ports):
                    allowed[protocol] |= rule.pods
    for position, pods in enumerate(index.pods.all):
        isolated = policies.isolated["egress"] & (1 << position)
        missing = [protocol for protocol, reached in allowed.items() if isolated & ~reached]
        if missing:
            yield index.finding(DNS, pods.about, f"no policy lets its pods ask DNS by {' and '.join(missing)}")


def _ingresses(index: Index, policies: Policies) -> Iterator[Diagnostic]:
    reached: dict[Port, int] = defaultdict(int)
    for rule in policies.rules:
        if rule.direction == "ingress" and (rule.peers.elsewhere or rule.peers.blocks):
            for port, pods in rule.received:
                reached[port] |= pods
    for identity, ingress in index.of("networking.k8s.io", "Ingress"):
        for backend in dict.fromkeys((one.service, one.port) for one in backends(ingress)):
            for position, number in backend_ports(index, identity.namespace, *backend):
                blocked = policies.isolated["ingress"] & ~(reached["TCP", number] | reached["TCP", ANY_PORT])
                if blocked >> position & 1:
                    target = index.pods.all[position].group
                    message = f"no policy lets the ingress controller reach {target} on port {number}"
                    yield index.finding(INGRESS, identity, message)
