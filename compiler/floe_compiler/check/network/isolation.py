"""Namespaces must deny all traffic by default, and pods must be able to use DNS."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.policy_ports import ANY_PORT, show_ports
from floe_compiler.model.summary import DIRECTIONS

OPEN = Rule(
    "C060",
    "Namespace without a default-deny policy",
    "In each namespace with pods, a NetworkPolicy must select all pods (podSelector {}) for Ingress and Egress, so "
    "that only traffic that other policies allow is possible.",
)
DNS = Rule(
    "C063",
    "pods without access to DNS",
    "Policies must let pods query the cluster's DNS (in kube-system, at least the pods with k8s-app: kube-dns) on port "
    "53, over UDP and TCP, or no names can be resolved. The compiled policy allow-dns allows this port in all of "
    "kube-system, as DNS servers and caches have other labels in some clusters. Where the servers are elsewhere, or "
    "listen on another port, say so: `cluster: {dns: ...}` of the environment.",
)
RULES = (OPEN, DNS)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the namespace if it has no default-deny policy, and its pods without access to DNS."""
    if index.pods.all:
        missing = [direction.capitalize() for direction in DIRECTIONS if direction not in index.policies.denying]
        if missing:
            about = ObjectId("", "Namespace", "", index.pods.all[0].group.namespace)
            message = f"no NetworkPolicy denies {' and '.join(missing)} to all of its pods"
            hint = f"add one: spec: {{podSelector: {{}}, policyTypes: [{', '.join(missing)}]}}"
            yield index.finding(OPEN, about, message, hint)
        yield from _dns(index)


def _dns(index: Index) -> Iterator[Diagnostic]:
    servers = index.rendered.dns
    wanted = [(protocol, port) for protocol in ("TCP", "UDP") for port in servers.ports]
    allowed = dict.fromkeys(wanted, 0)
    for rule in index.policies.rules:
        if rule.direction == "egress" and rule.peers.dns:
            ports = set(rule.ports.plain(servers.ports))
            for protocol, port in wanted:
                if {(protocol, port), (protocol, ANY_PORT)} & ports:
                    allowed[protocol, port] |= rule.pods
    isolated = index.policies.isolated["egress"]
    for position, pods in enumerate(index.pods.all):
        missing = [port for port, reached in allowed.items() if isolated & ~reached & (1 << position)]
        if missing:
            protocols = " and ".join(sorted({protocol for protocol, _ in missing}))
            hint = f"allow egress to {servers.places} on {show_ports(wanted)}"
            yield index.finding(DNS, pods.about, f"no policy lets its pods query DNS over {protocols}", hint)
