"""The callers of a server follow from what pods call, whatever their components require."""

from __future__ import annotations

from floe_compiler.derive.callers import callers
from floe_compiler.model.unit_facts import Call, UnitFacts
from floe_compiler.model.units import UnitKey

HTTP = Call("platform", "catalog", "TCP", 8181)
ADMIN = Call("platform", "catalog", "TCP", 8182)
DATABASE = Call("sales", "db", "TCP", 5432)


def facts(namespace: str, *calls: Call) -> UnitFacts:
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), calls)


def test_callers_are_the_namespaces_of_the_calling_pods_with_their_ports() -> None:
    units = [facts("sales", HTTP, DATABASE), facts("finance", ADMIN, HTTP), facts("platform")]
    assert callers(units) == {
        "platform": {"catalog": {"finance": (("TCP", 8181), ("TCP", 8182)), "sales": (("TCP", 8181),)}},
        "sales": {"db": {"sales": (("TCP", 5432),)}},
    }


def test_the_order_of_units_does_not_matter() -> None:
    units = [facts("sales", HTTP), facts("finance", HTTP)]
    first, second = callers(units), callers(units[::-1])
    assert list(first["platform"]["catalog"]) == list(second["platform"]["catalog"]) == ["finance", "sales"]
