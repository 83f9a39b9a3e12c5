"""The secrets that a capability names, in any of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from floe_compiler.model.secrets import Secret, SecretReference


def secrets_of(fact: object) -> Iterator[Secret]:
    """Yield the secrets in a capability or a part of it."""
    if isinstance(fact, SecretReference):
        yield fact.secret
    elif isinstance(fact, tuple):
        for part in fact:
            yield from secrets_of(part)
    elif isinstance(fact, Mapping):
        yield from secrets_of(tuple(fact.values()))
    elif isinstance(fact, msgspec.Struct):
        for name in fact.__struct_fields__:
            yield from secrets_of(getattr(fact, name))
