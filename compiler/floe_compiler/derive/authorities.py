"""The certificate authorities that all programs trust: alerts say when one of them ends."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.mesh_facts import TrustedAuthority
from floe_compiler.model.unit_facts import UnitFacts


def authorities(units: Iterable[UnitFacts]) -> tuple[TrustedAuthority, ...]:
    """Return the authorities that the compiler knows, sorted."""
    return tuple(
        sorted(TrustedAuthority(unit.namespace, authority) for unit in units for authority in unit.authorities)
    )
