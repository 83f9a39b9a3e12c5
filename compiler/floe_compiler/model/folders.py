"""Folders of a pod that are not in its images: those that it may write to, and those of its node."""

from __future__ import annotations

from typing import Literal

import msgspec


class Scratch(msgspec.Struct, frozen=True):
    """A writable folder that exists as long as the pod: an emptyDir at `path`; `memory` keeps it in RAM."""

    path: str
    size: str = "64Mi"
    memory: bool = False


class HostPath(msgspec.Struct, frozen=True):
    """A folder of the node, mounted at `path` (default: the same path); the pod says why (`Pod.node_access`)."""

    on_node: str
    path: str = ""
    writable: bool = False


class Mount(msgspec.Struct, frozen=True):
    """What others have put into the namespace, mounted at `path`: a ConfigMap or a PersistentVolumeClaim."""

    path: str
    kind: Literal["ConfigMap", "PersistentVolumeClaim"]
    name: str
    writable: bool = False


class Claim(msgspec.Struct, frozen=True):
    """Persistent storage of a StatefulSet's pod, mounted at `path`."""

    name: str
    path: str
    size: str
