"""Who may call a server in a service mesh, and where it takes plain text."""

from __future__ import annotations

from typing import Any

from floe_compiler.kit.service_mesh import istio, linkerd
from floe_compiler.kit.service_mesh.server import MeshServer, ways_in
from floe_compiler.model.endpoint import Port
from floe_compiler.model.service_mesh import ServiceMesh, proxy_amounts

HTTP, SQL = Port("http", 8080), Port("sql", 5432, scheme="postgresql")
AMBIENT, LINKERD = ServiceMesh("ambient", "istio-system"), ServiceMesh("linkerd", "linkerd")


def server(**changes: Any) -> MeshServer:
    known: dict[str, Any] = {"accounts": {}, "namespaces": {}, **changes}
    return MeshServer("web", {"app": "web"}, (SQL, HTTP), **known)


def specs(objects: list[Any]) -> dict[tuple[str, str], Any]:
    return {(manifest["kind"], manifest["metadata"]["name"]): manifest["spec"] for manifest in objects}


def ports(*numbers: str) -> list[Any]:
    return [{"operation": {"ports": list(numbers)}}]


def test_istio_has_a_rule_for_each_set_of_callers() -> None:
    declared = server(accounts={5432: ("a/b",), 8080: ("a/b",)}, namespaces={8080: ("gateways",)})
    ((_, spec),) = specs(istio.server_objects(AMBIENT, declared, {})).items()
    account, gateways = {"source": {"serviceAccounts": ["a/b"]}}, {"source": {"namespaces": ["gateways"]}}
    assert spec["selector"] == {"matchLabels": {"app": "web"}}
    assert spec["rules"] == [
        {"from": [account], "to": ports("5432")},
        {"from": [account, gateways], "to": ports("8080")},
    ]


def test_istio_accepts_sixteen_accounts_in_a_source() -> None:
    accounts = tuple(f"a/{number:02}" for number in range(33))
    ((_, spec),) = specs(istio.server_objects(AMBIENT, server(accounts={8080: accounts}), {})).items()
    sources = [source["source"]["serviceAccounts"] for source in spec["rules"][0]["from"]]
    assert [len(names) for names in sources] == [16, 16, 1]
    assert [name for names in sources for name in names] == list(accounts)


def test_istio_lets_in_accounts_of_the_configured_trust_domain() -> None:
    mesh = ServiceMesh("sidecar", "istio-system", trust_domain="acme.example")
    declared = server(accounts={8080: ("a/b", "a/c")}, namespaces={8080: ("gateways",)})
    ((_, spec),) = specs(istio.server_objects(mesh, declared, {})).items()
    principals = ["acme.example/ns/a/sa/b", "acme.example/ns/a/sa/c"]
    gateways = {"source": {"namespaces": ["gateways"]}}
    assert spec["rules"] == [{"from": [{"source": {"principals": principals}}, gateways], "to": ports("8080")}]


def test_a_port_with_callers_outside_the_mesh_accepts_plain_text() -> None:
    declared = server(accounts={8080: ("a/b",)}, plain=frozenset({8080}))
    specs_ = specs(istio.server_objects(AMBIENT, declared, {}))
    assert specs_["AuthorizationPolicy", "web"]["rules"] == [{"to": ports("8080")}]
    assert specs_["PeerAuthentication", "web"]["portLevelMtls"] == {"8080": {"mode": "PERMISSIVE"}}
    assert specs_["PeerAuthentication", "web"]["mtls"] == {"mode": "STRICT"}
    opened = specs(linkerd.server_objects(LINKERD, declared, {}))
    assert opened["NetworkAuthentication", "web-8080"] == {"networks": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]}
    assert ("MeshTLSAuthentication", "web-8080") not in opened


def test_a_server_without_callers_stays_closed() -> None:
    assert istio.server_objects(AMBIENT, server(), {}) == linkerd.server_objects(LINKERD, server(), {}) == []


def test_linkerd_has_a_server_for_each_port_and_detects_http_only_on_tcp() -> None:
    declared = server(accounts={5432: ("a/b",), 8080: ("a/b", "c/d")}, namespaces={8080: ("gateways",)})
    specs_ = specs(linkerd.server_objects(LINKERD, declared, {}))
    assert specs_["Server", "web-5432"]["proxyProtocol"] == "opaque"
    assert specs_["Server", "web-8080"] == {
        "podSelector": {"matchLabels": {"app": "web"}},
        "port": 8080,
        "proxyProtocol": "unknown",
    }
    assert specs_["MeshTLSAuthentication", "web-8080"]["identityRefs"] == [
        {"kind": "ServiceAccount", "namespace": "a", "name": "b"},
        {"kind": "ServiceAccount", "namespace": "c", "name": "d"},
        {"kind": "Namespace", "name": "gateways"},
    ]
    target = {"group": "policy.linkerd.io", "kind": "Server", "name": "web-8080"}
    assert specs_["AuthorizationPolicy", "web-8080"]["targetRef"] == target


def test_linkerd_lets_in_grpc_probes_from_nodes_as_well_as_callers() -> None:
    near = ServiceMesh("linkerd", "linkerd", node_networks=("10.0.0.0/16",))
    specs_ = specs(linkerd.server_objects(near, server(accounts={8080: ("a/b",)}, probed=frozenset({8080})), {}))
    assert specs_["NetworkAuthentication", "web-8080-probes"] == {"networks": [{"cidr": "10.0.0.0/16"}]}
    assert {name for kind, name in specs_ if kind == "AuthorizationPolicy"} == {"web-8080", "web-8080-probes"}


def test_members_of_the_mesh_are_distinguished_from_others() -> None:
    dns = Port("dns", 53, "UDP")
    openings = [("gateways", (HTTP, dns), False), ("operators", (SQL,), False), ("", (SQL,), False)]
    assert ways_in(openings, ("gateways",)) == ({8080: ("gateways",)}, frozenset({5432}))
    assert ways_in([("gateways", (HTTP,), True)], ("gateways",))[1] == {8080}, "addresses have no identity"


def test_resources_of_a_proxy_are_parsed() -> None:
    amounts = (("limits.cpu", "500m"), ("limits.memory", "256Mi"), ("requests.cpu", "50m"), ("requests.memory", "64Mi"))
    for mesh in (ServiceMesh("sidecar", "control", proxy=amounts), ServiceMesh("linkerd", "control", proxy=amounts)):
        assert tuple(sorted(proxy_amounts(mesh.amounts()))) == amounts
    assert ServiceMesh("ambient", "control", proxy=amounts).amounts() == {}
