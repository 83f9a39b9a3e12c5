"""Accounts with rights in every namespace: each namespace binds them to a Role of its own."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.accounts import Reader
from floe_compiler.model.unit_facts import UnitFacts


def readers(units: Iterable[UnitFacts]) -> tuple[Reader, ...]:
    """Return the accounts, sorted by namespace and name."""
    declared = (reader for unit in units for reader in unit.readers)
    return tuple(sorted(declared, key=lambda reader: (reader.namespace, reader.account)))
