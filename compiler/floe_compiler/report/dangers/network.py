"""Network access: addresses that a policy opens, pods that are no longer restricted, Services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import collapse_addresses
from typing import TypeAlias

from floe_compiler.model.addresses import Block, Network, network, remaining, within
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.selectors import Labels, matches
from floe_compiler.report.dangers.danger import Change, Danger, pods_beside

Reach: TypeAlias = dict[str, dict[str, list[Network]]]
"""By port (`TCP 443`), the addresses that a policy opens: the text, and the networks."""

ANYWHERE = ("0.0.0.0/0", "::/0")
EVERY_POD = "every pod of the cluster"
_PEERS = {"egress": ("to", "its pods may now connect to"), "ingress": ("from", "its pods are now open to")}
_OUTSIDE = frozenset({"LoadBalancer", "NodePort"})


def addresses_opened(change: Change) -> Iterator[Danger]:
    """Yield the addresses that an existing policy newly allows, and the whole cluster if it newly allows that."""
    if change.kind != "NetworkPolicy" or not change.before:
        return
    for direction, (_, words) in _PEERS.items():
        before, after = _reach(change.before, direction), _reach(change.after, direction)
        opened: dict[str, list[str]] = defaultdict(list)
        for port, peers in sorted(after.items()):
            allowed_before = {**before.get("any port", {}), **before.get(port, {})}
            for peer, networks in sorted(peers.items()):
                if not _covered(peer, networks, allowed_before):
                    opened["any address" if peer in ANYWHERE else peer].append(port)
        for address, ports in opened.items():
            yield Danger("network-opened", f"{words} {address} on {', '.join(dict.fromkeys(ports))}")


def _reach(policy: Object, direction: str) -> Reach:
    reach: Reach = defaultdict(dict)
    field = _PEERS[direction][0]
    for rule in mappings(policy, ("spec", direction)):
        for peer in mappings(rule, (field,)) if rule.get(field) else _EVERYBODY:
            block = mapping(peer, ("ipBlock",))
            for port in _ports(rule):
                if block:
                    reach[port].setdefault(str(block.get("cidr")), []).extend(_networks(block))
                elif peer.get("namespaceSelector") == {} and not peer.get("podSelector"):
                    reach[port][EVERY_POD] = []
    return reach


_EVERYBODY: list[Object] = [{"ipBlock": {"cidr": cidr}} for cidr in ANYWHERE]


def _networks(block: Object) -> tuple[Network, ...]:
    """Return the networks of an `ipBlock` without its exceptions; empty if it is invalid."""
    try:
        gaps = tuple(network(str(text)) for text in items(block, ("except",)))
        return remaining(Block(network(str(block.get("cidr"))), gaps))
    except ValueError:
        return ()


def _covered(peer: str, networks: Iterable[Network], allowed_before: Mapping[str, list[Network]]) -> bool:
    """Return whether a peer was allowed before; a rule for all addresses, without exceptions, includes every pod."""
    if peer == EVERY_POD:
        return EVERY_POD in allowed_before or any(
            network(everyone) in allowed_before.get(everyone, ()) for everyone in ANYWHERE
        )
    before = [cidr for allowed in allowed_before.values() for cidr in allowed]
    joined = [cidr for version in (4, 6) for cidr in _joined(before, version)]
    return all(any(within(cidr, allowed) for allowed in joined) for cidr in networks)


def _joined(networks: list[Network], version: int) -> Iterator[Network]:
    return collapse_addresses(cidr for cidr in networks if cidr.version == version)  # type: ignore[type-var]


def _ports(rule: Object) -> list[str]:
    return [_port(port) for port in mappings(rule, ("ports",))] or ["any port"]


def _port(port: Object) -> str:
    last = f"-{port['endPort']}" if "endPort" in port else ""
    return f"{port.get('protocol', 'TCP')} {port.get('port', 'any')}{last}"


def restriction_lost(change: Change) -> Iterator[Danger]:
    """Yield the directions in which remaining pods are no longer restricted by any policy.

    A policy that selects all pods also applies to pods that start later.
    """
    if change.kind != "NetworkPolicy" or not change.before:
        return
    pods = pods_beside(change)
    policies = [policy for policy in change.beside if policy.get("kind") == "NetworkPolicy"]
    lost = [
        direction
        for direction in _directions(change.before)
        if _lost(change.before, pods, [policy for policy in policies if direction in _directions(policy)])
    ]
    if lost:
        yield Danger("network-opened", f"no policy restricts the {' and '.join(lost)} of its pods any longer")


def _lost(policy: Object, pods: list[Labels], remaining: list[Object]) -> bool:
    if any(_selects_all(other) for other in remaining):
        return False
    selected = [pod for pod in pods if _selects(policy, pod)]
    return bool(selected) and (
        _selects_all(policy) or not all(any(_selects(other, pod) for other in remaining) for pod in selected)
    )


def _directions(policy: Object) -> list[str]:
    """Return the directions that a policy restricts; without `policyTypes`, egress only if it has rules for it."""
    types = items(policy, ("spec", "policyTypes"))
    if types:
        return [str(direction).lower() for direction in types]
    return ["ingress", *(["egress"] if items(policy, ("spec", "egress")) else [])]


def _selects(policy: Object, pod: Labels) -> bool:
    return matches(mapping(policy, ("spec", "podSelector")), pod)


def _selects_all(policy: Object) -> bool:
    return not any(mapping(policy, ("spec", "podSelector")).values())


def service_exposed(change: Change) -> Iterator[Danger]:
    """Yield a danger if a Service is now reachable from outside the cluster."""
    old, new = (str(at(manifest, ("spec", "type"))) for manifest in (change.before, change.after))
    if change.kind == "Service" and new in _OUTSIDE and new != old:
        yield Danger("exposed", f"a {new} can be reached from outside the cluster")
