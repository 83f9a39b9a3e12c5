"""Units: the parts of a mesh that are compiled and cached separately."""

from __future__ import annotations

from typing import NamedTuple

from floe_compiler.model.sites import environment_of


class UnitKey(NamedTuple):
    """The key of a unit: its environment (as a site, see `model/sites.py`), cluster and namespace.

    The unit without a namespace has the objects that belong to the environment as a whole.
    """

    environment: str
    cluster: str
    namespace: str

    def __str__(self) -> str:
        return "/".join(filter(None, (environment_of(self.environment), self.cluster, self.namespace)))
