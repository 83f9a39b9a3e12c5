"""What AppProjects of Argo CD allow, as the summaries of units have it."""

from __future__ import annotations

import msgspec


class KindPattern(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Patterns of API group, kind and name that an AppProject allows or denies."""

    group: str
    kind: str
    name: str = "*"


class Project(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an AppProject allows to be applied, inside and outside namespaces."""

    namespaced: tuple[KindPattern, ...]
    not_namespaced: tuple[KindPattern, ...]
    cluster: tuple[KindPattern, ...]
    not_cluster: tuple[KindPattern, ...]
