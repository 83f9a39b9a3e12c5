"""Whom the rules of NetworkPolicies let pods talk to, with all selectors resolved.

Source of the meaning: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from floe_compiler.check.bits import to_bits
from floe_compiler.check.index import Index
from floe_compiler.check.selection import NAMESPACE_NAME, LabelIndex
from floe_compiler.model.selectors import Selector, matches

Network = IPv4Network | IPv6Network

_DNS_NAMESPACE = {NAMESPACE_NAME: "kube-system"}
_DNS_PODS = {"k8s-app": "kube-dns"}
"""The labels of the cluster's own DNS servers and of their namespace, which no environment renders."""
_STRANGER = {NAMESPACE_NAME: ""}
"""The labels of a namespace of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Block:
    """An address range without some ranges inside it."""

    network: Network
    without: tuple[Network, ...] = ()

    def covers(self, other: Network) -> bool:
        """Tell whether another range lies in this one and not in a part that is left out."""
        return within(other, self.network) and not any(within(other, hole) for hole in self.without)


EVERYWHERE = Block(ip_network("0.0.0.0/0"))


@dataclass(frozen=True, slots=True, eq=False)
class Peers:
    """Pods (as bits), address ranges, whether the cluster's DNS is among them, and pods that are not rendered.

    `foreign` are the namespaces that are named and not rendered; `unnamed` tells whether pods of others are meant, too.
    """

    pods: int = 0
    blocks: tuple[Block, ...] = ()
    dns: bool = False
    foreign: frozenset[str] = frozenset()
    unnamed: bool = False
    elsewhere: bool = False


class PeerReader:
    """Resolves peers; those that many policies have in common only once."""

    def __init__(self, index: Index) -> None:
        self._pods = index.pods
        rendered = {identity.name: manifest for identity, manifest in index.of("", "Namespace")}
        self._rendered = frozenset(rendered)
        self._namespaces = sorted(self._rendered | set(index.pods.namespaces))
        labels = [
            {**rendered.get(name, {}).get("metadata", {}).get("labels", {}), NAMESPACE_NAME: name}
            for name in self._namespaces
        ]
        self._by_label = LabelIndex(labels)
        self._known: dict[tuple[str, str], Peers] = {}
        self._all = Peers(to_bits(range(len(index.pods.all))), (EVERYWHERE,), dns=True, unnamed=True, elsewhere=True)

    def read(self, namespace: str, peers: Iterable[Selector]) -> Peers:
        """Return whom the `from` or `to` of a policy's rule means; without any it means everyone."""
        found = [self._peer(namespace, peer) for peer in peers]
        if not found:
            return self._all
        pods = 0
        for one in found:
            pods |= one.pods
        blocks = tuple(block for one in found for block in one.blocks)
        return Peers(
            pods,
            blocks,
            any(one.dns for one in found),
            frozenset().union(*(one.foreign for one in found)),
            any(one.unnamed for one in found),
            any(one.elsewhere for one in found),
        )

    def _peer(self, namespace: str, peer: Selector) -> Peers:
        place = "" if "namespaceSelector" in peer or "ipBlock" in peer else namespace
        key = (place, json.dumps(peer, sort_keys=True))
        if key not in self._known:
            self._known[key] = self._resolve(namespace, peer)
        return self._known[key]

    def _resolve(self, namespace: str, peer: Selector) -> Peers:
        if "ipBlock" in peer:
            return Peers(blocks=_blocks(peer["ipBlock"]), dns=True)
        pod_selector = peer.get("podSelector", {})
        if "namespaceSelector" not in peer:
            return Peers(to_bits(self._pods.positions(namespace, pod_selector)))
        selector = peer["namespaceSelector"]
        names = [self._namespaces[position] for position in self._by_label.select(selector)]
        pods = to_bits(position for name in names for position in self._pods.positions(name, pod_selector))
        dns = matches(selector, _DNS_NAMESPACE) and matches(pod_selector, _DNS_PODS)
        named = named_namespaces(selector)
        foreign = frozenset(named) - self._rendered
        # Labels of which no rendered namespace has all are rather those of others; some selectors take any stranger.
        unnamed = not named and (not names or matches(selector, _STRANGER))
        return Peers(pods, (), dns, foreign, unnamed, elsewhere=not named or bool(foreign))


def named_namespaces(selector: Selector) -> tuple[str, ...]:
    """Return the namespaces that a namespaceSelector names one by one; nothing if it selects by other labels."""
    for expression in selector.get("matchExpressions", ()):
        if expression.get("key") == NAMESPACE_NAME and expression.get("operator") == "In":
            return tuple(expression.get("values", ()))
    name = selector.get("matchLabels", {}).get(NAMESPACE_NAME)
    return () if name is None else (name,)


def _blocks(block: Mapping[str, Any]) -> tuple[Block, ...]:
    try:
        holes = tuple(ip_network(hole, strict=False) for hole in block.get("except", ()))
        return (Block(ip_network(block.get("cidr", ""), strict=False), holes),)
    except ValueError:
        return ()


def within(inner: Network, outer: Network) -> bool:
    """Tell whether an address range lies in another, of the same family."""
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network) and inner.subnet_of(outer)
