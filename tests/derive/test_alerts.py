"""Alerts and owners of all namespaces."""

from __future__ import annotations

from floe_compiler.derive.alerts import alerts
from floe_compiler.derive.namespaces import namespaces
from floe_compiler.model.alerts import Alert
from floe_compiler.model.mesh_facts import OwnedAlert, OwnedNamespace
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey

FULL, DOWN = (Alert(name, "up == 0", name) for name in ("Full", "Down"))


def facts(namespace: str, owner: str, *alerts_: Alert) -> UnitFacts:
    alerts = tuple(OwnedAlert(namespace, alert) for alert in alerts_)
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), owner=owner, alerts=alerts)


def test_alerts_of_all_namespaces_are_in_order() -> None:
    units = [facts("sales", "@acme/sales", FULL, DOWN), facts("finance", "@acme/finance", FULL)]
    assert alerts(units) == alerts(units[::-1])
    assert [(alert.namespace, alert.alert.name) for alert in alerts(units)] == [
        ("finance", "Full"),
        ("sales", "Down"),
        ("sales", "Full"),
    ]
    assert namespaces(units) == (OwnedNamespace("finance", "@acme/finance"), OwnedNamespace("sales", "@acme/sales"))
