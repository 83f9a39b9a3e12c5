"""The interfaces of all namespaces."""

from __future__ import annotations

from floe_compiler.derive.interfaces import interfaces
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey
from kit.samples import OUTSIDE

FINANCE = OpenInterface("finance", "dagster", OUTSIDE, "http", authenticates=False)
SALES = OpenInterface("sales", "dagster", OUTSIDE, "http", authenticates=False)


def key(namespace: str) -> UnitKey:
    return UnitKey("dev", "acme-dev", namespace)


def test_interfaces_are_gathered_in_one_order() -> None:
    units = [
        UnitFacts(key("sales"), interfaces=(SALES,)),
        UnitFacts(key("finance"), interfaces=(FINANCE,)),
        UnitFacts(key("x")),
    ]
    assert interfaces(units) == interfaces(units[::-1]) == (FINANCE, SALES)
