"""Errors in the ingress of environments beyond the cases in `tests/errors/`, and ingresses that are valid."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from derive.test_routes import LOGIN, interface
from floe_compiler.components import registry
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.resolve import resolve_frames
from floe_compiler.resolve.ingress import check_ingress
from floe_compiler.resolve.schemas import plain_schemas
from small_mesh import ENVIRONMENT, MANIFEST, small_mesh

DAGSTER, JAEGER = interface("dagster", scope="sales"), interface("jaeger")
EVERYTHING = (DAGSTER, JAEGER, interface("minio", authenticates=True))
PLAIN = {"class": "eg", "domain": "acme.example", "auth": LOGIN}
ISSUED = {**PLAIN, "tls": {"issuer": "letsencrypt"}}


def environment(name: str, ingress: Any, **changes: Any) -> dict[str, Any]:
    return {
        "apiVersion": "floe.dev/v1",
        "kind": "Environment",
        "metadata": {"name": name, "owner": "@acme/platform"},
        "cluster": {"name": name, "ingress_namespace": "envoy-gateway-system"},
        "storage_class": "standard",
        "ingress": ingress,
        **changes,
    }


def problems(
    root: Path,
    *environments: dict[str, Any],
    interfaces: tuple[OpenInterface, ...] = EVERYTHING,
    omitted: tuple[str, ...] = (),
) -> list[Diagnostic]:
    """Return the findings about environments that all have the same interfaces."""
    store = {"type": "external-secrets", "store": {"name": "vault"}}
    mesh = small_mesh(root, {MANIFEST: {"secrets": store}})
    shutil.rmtree((mesh / ENVIRONMENT).parent)
    for manifest in environments:
        name = manifest["metadata"]["name"]
        (mesh / "overlays" / name).mkdir(exist_ok=True)
        (mesh / "overlays" / name / "environment.yaml").write_text(yaml.safe_dump(manifest))
    sources, _ = load(read_inputs(mesh), plain_schemas(registry()))
    findings = Findings()
    frames = resolve_frames(sources, registry(), (), findings)
    findings.finish()
    own = Findings()
    check_ingress(frames, dict.fromkeys(frames, interfaces), own, omitted)
    return own.diagnostics


def codes(findings: list[Diagnostic]) -> list[str]:
    return [finding.rule.code for finding in findings]


@pytest.mark.parametrize(
    "environment_",
    [
        environment("dev", PLAIN),
        environment("prod", ISSUED, production=True),
        environment("prod", {**PLAIN, "tls": {"elsewhere": "the load balancer has it"}}, production=True),
        environment("dev", {**PLAIN, "auth": {"type": "none", "reason": "a laptop"}}),
        environment("dev", {**PLAIN, "auth": {**LOGIN, "without": {"jaeger": "a test"}}}),
        environment("dev", {**PLAIN, "hosts": {"jaeger": "acme.example"}}),
        environment(
            "prod", {**ISSUED, "auth": None, "hosts": {"dagster-sales": False, "jaeger": False}}, production=True
        ),
        environment("dev", {"class": "eg", "hosts": {"minio": "files.example.org"}}),
        environment(
            "prod",
            {"domain": "acme.example", "gateway": {"name": "web", "namespace": "infra"}, "auth": LOGIN},
            production=True,
        ),
        environment("dev", PLAIN, cluster={"name": "dev", "ingress_addresses": ["35.191.0.0/16"]}),
    ],
)
def test_valid_ingresses_have_no_findings(tmp_path: Path, environment_: dict[str, Any]) -> None:
    assert problems(tmp_path, environment_) == []


@pytest.mark.parametrize(
    ("ingress", "scheme"),
    [
        (PLAIN, "http"),
        (ISSUED, "https"),
        ({**PLAIN, "tls": {"elsewhere": "the load balancer has it"}}, "https"),
        ({"domain": "acme.example", "gateway": {"name": "web", "namespace": "infra"}, "auth": LOGIN}, "https"),
    ],
    ids=["plain", "issued", "elsewhere", "a Gateway of others"],
)
def test_the_url_of_a_program_must_have_the_scheme_of_the_ingress(tmp_path: Path, ingress: Any, scheme: str) -> None:
    for url_scheme, expected in ((scheme, []), ("https" if scheme == "http" else "http", ["R048"])):
        setting = ("observability", "metrics", "url")
        own = replace(JAEGER, address_setting=setting, address=f"{url_scheme}://jaeger.acme.example")
        assert codes(problems(tmp_path / url_scheme, environment("dev", ingress), interfaces=(own,))) == expected


def test_environments_of_two_clusters_may_have_the_same_hosts(tmp_path: Path) -> None:
    assert problems(tmp_path, environment("dev", PLAIN), environment("test", PLAIN)) == []


def test_two_environments_of_a_cluster_with_one_domain_name_are_one_error(tmp_path: Path) -> None:
    cluster = {"name": "shared", "ingress_namespace": "envoy-gateway-system"}
    environments = [
        environment(name, PLAIN, cluster=cluster, namespaces={"pattern": f"{name}-{{scope}}"}) for name in ("a", "b")
    ]
    (problem,) = problems(tmp_path, *environments)
    assert problem.rule.code == "R041"
    assert problem.span
    assert problem.span.file == "overlays/b/environment.yaml"


def test_interfaces_of_an_omitted_domain_are_not_reported_as_unknown(tmp_path: Path) -> None:
    environment_ = environment("dev", {**PLAIN, "hosts": {"dagster-hr": False, "dagster-it": False}})
    assert codes(problems(tmp_path, environment_, omitted=("hr",))) == ["R040"]
    assert codes(problems(tmp_path, environment_)) == ["R040", "R040"]


def test_a_gateway_has_no_listener_for_the_64th_certificate(tmp_path: Path) -> None:
    many = tuple(interface(f"i{number}", authenticates=True) for number in range(64))
    (problem,) = problems(tmp_path, environment("dev", ISSUED), interfaces=many)
    assert (problem.rule.code, problem.message) == (
        "R046",
        "64 hosts need 65 listeners, but a Gateway has 64 at most",
    )
    assert problems(tmp_path, environment("dev", ISSUED), interfaces=many[1:]) == []
    for tls in ({"issuer": "letsencrypt", "wildcard": True}, {"secret": "certificate"}):
        assert problems(tmp_path, environment("dev", {**PLAIN, "tls": tls}), interfaces=many) == []
    assert problems(tmp_path, environment("dev", {**ISSUED, "type": "ingress"}), interfaces=many) == []


def test_a_default_host_that_is_too_long_needs_a_configured_one(tmp_path: Path) -> None:
    long = (interface("interface-with-a-very-long-name-indeed", scope="domain-with-a-name-as-long-as-it"),)
    (problem,) = problems(tmp_path, environment("dev", PLAIN), interfaces=long)
    assert problem.rule.code == "R042"
    assert "longer than 63 characters" in problem.message
    named = {"interface--with--a--very--long--name--indeed-domain-with-a-name-as-long-as-it": "x.acme.example"}
    assert problem.hint == f"give it one: hosts: {{{next(iter(named))}: <host>}}"


def test_the_ingress_controller_must_not_be_in_a_namespace_of_the_mesh(tmp_path: Path) -> None:
    for namespace in ("floe-platform", "floe-sales-domain"):
        cluster = {"name": "dev", "ingress_namespace": namespace}
        (problem,) = problems(tmp_path / namespace, environment("dev", PLAIN, cluster=cluster))
        assert problem.rule.code == "R044"
        assert (
            problem.message
            == f'"{namespace}" is a namespace of the environment, whose pods reach only what is declared'
        )


def test_interfaces_for_programs_cannot_be_behind_a_login_proxy(tmp_path: Path) -> None:
    otlp = interface("otlp", protocol="grpc", for_programs=True)
    ingress_ = {**PLAIN, "hosts": {"otlp": True}}
    (problem,) = problems(tmp_path, environment("dev", ingress_), interfaces=(otlp,))
    assert problem.rule.code == "R043"
    assert problem.hint == "do not open it, or say why it needs no login: auth: {without: {otlp: ...}}"
    reasoned = {**ingress_, "auth": {**LOGIN, "without": {"otlp": "a test"}}}
    assert problems(tmp_path, environment("dev", reasoned), interfaces=(otlp,)) == []


def test_a_quoted_boolean_is_not_a_host(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, environment("dev", {**ISSUED, "hosts": {"jaeger": "false"}}))
    assert (problem.rule.code, problem.hint) == ("R042", "write it without quotes, if it is not a host: false")


def test_production_without_certificates_is_one_error_for_any_address(tmp_path: Path) -> None:
    setting = ("observability", "dashboards", "url")
    grafana = replace(interface("grafana", authenticates=True), address="https://grafana.acme.example")
    grafana = replace(grafana, address_setting=setting)
    production = environment("prod", PLAIN, production=True, scale="heavy")
    assert codes(problems(tmp_path, production, interfaces=(grafana,))) == ["R045"]
    plain = environment("dev", PLAIN)
    (problem,) = problems(tmp_path / "dev", plain, interfaces=(grafana,))
    assert (problem.rule.code, problem.hint) == (
        "R048",
        "write observability.dashboards.url: http://grafana.acme.example",
    )
