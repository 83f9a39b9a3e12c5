"""Units: the parts of a mesh that are compiled and cached separately."""

from __future__ import annotations

from typing import NamedTuple


class UnitKey(NamedTuple):
    """The key of a unit: its environment, cluster and namespace.

    The unit without a namespace has the objects that belong to the environment as a whole.
    """

    environment: str
    cluster: str
    namespace: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.environment, self.cluster, self.namespace)))
