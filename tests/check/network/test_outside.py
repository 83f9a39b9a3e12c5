"""Ways out of the cluster and into it."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import BACKUP, DAGSTER, Platform, policy, sample, selector
from floe_compiler.check.network.outside import check
from floe_compiler.link import strangers as linked_strangers
from floe_compiler.model.rendered import Connection, External

CHECKS = (check, linked_strangers.check)

BACKUP_NAME = "CronJob.batch floe-platform/backup"
DAGSTER_NAME = "Deployment.apps floe-platform/dagster"


def with_server(cidr: str, block: dict[str, Any], port: int = 443) -> Platform:
    """Return the platform with one server of the backup, and one range that policies let it reach."""
    platform = sample()
    rest = {one for one in platform.facts["connections"] if one.source != BACKUP or one.port != 443}
    platform.facts["connections"] = rest | {Connection(BACKUP, External("s3.example.com", 443, cidr), 443)}
    rule = {"to": [{"ipBlock": block}], "ports": [{"port": port}]}
    platform["NetworkPolicy/buckets"]["spec"]["egress"] = [rule]
    return platform


@pytest.mark.parametrize(
    ("cidr", "block"),
    [
        ("0.0.0.0/0", {"cidr": "0.0.0.0/0"}),
        ("10.1.0.0/16", {"cidr": "10.1.0.0/16"}),
        ("10.1.9.9/16", {"cidr": "10.1.9.9/16"}),
        ("10.1.0.0/16", {"cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]}),
        ("2001:db8::/32", {"cidr": "2001:db8::/32"}),
    ],
)
def test_exactly_the_declared_server(cidr: str, block: dict[str, Any]) -> None:
    assert with_server(cidr, block).findings(*CHECKS) == []


def test_a_server_that_is_cut_off() -> None:
    message = "no policy allows egress to s3.example.com (10.1.0.0/16) on TCP 443"
    platform = with_server("10.1.0.0/16", {"cidr": "10.1.2.0/24"})
    assert platform.findings(*CHECKS) == [("C067", BACKUP_NAME, message)]
    platform = with_server("10.1.0.0/16", {"cidr": "10.1.0.0/16", "except": ["10.0.0.0/8"]})
    assert platform.findings(*CHECKS) == [("C067", BACKUP_NAME, message)]


def test_a_range_that_is_wider_than_the_declared_one() -> None:
    platform = with_server("10.1.0.0/16", {"cidr": "10.0.0.0/8"})
    message = "a policy lets its pods send to 10.0.0.0/8 on TCP 443"
    assert platform.findings(*CHECKS) == [("C066", BACKUP_NAME, message)]


def test_a_port_that_nobody_declared() -> None:
    platform = with_server("0.0.0.0/0", {"cidr": "0.0.0.0/0"}, 5432)
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C067", "no policy allows egress to s3.example.com (0.0.0.0/0) on TCP 443"),
        ("C066", "a policy lets its pods send to 0.0.0.0/0 on TCP 5432"),
    ]


def test_a_rule_without_peers_leads_everywhere() -> None:
    platform = sample()
    platform["NetworkPolicy/polaris-out"]["spec"]["egress"] = [{"ports": [{"port": 5432}]}]
    message = "a policy lets its pods send to 0.0.0.0/0 on TCP 5432"
    assert platform.findings(*CHECKS) == [("C066", "Deployment.apps floe-platform/polaris", message)]


def test_one_opening_is_one_finding_whatever_the_protocols() -> None:
    platform = sample()
    platform["NetworkPolicy/polaris-out"]["spec"]["egress"] = [{}]
    platform.add(policy("open", "ingress", selector("polaris"), [{}]))
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C066", "a policy lets its pods send to 0.0.0.0/0 on all ports"),
        ("C068", "it lets everyone reach floe-platform/polaris on all ports"),
    ]


def test_names_of_ports_mean_nothing_outside() -> None:
    platform = sample()
    rule = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": "main"}]}
    platform["NetworkPolicy/polaris-out"]["spec"]["egress"].append(rule)
    assert platform.findings(*CHECKS) == []


def test_dns_outside_is_no_way_out() -> None:
    platform = sample()
    rule = {"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]}
    platform["NetworkPolicy/dns"]["spec"]["egress"].append(rule)
    assert platform.findings(*CHECKS) == []


@pytest.mark.parametrize("port", [443, 6443])
def test_the_api_server_needs_both_of_its_ports(port: int) -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-api"]["spec"]["egress"][0]["ports"] = [{"port": port}]
    other = 6443 if port == 443 else 443
    message = f"no policy allows egress to the API server (0.0.0.0/0) on TCP {other}"
    assert platform.findings(*CHECKS) == [("C067", DAGSTER_NAME, message)]


def test_the_api_server_may_have_few_addresses() -> None:
    platform = sample()
    platform["NetworkPolicy/dagster-api"]["spec"]["egress"][0]["to"] = [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
    assert platform.findings(*CHECKS) == []


def test_only_those_who_use_the_api_server_reach_it() -> None:
    platform = sample()
    platform.facts["connections"] -= {Connection(DAGSTER, "kubernetes-api", 443)}
    assert [(code, message) for code, _, message in platform.findings(*CHECKS)] == [
        ("C066", "a policy lets its pods send to 0.0.0.0/0 on TCP 443, TCP 6443"),
    ]


def test_pods_that_nothing_isolates_reach_every_server() -> None:
    platform = sample()
    platform.objects = {key: one for key, one in platform.objects.items() if one["kind"] != "NetworkPolicy"}
    assert platform.findings(*CHECKS) == []
