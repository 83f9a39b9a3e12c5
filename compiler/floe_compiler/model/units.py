"""Units: what is planned, rendered, checked and kept apart."""

from __future__ import annotations

import msgspec


class UnitKey(msgspec.Struct, frozen=True, order=True, array_like=True):
    """What tells a unit from all others: its environment, its cluster, and its namespace.

    Without a namespace it is the unit of what belongs to the environment as a whole.
    """

    environment: str
    cluster: str
    namespace: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.environment, self.cluster, self.namespace)))
