"""Servers that nobody may reach, each at the place of its address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from small_mesh import DOMAIN, ENVIRONMENT, PRODUCT, small_mesh

DATABASE = {"type": "external", "host": "db.acme.example", "secret": {"name": "db", "existing": True}}
CLOSED = "has only private addresses, which may not be reached"
OWN = "is in the cluster's own networks, not outside"
SERVICE = "is a Service of the cluster"


def steps(**server: Any) -> dict[str, Any]:
    return {"steps": [{"name": "load", "type": "custom", "command": ["load"], "connects": [server]}]}


def orchestrator(**database: Any) -> dict[str, Any]:
    return {"orchestrator": {"type": "dagster", "database": {**DATABASE, **database}}}


def compiled(tmp_path: Path, cluster: dict[str, Any], changes: dict[str, Any], capsys: Any) -> tuple[int, str]:
    mesh = small_mesh(tmp_path, {ENVIRONMENT: {"cluster": {"name": "kind", **cluster}}, **changes})
    code = main(["compile", "--root", str(mesh), "--quiet"])
    printed = capsys.readouterr()
    return code, printed.err + printed.out


@pytest.mark.parametrize(
    ("cluster", "server", "message"),
    [
        ({}, {"host": "shop.acme.example", "cidr": "10.30.0.0/16"}, f"10.30.0.0/16 {CLOSED}"),
        ({}, {"host": "shop.acme.example", "cidr": "10.96.0.1/32"}, f"10.96.0.1/32 {CLOSED}"),
        ({}, {"host": "10.30.0.7"}, f"10.30.0.7/32 {CLOSED}"),
        ({}, {"host": "shop.acme.example", "cidr": "fd12::/48"}, f"fd12::/48 {CLOSED}"),
        ({"reachable_networks": ["10.30.0.0/16"]}, {"host": "10.40.0.7"}, f"10.40.0.7/32 {CLOSED}"),
        ({"networks": ["198.51.100.0/24"]}, {"host": "198.51.100.7"}, f"198.51.100.7/32 {OWN}"),
        (
            {"networks": ["10.96.0.0/12"], "reachable_networks": ["10.0.0.0/8"]},
            {"host": "shop.acme.example", "cidr": "10.96.0.0/16"},
            f"10.96.0.0/16 {OWN}",
        ),
        (
            {"reachable_networks": ["10.0.0.0/8"]},
            {"host": "shop.acme.example", "cidr": "10.30.0.0/16", "port": 10250},
            "port 10250 is that of the kubelets, and 10.30.0.0/16 may be the nodes",
        ),
        ({}, {"host": "polaris.floe-platform"}, f'"polaris.floe-platform" {SERVICE}'),
        ({}, {"host": "dagster.floe-hr-domain"}, f'"dagster.floe-hr-domain" {SERVICE}'),
    ],
)
def test_a_step_may_not_reach_addresses_inside_the_cluster(
    tmp_path: Path, cluster: dict[str, Any], server: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output = compiled(tmp_path, cluster, {PRODUCT: steps(**server)}, capsys)
    assert code == 1
    assert output.count("error[") == 1
    assert f"error[R023]: {message}" in output
    place = "port" if "port" in server else "cidr" if "cidr" in server else "host"
    lines = (tmp_path / PRODUCT).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if f'"{place}"' in text)
    assert output.startswith(f"{PRODUCT}:{line}:")


@pytest.mark.parametrize(
    ("cluster", "server"),
    [
        ({"reachable_networks": ["10.0.0.0/8"]}, {"host": "10.30.0.7"}),
        ({"reachable_networks": ["10.30.0.0/16"]}, {"host": "shop.acme.example", "cidr": "10.30.0.0/16"}),
        ({}, {"host": "203.0.113.7"}),
        ({}, {"host": "shop.acme.example"}),
        ({}, {"host": "warehouse"}),
        ({}, {"host": "floe.platform"}),
        (
            {"networks": ["10.20.0.0/16"], "reachable_networks": ["10.0.0.0/8"]},
            {"host": "shop.acme.example", "cidr": "10.30.0.0/16", "port": 10250},
        ),
        ({"networks": ["10.96.0.0/12"], "reachable_networks": ["10.0.0.0/8"]}, {"host": "10.30.0.7"}),
    ],
)
def test_a_step_may_reach_servers_outside(
    tmp_path: Path, cluster: dict[str, Any], server: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    _, output = compiled(tmp_path, cluster, {PRODUCT: steps(**server)}, capsys)
    assert "error[" not in output


def test_a_domain_may_reach_only_private_addresses_that_the_environment_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output = compiled(tmp_path, {}, {DOMAIN: orchestrator(cidr="10.40.0.0/16")}, capsys)
    assert (code, output.count("error[")) == (1, 1)
    assert f"error[R023]: 10.40.0.0/16 {CLOSED}" in output
    assert output.startswith(f"{DOMAIN}:")


@pytest.mark.parametrize("database", [{"cidr": "10.40.0.0/16"}, {"host": "10.40.0.7"}])
def test_private_addresses_in_files_of_the_platform_are_allowed(
    tmp_path: Path, database: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {ENVIRONMENT: {"cluster": {"name": "kind"}, "domains": {"sales": orchestrator(**database)}}}
    _, output = compiled(tmp_path, {}, changes, capsys)
    assert "error[" not in output


def test_nothing_may_reach_the_networks_of_the_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = {"name": "kind", "networks": ["10.96.0.0/12"]}
    changes = {ENVIRONMENT: {"cluster": own, "domains": {"sales": orchestrator(cidr="10.96.0.0/16")}}}
    _, output = compiled(tmp_path, {}, changes, capsys)
    assert f"error[R023]: 10.96.0.0/16 {OWN}" in output
    assert output.startswith(ENVIRONMENT)


@pytest.mark.parametrize(
    ("cluster", "database", "fine"),
    [
        ({}, {}, False),
        ({"reachable_networks": ["10.244.0.0/16"]}, {}, True),
        ({}, {"cidr": "10.244.0.0/16"}, True),
    ],
)
def test_a_database_in_the_cluster_needs_the_addresses_of_its_pods(
    tmp_path: Path, cluster: dict[str, Any], database: dict[str, Any], fine: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = orchestrator(host="main.postgres.svc.cluster.local", **database)
    changes = {ENVIRONMENT: {"cluster": {"name": "kind", **cluster}, "domains": {"sales": servers}}}
    _, output = compiled(tmp_path, {}, changes, capsys)
    assert output.count("error[R023]") == (not fine)
    assert ("error[C051]" in output) is fine, "only because the objects of that namespace are missing"


@pytest.mark.parametrize(
    ("login", "column"),
    [
        ({"cidr": "10.96.0.0/16"}, "cidr"),
        ({"servers": [{"host": "keys.acme.example", "cidr": "10.96.1.0/24"}]}, "cidr"),
    ],
)
def test_the_login_provider_may_not_be_in_the_cluster(
    tmp_path: Path, login: dict[str, Any], column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    auth = {"type": "oidc", "issuer": "https://login.acme.example", "client": "mesh", "groups": ["data"], **login}
    changes = {"networks": ["10.96.0.0/12"], "ingress_namespace": "envoy-gateway-system"}
    ingress = {"class": "eg", "domain": "acme.example", "auth": auth}
    root = small_mesh(tmp_path, {ENVIRONMENT: {"cluster": {"name": "kind", **changes}, "ingress": ingress}})
    assert main(["compile", "--root", str(root), "--quiet"]) == 1
    output = capsys.readouterr().err
    assert "R023" in output
    assert OWN in output
    assert f'"{column}": "10.96.' in output
