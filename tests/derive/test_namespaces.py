"""The namespaces of an environment."""

from __future__ import annotations

from floe_compiler.derive.namespaces import namespaces
from floe_compiler.model.mesh_facts import OwnedNamespace
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey


def facts(namespace: str) -> UnitFacts:
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), owner=f"{namespace}@acme.example")


def test_namespaces_are_listed_with_their_owners_in_one_order() -> None:
    units = [facts("sales"), facts("finance")]
    expected = (OwnedNamespace("finance", "finance@acme.example"), OwnedNamespace("sales", "sales@acme.example"))
    assert namespaces(units) == namespaces(units[::-1]) == expected
