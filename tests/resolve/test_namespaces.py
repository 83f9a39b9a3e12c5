"""Names of namespaces, and that no two environments of one cluster share one."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.inputs import Environment
from floe_compiler.resolve.namespaces import check_namespaces, namespace_name
from resolve.samples import document


def data(name: str, cluster: str, pattern: str) -> dict[str, Any]:
    return {
        "apiVersion": "floe.dev/v1",
        "kind": "Environment",
        "metadata": {"name": name, "owner": "@acme/platform"},
        "cluster": {"name": cluster},
        "storage_class": "standard",
        "namespaces": {"pattern": pattern},
    }


def problems(*written: tuple[str, str, str], scopes: tuple[str, ...] = ("platform", "sales")) -> list[Diagnostic]:
    documents = {one[0]: document(f"{one[0]}.yaml", data(*one)) for one in written}
    environments = {name: Environment.model_validate(one.data) for name, one in documents.items()}
    findings = Findings()
    check_namespaces(environments, documents, scopes, findings)
    return findings.found


def test_the_pattern_holds_the_scope() -> None:
    environment = Environment.model_validate(data("dev", "kind", "acme-{scope}-dev"))
    assert namespace_name(environment, "platform") == "acme-platform-dev"
    assert namespace_name(environment, "sales") == "acme-sales-domain-dev"


def test_environments_of_different_clusters_may_share_names() -> None:
    assert problems(("dev", "a", "floe-{scope}"), ("prod", "b", "floe-{scope}")) == []


def test_environments_of_one_cluster_may_not() -> None:
    (found,) = problems(("dev", "a", "floe-{scope}"), ("prod", "a", "floe-{scope}"))
    assert found.rule.code == "R009"
    assert str(found.span).startswith("prod.yaml")
    assert 'namespaces: {pattern: "floe-{scope}-prod"}' in found.hint
    assert str(found.related[0].span).startswith("dev.yaml")
    assert problems(("dev", "a", "floe-{scope}"), ("prod", "a", "floe-{scope}-prod")) == []


def test_one_shared_name_is_enough() -> None:
    # dev's platform is called as prod's domain is
    found = problems(
        ("dev", "a", "{scope}-domain"), ("prod", "a", "{scope}"), scopes=("platform", "platform-x", "sales")
    )
    assert found == []
    found = problems(("dev", "a", "{scope}-domain"), ("prod", "a", "{scope}"), scopes=("platform", "x", "x-domain"))
    assert [one.rule.code for one in found] == ["R009"]


def test_a_name_has_63_characters_at_most() -> None:
    (found,) = problems(("dev", "a", "{scope}"), scopes=("d" * 57,))
    assert found.rule.code == "R003"
    assert str(found.span) == "dev.yaml:11:5"
    assert problems(("dev", "a", "{scope}"), scopes=("d" * 56,)) == []
