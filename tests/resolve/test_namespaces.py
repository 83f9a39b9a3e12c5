"""Names of namespaces, and that no two environments of one cluster share one."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.inputs import Environment
from floe_compiler.model.sites import Site
from floe_compiler.resolve.namespaces import check_namespaces, namespace_name
from resolve.samples import document


def data(name: str, cluster: str, pattern: str, **of_cluster: str) -> dict[str, Any]:
    return {
        "apiVersion": "floe.dev/v1",
        "kind": "Environment",
        "metadata": {"name": name, "owner": "@acme/platform"},
        "cluster": {"name": cluster, **of_cluster},
        "storage_class": "standard",
        "namespaces": {"pattern": pattern},
    }


def problems(*environments: tuple[str, str, str], scopes: tuple[str, ...] = ("platform", "sales")) -> list[Diagnostic]:
    return problems_of(*(data(*environment) for environment in environments), scopes=scopes)


def problems_of(*environments: dict[str, Any], scopes: tuple[str, ...]) -> list[Diagnostic]:
    names = [environment["metadata"]["name"] for environment in environments]
    sites = [
        Site(name, document(f"{name}.yaml", environment)) for name, environment in zip(names, environments, strict=True)
    ]
    findings = Findings()
    check_namespaces([(site, Environment.model_validate(site.document.data)) for site in sites], scopes, findings)
    return findings.diagnostics


def test_the_pattern_holds_the_scope() -> None:
    environment = Environment.model_validate(data("dev", "kind", "acme-{scope}-dev"))
    assert namespace_name(environment, "platform") == "acme-platform-dev"
    assert namespace_name(environment, "sales") == "acme-sales-domain-dev"


def test_environments_of_different_clusters_may_share_names() -> None:
    assert problems(("dev", "a", "floe-{scope}"), ("prod", "b", "floe-{scope}")) == []


def test_environments_of_one_cluster_may_not_share_names() -> None:
    (problem,) = problems(("dev", "a", "floe-{scope}"), ("prod", "a", "floe-{scope}"))
    assert problem.rule.code == "R009"
    assert str(problem.span).startswith("prod.yaml")
    assert 'namespaces: {pattern: "floe-{scope}-prod"}' in problem.hint
    assert str(problem.related[0].span).startswith("dev.yaml")
    assert problems(("dev", "a", "floe-{scope}"), ("prod", "a", "floe-{scope}-prod")) == []


def of_servers(first: str, second: str, cluster: str = "b") -> list[Diagnostic]:
    environments = [
        data("dev", "a", "floe-{scope}", server=first),
        data("prod", cluster, "floe-{scope}", server=second),
    ]
    return problems_of(*environments, scopes=("platform",))


def test_one_address_is_one_cluster_under_any_name() -> None:
    (problem,) = of_servers("https://k.example:6443", "https://K.example:6443/")
    assert problem.rule.code == "R009"
    assert 'cluster "https://K.example:6443/"' in problem.message
    assert of_servers("https://k.example:6443", "https://l.example:6443") == []


def test_each_cluster_knows_itself_by_the_same_address() -> None:
    assert of_servers("https://kubernetes.default.svc", "https://kubernetes.default.svc") == []


def test_a_cluster_has_one_address() -> None:
    (problem,) = of_servers("https://k.example:6443", "https://l.example:6443", cluster="a")
    assert problem.rule.code == "R019"
    assert str(problem.span).startswith("prod.yaml")
    assert "https://l.example:6443 here, but at https://k.example:6443" in problem.message


@pytest.mark.parametrize(
    ("first", "second", "at", "better"),
    [
        (("qa", "floe-{scope}-test"), ("test", "floe-{scope}-test"), "qa.yaml", "floe-{scope}-qa"),
        (("dev", "floe-{scope}-dev"), ("qa", "floe-{scope}-dev"), "qa.yaml", "floe-{scope}-qa"),
        (("dev", "acme-{scope}"), ("qa", "acme-{scope}"), "qa.yaml", "acme-{scope}-qa"),
        (("scope", "{scope}"), ("x", "{scope}"), "x.yaml", "{scope}-x"),
    ],
)
def test_a_copied_environment_is_reported_not_the_one_that_it_was_copied_from(
    first: tuple[str, str], second: tuple[str, str], at: str, better: str
) -> None:
    (problem,) = problems((first[0], "a", first[1]), (second[0], "a", second[1]))
    assert str(problem.span).startswith(at)
    assert f'"{better}"' in problem.hint


def test_one_shared_name_is_enough_for_an_error() -> None:
    # dev's platform has the name of prod's domain
    conflicts = problems(
        ("dev", "a", "{scope}-domain"), ("prod", "a", "{scope}"), scopes=("platform", "platform-x", "sales")
    )
    assert conflicts == []
    conflicts = problems(("dev", "a", "{scope}-domain"), ("prod", "a", "{scope}"), scopes=("platform", "x", "x-domain"))
    assert [conflict.rule.code for conflict in conflicts] == ["R009"]


def test_a_name_has_63_characters_at_most() -> None:
    (problem,) = problems(("dev", "a", "{scope}"), scopes=("d" * 57,))
    assert problem.rule.code == "R003"
    assert str(problem.span) == "dev.yaml:11:5"
    assert problems(("dev", "a", "{scope}"), scopes=("d" * 56,)) == []


def test_only_scopes_that_run_in_a_cluster_use_names_there() -> None:
    """Two environments may share a cluster if they have no common scope there; both have shared services everywhere."""
    dev = data("dev", "a", "floe-{scope}")
    sites = [
        Site("dev", document("dev.yaml", dev), "a", frozenset({"sales"})),
        Site("prod", document("prod.yaml", data("prod", "a", "acme-{scope}")), "a", frozenset({"sales"})),
        Site("test", document("test.yaml", data("test", "a", "floe-{scope}")), "a", frozenset({"finance"})),
        Site("dev", document("dev.yaml", data("dev", "b", "floe-{scope}")), "b", frozenset({"finance"})),
    ]
    findings = Findings()
    environments = [(site, Environment.model_validate(site.document.data)) for site in sites]
    check_namespaces(environments, ["platform", "sales", "finance"], findings)
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, '"floe-platform"' in diagnostic.message) == ("R009", True)
    findings = Findings()
    check_namespaces([environments[0], environments[1], environments[3]], ["platform", "sales", "finance"], findings)
    assert findings.diagnostics == []
