"""Units: what is planned, rendered, checked and kept apart."""

from __future__ import annotations

from typing import NamedTuple


class UnitKey(NamedTuple):
    """What tells a unit from all others: its environment, its cluster, and its namespace.

    Without a namespace it is the unit of what belongs to the environment as a whole.
    """

    environment: str
    cluster: str
    namespace: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.environment, self.cluster, self.namespace)))
