"""Impossible connections between clusters beyond the cases in `tests/errors/`, and valid ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from floe_compiler.components import registry
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.endpoint import Elsewhere, Port
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey
from floe_compiler.resolve import resolve_frames
from floe_compiler.resolve.links import check_links
from floe_compiler.resolve.schemas import plain_schemas
from small_mesh import ENVIRONMENT, small_mesh

HTTP = Port("http", 8181)
POSTGRESQL = Port("postgresql", 5432, scheme="postgresql")
GATEWAY = {"type": "gateway", "class": "eg", "issuer": "acme", "public": True}
MCS = {"type": "mcs"}
REACHED = {
    "gateway": {"domain": "hub.acme.example"},
    "mcs": {"cidr": "10.16.0.0/16"},
    "istio": {"cidr": "203.0.113.0/28"},
    "linkerd": {},
}
SIDECARS = {"type": "istio", "mode": "sidecar", "cni": True}


def problems(
    root: Path,
    links: dict[str, Any],
    *called: Port,
    hub: dict[str, Any] | None = None,
    us: dict[str, Any] | None = None,
    server: str = "server",
    host: str = "server.floe-platform.svc.cluster.local",
) -> list[Diagnostic]:
    """Return the findings if the cluster `us` calls ports of a server in the cluster `hub`."""

    def cluster(name: str, runs: str, **more: Any) -> dict[str, Any]:
        server = f"https://{name}.acme.example"
        fields = {"name": name, "server": server, "storage_class": "standard", "runs": [runs], **more}
        return {key: value for key, value in fields.items() if value is not None}

    central = {"ingress_namespace": "envoy", "reached_at": REACHED[links["type"]], **(hub or {})}
    away = {"reached_at": {"cidr": "10.17.0.0/16"}, **(us or {})}
    hub_name = central.pop("name", "hub")
    clusters = [cluster(hub_name, "platform", **central), cluster("us", "sales", **away)]
    environment = {"cluster": None, "storage_class": None, "clusters": clusters, "links": links}
    mesh = small_mesh(root, {ENVIRONMENT: environment})
    sources, _ = load(read_inputs(mesh), plain_schemas(registry()))
    findings = Findings()
    frames = resolve_frames(sources, registry(), (), findings)
    findings.finish()
    group = PodGroup("floe-platform", server)
    elsewhere = tuple(Elsewhere(hub_name, group, host, port) for port in called)
    facts = UnitFacts(UnitKey("dev/us", "us", "floe-sales-domain"), elsewhere=elsewhere)
    units = {f"dev/{hub_name}": [replace(facts, elsewhere=())], "dev/us": [facts]}
    own = Findings()
    check_links(frames, units.__getitem__, own)
    return own.diagnostics


def codes(findings: list[Diagnostic]) -> list[str]:
    return [finding.rule.code for finding in findings]


def test_a_gateway_forwards_http_and_grpc(tmp_path: Path) -> None:
    assert problems(tmp_path, GATEWAY, HTTP, Port("otlp", 4317, grpc=True), Port("api", 8443, scheme="https")) == []


def test_a_gateway_forwards_no_other_protocol(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GATEWAY, HTTP, POSTGRESQL)
    assert problem.rule.code == "R116"
    assert "server on TCP 5432" in problem.message
    assert str(problem.span).startswith("overlays/dev/environment.yaml")
    assert codes(problems(tmp_path, GATEWAY, Port("statsd", 9125, protocol="UDP"))) == ["R116"]


def test_exports_forward_every_protocol(tmp_path: Path) -> None:
    assert problems(tmp_path, MCS, HTTP, POSTGRESQL) == []


def test_the_traffic_of_a_controller_may_come_from_addresses(tmp_path: Path) -> None:
    hub = {"ingress_namespace": None, "ingress_addresses": ["130.211.0.0/22"]}
    assert problems(tmp_path, GATEWAY, HTTP, hub=hub) == []
    assert codes(problems(tmp_path, GATEWAY, HTTP, hub={"ingress_namespace": None})) == ["R117"]


def test_a_database_is_not_called_from_another_region(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, MCS, POSTGRESQL, hub={"region": "us-east"}, us={"region": "eu-west"})
    assert problem.rule.code == "R122"
    assert problems(tmp_path, MCS, HTTP, hub={"region": "us-east"}, us={"region": "eu-west"}) == []
    assert problems(tmp_path, MCS, POSTGRESQL, hub={"region": "us-east"}, us={"region": "us-east"}) == []
    assert problems(tmp_path, MCS, POSTGRESQL, hub={"region": "us-east"}) == []


def test_exports_need_the_addresses_of_both_clusters(tmp_path: Path) -> None:
    assert codes(problems(tmp_path, MCS, HTTP, us={"reached_at": {"cidr": "0.0.0.0/0"}})) == ["R115"]
    assert codes(problems(tmp_path, MCS, HTTP, hub={"reached_at": {"domain": "hub.acme.example"}})) == ["R115"]
    assert codes(problems(tmp_path, MCS, HTTP, us={"reached_at": {"cidr": "10.16.8.0/24"}})) == ["R121"]
    assert problems(tmp_path, GATEWAY, HTTP, us={"reached_at": {"cidr": "0.0.0.0/0"}}) == []


def test_services_named_by_an_operator_have_no_name_in_another_cluster(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, MCS, POSTGRESQL, host="server-rw.floe-platform.svc.cluster.local")
    assert (problem.rule.code, "the Service server-rw is made by others" in problem.message) == ("R127", True)


def test_a_mesh_needs_room_for_the_name_of_the_cluster(tmp_path: Path) -> None:
    mesh = {"mesh": SIDECARS}
    server, name = "s" * 30, "h" * 33
    host = f"{server}.floe-platform.svc.cluster.local"
    hub = {**mesh, "name": name}
    (problem,) = problems(tmp_path / "long", {"type": "istio"}, HTTP, hub=hub, us=mesh, server=server, host=host)
    assert (problem.rule.code, str(problem.span).partition(":")[0]) == ("R126", ENVIRONMENT)
    assert f'"{server}-{name}", which has 64 characters' in problem.message
    assert "at most 32 characters" in problem.hint
    assert problems(tmp_path / "mcs", MCS, HTTP, hub={"name": name}, server=server, host=host) == []
    hub = {**mesh, "name": name[1:]}
    assert problems(tmp_path / "fits", {"type": "istio"}, HTTP, hub=hub, us=mesh, server=server, host=host) == []


def test_a_gateway_needs_room_for_the_name_of_a_route(tmp_path: Path) -> None:
    port, fits = Port("http-of-the-api", 8080), "s" * 38
    assert problems(tmp_path / "fits", GATEWAY, port, server=fits) == []
    (problem,) = problems(tmp_path / "long", GATEWAY, port, server=f"{fits}s")
    assert (problem.rule.code, str(problem.span).partition(":")[0]) == ("R126", ENVIRONMENT)
    assert f'the route "clusters-{fits}s-http-of-the-api", which has 64 characters' in problem.message
    assert f"name {fits}s with at most 38 characters" in problem.hint


def test_a_gateway_needs_a_domain(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, GATEWAY, HTTP, hub={"reached_at": {"cidr": "10.16.0.0/16"}})
    assert (problem.rule.code, "reached_at: {domain: hub.<your domain>}" in problem.hint) == ("R115", True)


def test_without_calls_no_link_is_needed(tmp_path: Path) -> None:
    assert problems(tmp_path, GATEWAY, hub={"reached_at": {"cidr": "10.16.0.0/16"}}) == []


def test_a_mesh_links_its_clusters_on_every_port(tmp_path: Path) -> None:
    for links, mesh in (("istio", SIDECARS), ("linkerd", {"type": "linkerd", "cni": True})):
        us = {"mesh": mesh, "reached_at": None}
        assert problems(tmp_path, {"type": links}, HTTP, POSTGRESQL, hub={"mesh": mesh}, us=us) == []
        assert codes(problems(tmp_path, {"type": links}, HTTP, hub={"mesh": mesh}, us={"reached_at": None})) == ["R124"]
        assert problems(tmp_path, {"type": links}) == [], "nobody calls another cluster"


def test_a_mesh_needs_the_address_of_its_gateway_only_where_it_is_called(tmp_path: Path) -> None:
    hub = {"mesh": SIDECARS, "reached_at": None}
    (problem,) = problems(tmp_path, {"type": "istio"}, HTTP, hub=hub, us={"mesh": SIDECARS, "reached_at": None})
    assert (problem.rule.code, "the gateway of its mesh" in problem.hint) == ("R115", True)
