"""What the objects of Argo CD or Flux are derived from."""

from __future__ import annotations

import msgspec

from floe_compiler.model.inputs import ArgoCd, Cluster, Flux
from floe_compiler.model.settings import Settings
from floe_compiler.model.span import Span


class DeliveredNamespace(msgspec.Struct, frozen=True):
    """A namespace that Argo CD or Flux delivers."""

    scope: str
    namespace: str
    owner: str
    encrypted: bool = False
    """Whether it has Secrets that SOPS has encrypted."""


class DeliveryPlan(msgspec.Struct, frozen=True):
    """What the delivery objects of an environment are derived from."""

    settings: Settings
    cluster: Cluster
    delivery: ArgoCd | Flux
    namespaces: tuple[DeliveredNamespace, ...]
    version_origin: Span | None = None
