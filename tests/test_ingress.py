"""The ingress of an environment in a whole mesh: what is rendered, who gets in, and what is compiled again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.cache.store import Memory
from floe_compiler.pipeline import compile_mesh, explain_file
from pipeline.mesh_of_three import Anew, Recorder
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, small_mesh
from test_third_party_monitor import Output

CONTROLLER = "envoy-gateway-system"
LOGIN = {"type": "oidc", "issuer": "https://login.acme.example/realms/acme", "client": "mesh", "groups": ["data"]}
GATEWAY = {"class": "eg", "domain": "acme.example", "tls": {"issuer": "letsencrypt"}, "auth": LOGIN}
SERVICES = {
    "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
    "catalog": {"type": "polaris"},
    "storage": {"type": "minio"},
    "observability": {
        "collector": {"type": "opentelemetry", "outside": True},
        "lineage": {"type": "marquez"},
        "tracing": {"type": "jaeger"},
    },
}


TRACES = {
    "secrets": SERVICES["secrets"],
    "observability": {"collector": {"type": "opentelemetry"}, "tracing": {"type": "jaeger"}},
}
"""The least for an interface of the platform beside that of a domain."""


def mesh(
    root: Path,
    ingress: Any = None,
    delivery: str = "argocd",
    services: Mapping[str, Any] = SERVICES,
    **cluster: Any,
) -> Path:
    """Return a mesh with every interface there is, or with those of fewer services."""
    tool = {"type": delivery, "repository": "https://github.com/acme/small.git", "path": "."}
    environment = {
        "cluster": {"name": "kind", "ingress_namespace": CONTROLLER, **cluster},
        "ingress": GATEWAY if ingress is None else ingress,
    }
    return small_mesh(
        root / "mesh",
        {
            MANIFEST: {**services, "delivery": tool, "locks": None},
            DOMAIN: {"orchestrator": {"type": "dagster"}},
            ENVIRONMENT: environment,
        },
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Output:
    return Output(mesh(tmp_path_factory.mktemp("ingress")))


NAMED = {**GATEWAY, "hosts": {"jaeger": "traces.acme.example", "dagster-sales": "runs.acme.example"}}
SALES = "floe-sales-domain"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """Return a cache with all results of a mesh with named hosts."""
    store = Recorder()
    compile_mesh(mesh(tmp_path_factory.mktemp("known"), NAMED, services=TRACES), cache=store)
    return store


def of_kind(output: Output, kind: str) -> dict[str, Any]:
    return {f"{key[0]}/{key[2]}": manifest for key, manifest in output.objects.items() if key[1] == kind}


def hosts(output: Output) -> set[str]:
    routes = [*of_kind(output, "HTTPRoute").values(), *of_kind(output, "GRPCRoute").values()]
    return {host for route in routes for host in route["spec"].get("hostnames", ())}


def test_every_interface_has_a_host_a_route_and_a_certificate(output: Output) -> None:
    assert output.warnings == set(), "all kinds are checked against published schemas"
    expected = {f"{name}.acme.example" for name in ("dagster-sales", "jaeger", "marquez-web", "minio")}
    assert hosts(output) == expected
    names = {name for manifest in of_kind(output, "Certificate").values() for name in manifest["spec"]["dnsNames"]}
    listeners = output.get("platform", "Gateway", "gateway")["spec"]["listeners"]
    assert names == {listener["hostname"] for listener in listeners if "hostname" in listener} == expected
    secrets = {manifest["spec"]["secretName"] for manifest in of_kind(output, "Certificate").values()}
    assert {
        ref["name"] for listener in listeners if "tls" in listener for ref in listener["tls"]["certificateRefs"]
    } == secrets


def test_interfaces_for_programs_are_opened_when_they_are_named(tmp_path: Path) -> None:
    named = {"polaris": True, "otlp": "telemetry.acme.example", "otlp-http": True, "minio": False}
    output = Output(mesh(tmp_path, {**GATEWAY, "hosts": named}))
    assert {"polaris.acme.example", "telemetry.acme.example", "otlp-http.acme.example"} < hosts(output)
    assert "minio.acme.example" not in hosts(output)
    (rule,) = output.get("platform", "GRPCRoute", "otlp")["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": "otel-collector", "port": 14317}]
    assert output.peers("platform", "otel-collector", "ingress")[CONTROLLER,] == {14317, 14318}
    assert (CONTROLLER,) not in output.peers("platform", "minio", "ingress")


def test_closed_interfaces_do_not_admit_the_controller(output: Output) -> None:
    assert (CONTROLLER,) not in output.peers("platform", "polaris", "ingress")
    assert output.peers("platform", "minio", "ingress")[CONTROLLER,] == {9001}


def test_interfaces_without_a_login_admit_only_the_proxy(output: Output) -> None:
    for namespace, server, name, port in (
        ("sales", "dagster-webserver", "dagster", 3000),
        ("platform", "jaeger", "jaeger", 16686),
        ("platform", "marquez-web", "marquez-web", 3000),
    ):
        (rule,) = [
            name
            for name in output.get(namespace, "NetworkPolicy", server)["spec"]["ingress"]
            if {"protocol": "TCP", "port": port} in name["ports"]
        ]
        (peer,) = rule["from"]
        assert peer["podSelector"]["matchLabels"] == {f"access.floe.dev/{server}": "true"}
        callers = [
            deployment
            for deployment, manifest in of_kind(output, "Deployment").items()
            if f"access.floe.dev/{server}" in manifest["spec"]["template"]["metadata"]["labels"]
        ]
        assert callers == [f"{namespace}/oauth2-proxy-{name}"]
        assert output.peers(namespace, f"oauth2-proxy-{name}", "ingress") == {(CONTROLLER,): {4180}}
        (rule,) = output.get(namespace, "HTTPRoute", name)["spec"]["rules"]
        assert rule["backendRefs"] == [{"name": f"oauth2-proxy-{name}", "port": 4180}]


def test_only_interfaces_that_need_a_login_have_a_reason_for_none(tmp_path: Path) -> None:
    output = Output(mesh(tmp_path, {**GATEWAY, "auth": {"type": "none", "reason": "a private network"}}))
    addresses = {
        manifest["metadata"]["name"]
        for manifest in of_kind(output, "HTTPRoute").values()
        if manifest["metadata"].get("annotations", {}).get("floe.dev/exception-login") == "a private network"
    }
    assert addresses == {"dagster", "jaeger", "marquez-web"}


def test_the_clients_secret_is_in_the_store_once_and_each_namespace_has_a_key_for_sessions(output: Output) -> None:
    paths = {
        item["remoteRef"]["key"]
        for name in ("oauth2-proxy-client", "oauth2-proxy-cookie")
        for namespace in ("platform", "sales")
        for item in output.get(namespace, "ExternalSecret", name)["spec"]["data"]
    }
    assert paths == {
        "small/dev/floe-platform/oauth2-proxy-client",
        "small/dev/floe-platform/oauth2-proxy-cookie",
        "small/dev/floe-sales-domain/oauth2-proxy-cookie",
    }


CHALLENGE, STORED = {"issuer": "letsencrypt", "http01": True}, {"secret": "certificate"}


@pytest.mark.parametrize(
    ("kind", "delivery", "tls"),
    [
        ("gateway", "argocd", CHALLENGE),
        ("gateway", "flux", STORED),
        ("ingress", "flux", CHALLENGE),
        ("ingress", "argocd", STORED),
    ],
)
def test_every_combination_passes_all_checks(tmp_path: Path, kind: str, delivery: str, tls: dict[str, Any]) -> None:
    output = Output(mesh(tmp_path, {**GATEWAY, "type": kind, "tls": tls}, delivery))
    assert output.warnings == set()
    assert len(of_kind(output, "HTTPRoute")) == (5 if kind == "gateway" else 0)
    assert len(of_kind(output, "Ingress")) == (0 if kind == "gateway" else 4)
    assert ("platform/acme-http01-solver" in of_kind(output, "NetworkPolicy")) == ("http01" in tls)


def test_ingresses_have_annotations_of_a_controller_only_if_configured(tmp_path: Path) -> None:
    plain = Output(mesh(tmp_path, {**GATEWAY, "type": "ingress"}, services=TRACES))
    annotations_ = {
        name for manifest in of_kind(plain, "Ingress").values() for name in manifest["metadata"]["annotations"]
    }
    assert annotations_ == {"argocd.argoproj.io/sync-wave"}
    annotations = {"haproxy.org/timeout-server": "1h"}
    output = Output(
        mesh(tmp_path / "other", {**GATEWAY, "type": "ingress", "annotations": annotations}, services=TRACES)
    )
    for manifest in of_kind(output, "Ingress").values():
        assert manifest["metadata"]["annotations"].items() > annotations.items()


def test_a_load_balancer_that_sends_to_pods_itself_is_let_in_by_its_addresses(tmp_path: Path) -> None:
    addresses = ["130.211.0.0/22", "35.191.0.0/16"]
    ingress = {**GATEWAY, "tls": {"issuer": "letsencrypt", "http01": True}}
    output = Output(mesh(tmp_path, ingress, ingress_namespace=None, ingress_addresses=addresses))
    for policy in ("minio", "oauth2-proxy-jaeger", "acme-http01-solver"):
        rules = output.get("platform", "NetworkPolicy", policy)["spec"]["ingress"]
        blocks = [[peer["ipBlock"]["cidr"] for peer in rule["from"] if "ipBlock" in peer] for rule in rules]
        assert addresses in blocks


def test_routes_come_after_all_servers_of_their_namespace(output: Output) -> None:
    wave = "argocd.argoproj.io/sync-wave"
    waves = {key: manifest["metadata"].get("annotations", {}).get(wave) for key, manifest in output.objects.items()}
    routed = {int(wave_ or 0) for key, wave_ in waves.items() if key[1] in ("HTTPRoute", "Gateway", "Certificate")}
    servers = {int(wave_ or 0) for key, wave_ in waves.items() if key[1] in ("Deployment", "StatefulSet", "Job")}
    assert min(routed) > max(servers)
    proxy = waves["sales", "Deployment", "oauth2-proxy-dagster"]
    assert int(proxy or 0) > int(waves["sales", "Deployment", "dagster-webserver"] or 0)


def test_without_an_ingress_nothing_is_routed_and_interfaces_stay_open_to_the_controller(tmp_path: Path) -> None:
    root = mesh(tmp_path)
    environment = json.loads((root / ENVIRONMENT).read_text())
    del environment["ingress"]
    (root / ENVIRONMENT).write_text(json.dumps(environment))
    output = Output(root)
    assert hosts(output) == set()
    assert output.peers("sales", "dagster-webserver", "ingress") == {(CONTROLLER,): {3000}}


def test_an_explanation_knows_where_a_host_comes_from(tmp_path: Path) -> None:
    root = mesh(tmp_path, services={"secrets": SERVICES["secrets"]})
    file = "output/dev/floe-sales-domain/httproute.gateway.networking.k8s.io_dagster.yaml"
    known = Memory()
    explanation = explain_file(root, file, cache=known)
    assert explanation is not None
    assert explanation.manifest == yaml.load(compile_mesh(root, cache=known).files[file], yaml.CSafeLoader)
    causes = {value: {cause.description for cause in causes_} for _, value, causes_ in explanation.values}
    # Another orchestrator would have another name before the domain.
    assert causes["dagster-sales.acme.example"] == {"ingress.domain", "orchestrator.type"}


@pytest.mark.parametrize(
    ("before", "after", "compiled"),
    [
        pytest.param(*said, id=name, marks=[pytest.mark.thorough] if name in ("the issuer", "the login") else [])
        for name, said in {
            "a host of the platform": ('"traces.acme.example"', '"traced.acme.example"', {"floe-platform"}),
            "a host of a domain": ('"runs.acme.example"', '"rans.acme.example"', {"floe-platform", SALES}),
            "the issuer": ('"issuer": "letsencrypt"', '"issuer": "letsencripe"', {"floe-platform"}),
            "the login": ('"client": "mesh"', '"client": "mash"', {"floe-platform", SALES}),
        }.items()
    ],
)
def test_an_edit_compiles_exactly_the_affected_units(
    tmp_path: Path, known: Recorder, before: str, after: str, compiled: set[str]
) -> None:
    root, store = mesh(tmp_path, NAMED, services=TRACES), Recorder(known)
    text = (root / ENVIRONMENT).read_text()
    assert text.count(before) == 1
    (root / ENVIRONMENT).write_text(text.replace(before, after))
    files = dict(compile_mesh(root, cache=store).files)
    assert store.compiled == {f"dev/{unit}" for unit in compiled}
    assert files == dict(compile_mesh(root, cache=Anew(store)).files)


def test_the_health_checks_of_gke_use_each_programs_path_and_are_let_in(tmp_path: Path) -> None:
    named = {"polaris": True, "otlp": True}
    root = mesh(tmp_path, {**GATEWAY, "hosts": named, "health_checks": "gke"}, ingress_addresses=["35.191.0.0/16"])
    output = Output(root)
    checks = {
        name: (manifest["spec"]["targetRef"]["name"], check["port"], check["requestPath"])
        for name, manifest in of_kind(output, "HealthCheckPolicy").items()
        for check in [manifest["spec"]["default"]["config"]["httpHealthCheck"]]
    }
    assert checks == {
        "platform/jaeger": ("oauth2-proxy-jaeger", 4180, "/ping"),
        "platform/marquez-web": ("oauth2-proxy-marquez-web", 4180, "/ping"),
        "platform/minio": ("minio", 9000, "/minio/health/ready"),
        "platform/otlp": ("otel-collector", 13133, "/"),
        "platform/polaris": ("polaris", 8182, "/q/health/ready"),
        "sales/dagster": ("oauth2-proxy-dagster", 4180, "/ping"),
    }
    assert output.peers("platform", "polaris", "ingress")[CONTROLLER,] == {8181, 8182}
    (rule,) = [
        rule
        for rule in output.get("platform", "NetworkPolicy", "polaris")["spec"]["ingress"]
        if {"ipBlock": {"cidr": "35.191.0.0/16"}} in rule["from"]
    ]
    assert {port["port"] for port in rule["ports"]} == {8181, 8182}
    probe = output.get("platform", "Deployment", "polaris")["spec"]["template"]["spec"]["containers"][0]
    assert probe["readinessProbe"]["httpGet"]["path"] == checks["platform/polaris"][2]
