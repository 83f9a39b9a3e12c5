"""Address ranges: which a server outside may have, and what of a range policies allow."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from examples import FEW
from floe_compiler.model.addresses import (
    NEVER,
    PRIVATE,
    Block,
    Network,
    Reach,
    excess,
    is_out_of_reach,
    is_own,
    network,
    reachable,
    remaining,
    why_never,
    without_never,
)
from tables import table

LISTED = Reach(own=("10.96.0.0/12",), private=("10.0.0.0/8",))


@table(
    "cidr, why",
    [
        ("169.254.169.254/32", "serves the credentials of the node"),
        ("169.254.0.0/17", "serves the credentials of the node"),
        ("168.63.129.16/32", "serves the credentials of the node"),
        ("fe80::/64", "serves the credentials of the node"),
        ("fd00:ec2::254/128", "serves the credentials of the node"),
        ("64:ff9b::a9fe:a9fe/128", "serves the credentials of the node"),
        ("::ffff:169.254.169.254/128", "serves the credentials of the node"),
        ("::ffff:10.0.0.1/128", "is an IPv4 address in IPv6 notation"),
        ("127.0.0.0/8", "is the pod itself"),
        ("0.0.0.0/32", "is the pod itself"),
        ("::1/128", "is the pod itself"),
        ("239.0.0.1/32", "is a range for multicast"),
        ("0.0.0.0/0", ""),
        ("169.0.0.0/8", ""),
        ("10.0.0.0/8", ""),
        ("168.63.129.17/32", ""),
        ("2001:db8::/32", ""),
        ("64:ff9b::808:808/128", ""),
    ],
)
def test_ranges_that_no_external_server_may_have(cidr: str, why: str) -> None:
    assert why_never(network(cidr)) == why


@table(
    "cidr, reach, closed",
    [
        ("10.30.0.0/16", Reach(), True),
        ("100.64.0.0/10", Reach(), True),
        ("172.16.0.0/28", Reach(), True),
        ("192.168.0.0/16", Reach(), True),
        ("240.0.0.0/4", Reach(), True),
        ("224.0.0.0/3", Reach(), True),
        ("fd12::/48", Reach(), True),
        ("64:ff9b::a00:1/128", Reach(), True),
        ("203.0.113.0/24", Reach(), False),
        ("0.0.0.0/0", Reach(), False),
        ("10.30.0.0/16", LISTED, False),
        ("10.96.0.0/16", LISTED, True),
        ("10.0.0.0/8", LISTED, False),
        ("10.0.0.0/8", Reach(private=("10.30.0.0/16",)), True),
        ("203.0.113.0/24", Reach(own=("203.0.113.0/24",)), True),
    ],
)
def test_ranges_that_may_not_be_reached_at_all(cidr: str, reach: Reach, closed: bool) -> None:
    assert is_out_of_reach(network(cidr), reach) is closed


def as_text(blocks: tuple[Block, ...]) -> list[tuple[str, list[str]]]:
    return [(str(block.network), [str(hole) for hole in block.without]) for block in blocks]


@pytest.mark.parametrize(
    ("cidr", "reach", "expected"),
    [
        ("203.0.113.0/24", Reach(), [("203.0.113.0/24", [])]),
        ("168.0.0.0/7", Reach(), [("168.0.0.0/7", ["168.63.129.16/32", "169.254.0.0/16"])]),
        ("10.0.0.0/8", LISTED, [("10.0.0.0/8", ["10.96.0.0/12"])]),
        ("10.30.0.0/16", Reach(), [("10.30.0.0/16", [])]),
        ("10.0.0.0/8", Reach(own=("10.96.0.0/12",)), [("10.0.0.0/8", ["10.96.0.0/12"])]),
        ("8.0.0.0/6", LISTED, [("8.0.0.0/6", ["10.0.0.0/8"]), ("10.0.0.0/8", ["10.96.0.0/12"])]),
        ("8.0.0.0/6", Reach(private=("8.8.8.0/24",)), [("8.0.0.0/6", ["10.0.0.0/8"])]),
        ("169.254.170.23/32", Reach(), [("169.254.170.23/32", [])]),
        ("fc00::/6", Reach(), [("fc00::/6", ["fc00::/7", "fe80::/10", "ff00::/8"])]),
    ],
)
def test_policies_allow_the_reachable_part_of_a_range(
    cidr: str, reach: Reach, expected: list[tuple[str, list[str]]]
) -> None:
    assert as_text(reachable(cidr, reach)) == expected


def test_all_of_ipv6_leaves_out_what_a_gateway_translates_to_closed_addresses() -> None:
    (block,) = reachable("::/0", Reach())
    assert "::ffff:0:0/96" not in map(str, block.without), "the API server would refuse it, as Go takes it for IPv4"
    networks = remaining(block)
    assert not any(
        ip_address("64:ff9b::a9fe:a9fe") in network_ or ip_address("64:ff9b::a00:1") in network_
        for network_ in networks
    )
    assert any(ip_address("64:ff9b::808:808") in network_ for network_ in networks)
    assert any(ip_address("2001:db8::1") in network_ for network_ in networks)


def test_servers_of_the_node_are_excluded() -> None:
    assert as_text((without_never("168.0.0.0/7"),)) == [("168.0.0.0/7", ["168.63.129.16/32", "169.254.0.0/16"])]


RANGES = some.builds(
    lambda address, prefix: ip_network((address, prefix), strict=False),
    some.integers(0, 2**32 - 1),
    some.integers(0, 32),
)
REACHES = some.builds(
    lambda own, private: Reach(tuple(map(str, own)), tuple(map(str, private))),
    some.lists(RANGES, max_size=2),
    some.lists(RANGES, max_size=2),
)


@given(RANGES, REACHES)
@FEW
def test_exceptions_are_inside_their_range_as_kubernetes_requires(range_: Network, reach: Reach) -> None:
    for block in reachable(str(range_), reach):
        assert all(hole != block.network and hole.subnet_of(block.network) for hole in block.without)  # type: ignore[arg-type]


@given(RANGES, REACHES, some.integers(0, 2**32 - 1))
@FEW
def test_only_permitted_addresses_are_reachable(range_: Network, reach: Reach, number: int) -> None:
    address = ip_address(number)
    never = (*NEVER, *map(network, reach.own))
    if is_out_of_reach(range_, reach):
        return
    reached = any(address in network_ for block in reachable(str(range_), reach) for network_ in remaining(block))
    listed = any(address in network(cidr) for cidr in reach.private)
    may_be = not any(address in block for block in never) and (listed or not any(address in block for block in PRIVATE))
    assert not reached or (may_be and address in range_)


def test_a_block_without_its_exceptions_remains() -> None:
    block = Block(network("10.0.0.0/30"), (network("10.0.0.1/32"), network("10.0.0.2/31")))
    assert remaining(block) == (ip_network("10.0.0.0/32"),)
    assert remaining(Block(network("10.0.0.0/30"), (network("10.0.0.0/8"),))) == ()
    assert remaining(Block(network("::/0"), (network("0.0.0.0/0"),))) == (ip_network("::/0"),)


def test_the_difference_of_blocks_is_exact() -> None:
    half = Block(network("10.0.0.0/9"))
    assert excess(Block(network("10.0.0.0/8")), (half,)) == (ip_network("10.128.0.0/9"),)
    assert excess(Block(network("10.0.0.0/8")), (half, Block(network("10.128.0.0/9")))) == ()
    assert excess(Block(network("10.0.0.0/9")), (Block(network("10.0.0.0/8"), (network("10.1.0.0/16"),)),)) == (
        ip_network("10.1.0.0/16"),
    )


def test_the_clusters_own_ranges_stay_closed_behind_a_nat64_gateway_also_if_they_are_public() -> None:
    reach, own = Reach(own=("34.118.224.0/20",)), network("64:ff9b::2276:e000/116")
    assert is_own(own, reach)
    assert own in [hole for block in reachable("64:ff9b::/96", reach) for hole in block.without]
