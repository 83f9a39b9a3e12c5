"""Servers outside the cluster: accepted, or refused with what to write."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from floe_compiler.model.hosts import check_outside_server, check_server, check_url, numeric, respelt
from floe_compiler.model.inputs import ExternalPostgresql, ExternalServer
from tables import table


@pytest.mark.parametrize("host", ["shop-db.acme.example", "203.0.113.7", "warehouse", "api.svc.acme.example"])
def test_valid_hosts_are_accepted(host: str) -> None:
    assert check_outside_server(host) == host


@table(
    "host, hint",
    [
        ("https://shop-db.acme.example", "write host: shop-db.acme.example"),
        ("https://shop-db.acme.example:8443/v1", "write host: shop-db.acme.example, port: 8443"),
        ("http://shop-db.acme.example/api", "write host: shop-db.acme.example, port: 80"),
        ("postgresql://app@shop-db:5432/orders", "write host: shop-db, port: 5432"),
        ("2001:db8::7", "write its DNS name (and where it is a setting, cidr: 2001:db8::7/128)"),
        ("[2001:db8::7]", "cidr: 2001:db8::7/128"),
        ("[2001:db8::7]:5432", "cidr: 2001:db8::7/128"),
        ("https://[2001:0DB8::7]:8443/v1", "cidr: 2001:db8::7/128"),
        ("[::1]:5432", "write the DNS name of the server"),
        ("http://[::ffff:169.254.169.254]/latest", "a workload identity"),
        ("shop-db:5432", "write host: shop-db, port: 5432"),
        ("shop.acme.example/api", "write host: shop.acme.example"),
        ("Shop.acme.example", 'such as "shop.acme.example"'),
        ("", "lower-case letters"),
        ("localhost", "write the DNS name of the server"),
        ("127.0.0.1", "write the DNS name of the server"),
        ("0.0.0.0", "write the DNS name of the server"),
        ("169.254.169.254", "a workload identity"),
        ("metadata.google.internal", "a workload identity"),
        ("metadata", "a workload identity"),
        ("168.63.129.16", "a workload identity"),
        ("100.100.100.200", "a workload identity"),
        ("2852039166", "a workload identity"),
        ("0xa9fea9fe", "a workload identity"),
        ("0xA9.0xfe.0xa9.0xfe", "a workload identity"),
        ("0251.0376.0251.0376", "a workload identity"),
        ("169.254.43518", "a workload identity"),
        ("169.16689662", "a workload identity"),
        ("::ffff:169.254.169.254", "a workload identity"),
        ("::ffff:203.0.113.7", "write its IPv4 range, 203.0.113.7/32"),
        ("64:ff9b::a9fe:a9fe", "a workload identity"),
        ("fd00:ec2::254", "a workload identity"),
        ("::1", "write the DNS name of the server"),
        ("127.1", "write the DNS name of the server"),
        ("0", "write the DNS name of the server"),
        ("0x7f000001", "write the DNS name of the server"),
        ("a.localhost", "write the DNS name of the server"),
        ("3405803783", "write 203.0.113.7"),
        ("203.0.0161.7", "write 203.0.113.7"),
    ],
)
def test_invalid_hosts_are_refused_with_a_fix(host: str, hint: str) -> None:
    with pytest.raises(ValueError) as refused:
        check_server(host)
    assert hint in str(refused.value).partition("; ")[2]


@pytest.mark.parametrize(
    "host",
    [
        "dagster.floe-sales-domain.svc",
        "polaris.floe-platform.svc.cluster.local",
        "10-0-0-1.floe-platform.pod.cluster.local",
        "kubernetes",
        "kubernetes.default",
        "kube-dns.kube-system",
    ],
)
def test_a_service_of_the_cluster_is_not_an_external_server(host: str) -> None:
    with pytest.raises(ValueError, match="not an external server; leave it out"):
        check_outside_server(host)


def test_a_database_may_be_an_external_service_of_the_cluster() -> None:
    assert check_server("main.postgres.svc.cluster.local")


def test_an_address_opens_no_more_than_itself() -> None:
    assert ExternalServer(host="203.0.113.7").cidr == "203.0.113.7/32"
    assert ExternalServer(host="203.0.113.7", cidr="203.0.113.0/24").cidr == "203.0.113.0/24"
    assert ExternalServer(host="shop.acme.example").cidr == "0.0.0.0/0"
    database = {"type": "external", "host": "203.0.113.7", "secret": {"name": "db"}}
    assert ExternalPostgresql.model_validate(database).cidr == "203.0.113.7/32"


def test_a_host_outside_its_cidr_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"host 203.0.113.7 is not in cidr 10.0.0.0/8; leave cidr out"):
        ExternalServer(host="203.0.113.7", cidr="10.0.0.0/8")


@pytest.mark.parametrize("port", [10250, 10255])
def test_the_port_of_the_kubelet_needs_a_range_or_an_address(port: int) -> None:
    with pytest.raises(ValidationError, match="that of the kubelets"):
        ExternalServer(host="shop.acme.example", port=port)
    assert ExternalServer(host="shop.acme.example", port=port, cidr="203.0.113.0/24").port == port
    assert ExternalServer(host="203.0.113.7", port=port).port == port


@pytest.mark.parametrize("host", ["1.2.3.4.5", "300.1.1.1", "1.2.3.x", "08.1", "0x", "4294967296", "a1", "1" * 5000])
def test_names_are_not_addresses_in_any_notation(host: str) -> None:
    assert respelt(host) is None


def test_numeric_hosts_are_addresses() -> None:
    assert str(numeric("203.0.113.7")) == "203.0.113.7"
    assert numeric("shop.example") is None


@pytest.mark.parametrize("url", ["https://lake.example", "http://lake.example:9000", "http://203.0.113.7"])
def test_a_server_has_a_url(url: str) -> None:
    assert check_url(url, "") == check_url(url, "", path=True) == url
    assert check_url(f"{url}/api/v1", "", path=True)


@pytest.mark.parametrize(
    "url", ["lake.example", "ftp://lake.example", "https://lake.example:0", "https://u@lake.example"]
)
@pytest.mark.parametrize("path", [False, True])
def test_invalid_urls_of_servers_are_refused(url: str, path: bool) -> None:
    with pytest.raises(ValueError, match=r"is not the URL of a server; write, for example, https://a\.example"):
        check_url(url, "https://a.example", path=path)


@pytest.mark.parametrize("url", ["https://lake.example/", "https://lake.example/a/", "https://lake.example/a?b=c"])
def test_a_path_ends_with_a_name(url: str) -> None:
    with pytest.raises(ValueError, match="is not the URL of a server"):
        check_url(url, "https://a.example", path=True)


def test_a_path_is_accepted_only_where_one_belongs() -> None:
    with pytest.raises(ValueError, match="is not the URL of a server"):
        check_url("https://lake.example/a", "https://a.example")
