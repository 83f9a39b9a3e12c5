"""Address ranges: which a server outside the cluster may have, and what policies leave out of wider ones.

Sources: the registries of special-purpose addresses of IANA (RFC 6890), and for the servers of clouds
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16,
https://cloud.google.com/compute/docs/metadata/querying-metadata and
https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

import msgspec

Network = IPv4Network | IPv6Network

ANYWHERE = "0.0.0.0/0"
"""Every IPv4 address."""

_MAPPED = "::ffff:0:0/96"
_POD = "is the pod itself"
_METADATA = "serves the credentials of the node"
_NEVER = {
    "0.0.0.0/8": _POD,
    "127.0.0.0/8": _POD,
    "169.254.0.0/16": _METADATA,
    "168.63.129.16/32": _METADATA,  # Azure
    "100.100.100.200/32": _METADATA,  # Alibaba Cloud
    "192.0.0.192/32": _METADATA,  # Oracle Cloud Classic
    "224.0.0.0/4": "is a range for multicast",
    "::/127": _POD,
    _MAPPED: "is an IPv4 address in IPv6 notation",
    "fd00:ec2::/32": _METADATA,  # AWS
    "fd20:ce::254/128": _METADATA,  # Google Cloud
    "fe80::/10": _METADATA,
    "ff00::/8": "is a range for multicast",
}
_PRIVATE = (
    "10.0.0.0/8",
    "100.64.0.0/10",  # also the pods of some clouds
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "240.0.0.0/4",  # also the pods of some clouds
    "fc00::/7",
)
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_IN_IPV6 = (IPv6Network(_MAPPED), _NAT64)
"""IPv4 addresses in IPv6: those that mean the same to the pod itself, and those for a NAT64 gateway (RFC 6052)."""


class Reach(msgspec.Struct, frozen=True):
    """What an environment says of addresses that are not public.

    `own` are the ranges of the cluster itself, which nobody reaches by address. `private` are the other ranges that
    pods may reach.
    """

    own: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


class Block(msgspec.Struct, frozen=True, cache_hash=True):
    """An address range, except some ranges inside it."""

    network: Network
    without: tuple[Network, ...] = ()

    def covers(self, other: Network) -> bool:
        """Return whether another range is in this one, outside its exceptions."""
        return within(other, self.network) and not any(within(other, hole) for hole in self.without)


@lru_cache(maxsize=1024)
def network(text: str) -> Network:
    """Parse an address range in CIDR notation; raise ValueError if it is not valid."""
    return ip_network(text, strict=False)


def within(inner: Network, outer: Network) -> bool:
    """Return whether an address range is in another of the same family."""
    if type(inner) is not type(outer):
        return False
    # Ten times as fast as `subnet_of`, which works out the last addresses of both.
    return inner.prefixlen >= outer.prefixlen and inner.network_address in outer


def _with_nat64(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return ranges, those of IPv4 also as a NAT64 gateway translates them."""
    plain = tuple(map(network, texts))
    base = int(_NAT64.network_address)
    return (
        *plain,
        *(
            IPv6Network((base + int(range_.network_address), 96 + range_.prefixlen))
            for range_ in plain
            if isinstance(range_, IPv4Network)
        ),
    )


# The API server takes IPv4 in IPv6 notation for IPv4, which no range of IPv6 has inside; nothing sends to it, either.
NEVER = _with_nat64(text for text in _NEVER if text != _MAPPED)
"""Ranges of which no address may ever be that of a server outside: the pod itself, and the servers of its node."""
PRIVATE = _with_nat64(_PRIVATE)
"""Ranges that are not routed in the Internet: clusters and companies have their own addresses in them."""


def why_never(range_: Network) -> str:
    """Return why no server outside can have an address of this range; empty if one can."""
    embedded = _embedded(range_)
    if embedded is not None and (why := why_never(embedded)):
        return why
    return next((why for text, why in _NEVER.items() if within(range_, network(text))), "")


def _embedded(range_: Network) -> Network | None:
    """Return the IPv4 range that an IPv6 range means."""
    if isinstance(range_, IPv6Network) and any(within(range_, prefix) for prefix in _IPV4_IN_IPV6):
        return IPv4Network((int(range_.network_address) & 0xFFFFFFFF, range_.prefixlen - 96))
    return None


def is_own(range_: Network, reach: Reach) -> bool:
    """Return whether a range is in one of the cluster's own."""
    plain = _embedded(range_) or range_
    return any(within(plain, network(text)) for text in reach.own)


@lru_cache(maxsize=1024)
def is_out_of_reach(range_: Network, reach: Reach) -> bool:
    """Return whether pods may reach no part of a range, or only parts that the environment lists."""
    plain = _embedded(range_) or range_
    return not remaining(Block(plain, (*NEVER, *map(network, reach.own), *_closed(plain, reach))))


@lru_cache(maxsize=1024)
def reachable(cidr: str, reach: Reach) -> tuple[Block, ...]:
    """Return what policies allow of the address range of a server: the range, without addresses that nobody may reach.

    Private ranges that the environment lists follow, if they are in the range. A range that is wholly private is
    allowed: if the environment does not list it, the platform itself has written it.
    """
    range_of_server, never = network(cidr), (*NEVER, *_with_nat64(reach.own))
    if not remaining(Block(range_of_server, never)):
        return (Block(range_of_server),)  # such as a server of the node that a component asks for
    closed = () if is_out_of_reach(range_of_server, reach) else _closed(range_of_server, reach)
    listed = [
        range_
        for range_ in map(network, reach.private)
        if closed and within(range_, range_of_server) and _overlaps(range_, PRIVATE)
    ]
    return (
        Block(range_of_server, _holes(range_of_server, (*never, *closed))),
        *(Block(range_, _holes(range_, never)) for range_ in _joined(listed) if remaining(Block(range_, never))),
    )


def without_never(cidr: str) -> Block:
    """Return an address range without the addresses that no server outside has."""
    full = network(cidr)
    return Block(full, _holes(full, NEVER))


def _closed(range_: Network, reach: Reach) -> tuple[Network, ...]:
    """Return the private ranges: none of them, if a range is in one that the environment lists."""
    return () if any(within(range_, network(text)) for text in reach.private) else PRIVATE


def _holes(outer: Network, ranges: Iterable[Network]) -> tuple[Network, ...]:
    """Return the ranges inside another, without those that are in each other."""
    return _joined(range_ for range_ in ranges if within(range_, outer))


def _joined(networks: Iterable[Network]) -> tuple[Network, ...]:
    """Return the fewest ranges with the same addresses, sorted."""
    ranges = tuple(networks)
    four = collapse_addresses(range_ for range_ in ranges if isinstance(range_, IPv4Network))
    six = collapse_addresses(range_ for range_ in ranges if isinstance(range_, IPv6Network))
    return (*four, *six)


def _overlaps(range_: Network, others: Iterable[Network]) -> bool:
    return any(within(range_, other) or within(other, range_) for other in others)


@lru_cache(maxsize=10_000)  # the same few blocks, in every namespace
def remaining(block: Block) -> tuple[Network, ...]:
    """Return the ranges of a block without its exceptions, sorted; these may also be outside it."""
    left = [block.network]
    for hole in block.without:
        left = [piece for part in left for piece in _less(part, hole)]
    return _joined(left)


@lru_cache(maxsize=10_000)
def excess(block: Block, allowed: tuple[Block, ...]) -> tuple[Network, ...]:
    """Return the addresses of a block that are in none of the allowed ones, as ranges."""
    left = remaining(block)
    for other in allowed:
        holes = remaining(other)
        left = tuple(piece for part in left for piece in remaining(Block(part, holes)))
    return _joined(left)


def _less(range_: Network, hole: Network) -> Iterator[Network]:
    if not range_.overlaps(hole):
        yield range_
    elif within(hole, range_):
        yield from range_.address_exclude(hole)  # type: ignore[arg-type]
