"""The authorities that all programs trust."""

from __future__ import annotations

from floe_compiler.derive.authorities import authorities
from floe_compiler.model.mesh_facts import TrustedAuthority
from floe_compiler.model.trust import Authority
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey

OLD, NEW = Authority("Acme Old", 100), Authority("Acme New", 200)


def test_authorities_of_the_platform_are_in_order() -> None:
    platform = UnitFacts(UnitKey("dev", "acme-dev", "floe-platform"), authorities=(OLD, NEW))
    sales = UnitFacts(UnitKey("dev", "acme-dev", "floe-sales-domain"))
    assert authorities([sales, platform]) == tuple(
        TrustedAuthority("floe-platform", authority) for authority in (NEW, OLD)
    )
    assert authorities([sales]) == ()
