"""Alerting rules: their owners and runbooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from floe_compiler.kit.monitoring.derived import derived_alerts
from floe_compiler.kit.monitoring.promql import series
from floe_compiler.kit.monitoring.rules import OBJECTS, rule_groups
from floe_compiler.model.alerts import Alert
from floe_compiler.model.mesh_facts import MeshFacts, OwnedAlert, OwnedNamespace
from kit.monitoring.alert_cases import CASES
from monitored_mesh import RUNBOOKS, Kind, rules

ROOT = Path(__file__).parents[3]
FULL = Alert("Full", "full > 1", "It is full", severity="critical", labels=(("disk", "a"),))
MESH = MeshFacts(
    alerts=(OwnedAlert("sales", FULL),),
    namespaces=(OwnedNamespace("sales", "@acme/sales"), OwnedNamespace("ops", "@o")),
)


def rule(alert: Alert, runbooks: str = RUNBOOKS) -> dict[str, object]:
    (rule_,) = (
        rule_
        for group in rule_groups(replace(MESH, alerts=(OwnedAlert("sales", alert),)), (), runbooks)["sales"]
        for rule_ in group["rules"]
    )
    return dict(rule_)


def test_a_rule_has_an_owner_and_a_runbook() -> None:
    assert rule(FULL) == {
        "alert": "Full",
        "expr": "full > 1",
        "for": "5m",
        "labels": {"severity": "critical", "namespace": "sales", "owner": "@acme/sales", "disk": "a"},
        "annotations": {"summary": "It is full", "runbook_url": f"{RUNBOOKS}#full"},
    }


def test_an_alert_may_have_another_owner_and_runbook() -> None:
    alert = rule(replace(FULL, owner="@acme/orders", runbook="https://acme.example/full"))
    assert alert["labels"] == {"severity": "critical", "namespace": "sales", "owner": "@acme/orders", "disk": "a"}
    assert alert["annotations"] == {"summary": "It is full", "runbook_url": "https://acme.example/full"}


@pytest.mark.parametrize("page", ["docs/runbooks.md", "runbooks#full", "wiki.acme.example/runbooks"])
def test_the_runbook_of_an_alert_is_a_url(page: str) -> None:
    with pytest.raises(ValueError, match="is not the URL of a server"):
        replace(FULL, runbook=page)


@pytest.mark.parametrize("kind", ["prometheus", "prometheus-operator"])
def test_a_runbook_url_is_not_a_server_that_programs_call(kind: Kind) -> None:
    """Otherwise the mesh would not compile, as nothing may call that server."""
    assert f"{RUNBOOKS}#targetdown" in {alert["annotations"]["runbook_url"] for alert in rules(kind)}


def test_alerts_on_metrics_that_nobody_collects_are_left_out() -> None:
    assert "ops" not in rule_groups(MESH, (), RUNBOOKS)
    with_objects = {group["name"] for group in rule_groups(MESH, OBJECTS, RUNBOOKS)["ops"]}
    assert "ops.QuotaNearlyUsed" in with_objects
    assert "ops.ContainerMemoryHigh" not in with_objects
    everything = rule_groups(MESH, ("objects", "containers"), RUNBOOKS)["ops"]
    assert "ops.ContainerMemoryHigh" in {group["name"] for group in everything}


def test_every_namespace_has_the_same_alerts() -> None:
    mesh = replace(MESH, alerts=())
    names = {
        namespace: {derived.alert.name for derived in derived_alerts(mesh) if derived.namespace == namespace}
        for namespace in ("sales", "ops")
    }
    assert names["sales"] == names["ops"] != set()


@pytest.mark.parametrize("name", ["", "late", "Product late", "Product-Late"])
def test_the_name_of_an_alert_is_one_capitalised_word(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of an alert"):
        Alert(name, "up == 0", "down")


def test_values_of_labels_are_quoted() -> None:
    assert series("up", job='a"b') == 'up{job="a\\"b"}'


def test_every_alert_is_declared_with_an_owner() -> None:
    assert all(alert["labels"]["owner"].startswith("@acme/") for alert in rules())


def test_every_alert_has_a_section_in_the_runbooks_and_every_section_an_alert() -> None:
    titles = re.findall(r"^## (\w+)$", (ROOT / "docs/runbooks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert titles == sorted(set(titles))
    assert set(titles) == set(CASES), (
        "alert_cases.py has all alerts, which test_rules_real.py compares with the rendered ones"
    )
    links = {str(alert["annotations"]["runbook_url"]) for alert in rules()}
    assert links <= {f"{RUNBOOKS}#{title.lower()}" for title in titles}
