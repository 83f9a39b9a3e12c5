"""The peers of NetworkPolicies' rules, before their pods are looked up.

Source: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from floe_compiler.model.addresses import ANYWHERE, Block, network
from floe_compiler.model.dns import DnsServers
from floe_compiler.model.label_index import NAMESPACE_NAME, LabelSelector
from floe_compiler.model.selectors import Selector, matches
from floe_compiler.model.summary import Peer

EVERYWHERE = Block(network(ANYWHERE))


class Peers(msgspec.Struct, frozen=True):
    """The peers of one rule: pods by selector, address ranges, and whether the cluster's DNS is among them.

    `everyone` is true for a rule without peers.
    """

    pods: tuple[Peer, ...] = ()
    blocks: tuple[Block, ...] = ()
    dns: bool = False
    everyone: bool = False

    @property
    def named_elsewhere(self) -> tuple[str, ...]:
        """Return the namespaces that are named, sorted."""
        return tuple(sorted({name for peer in self.pods for name in peer.names}))

    @property
    def any_elsewhere(self) -> bool:
        """Return whether the rule may match peers other than pods of named namespaces."""
        return self.everyone or bool(self.blocks) or any(not peer.own and not peer.names for peer in self.pods)


def read_peers(peers: Iterable[Selector], dns: DnsServers = DnsServers()) -> Peers:  # noqa: B008 - it is frozen
    """Return the peers in the `from` or `to` of a policy's rule; everyone if it has no peers."""
    if not peers:
        return Peers(blocks=(EVERYWHERE,), dns=True, everyone=True)
    blocks = tuple(block for peer in peers if "ipBlock" in peer for block in _blocks(peer["ipBlock"]))
    pods = tuple(_pods(peer) for peer in peers if "ipBlock" not in peer)
    return Peers(pods, blocks, any(_means_dns(peer, dns) for peer in peers))


def named_namespaces(selector: Selector) -> tuple[str, ...]:
    """Return the namespaces that a namespaceSelector selects by name; empty if it uses other labels."""
    for expression in selector.get("matchExpressions", ()):
        if expression.get("key") == NAMESPACE_NAME and expression.get("operator") == "In":
            return tuple(expression.get("values", ()))
    name = selector.get("matchLabels", {}).get(NAMESPACE_NAME)
    return () if name is None else (name,)


def _pods(peer: Selector) -> Peer:
    pods = LabelSelector.of(peer.get("podSelector", {}))
    if "namespaceSelector" not in peer:
        return Peer(pods, own=True)
    selector = peer["namespaceSelector"]
    names = named_namespaces(selector)
    conditions = len(selector.get("matchLabels", ())) + len(selector.get("matchExpressions", ()))
    return Peer(pods, names=names, namespaces=None if names and conditions == 1 else LabelSelector.of(selector))


def _means_dns(peer: Selector, dns: DnsServers) -> bool:
    """Return whether a peer may be the cluster's DNS servers, which no environment renders."""
    if "ipBlock" in peer:
        return True
    if "namespaceSelector" not in peer:
        return False
    selector, pods = peer["namespaceSelector"], peer.get("podSelector", {})
    in_namespace = any(matches(selector, {NAMESPACE_NAME: name}) for name in dns.namespaces)
    return in_namespace and (not dns.labels or matches(pods, dict(dns.labels)))


def _blocks(block: Mapping[str, Any]) -> tuple[Block, ...]:
    try:
        return (Block(network(block.get("cidr", "")), tuple(map(network, block.get("except", ())))),)
    except ValueError:
        return ()
