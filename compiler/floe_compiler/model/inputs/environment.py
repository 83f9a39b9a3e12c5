"""`overlays/<environment>/environment.yaml`: where the platform runs and how big."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from floe_compiler.model.fields import (
    Cidr,
    Name,
    NamespaceName,
    NamespacePattern,
    ObjectName,
    matching,
)
from floe_compiler.model.inputs.common import (
    Input,
    Metadata,
)

Scale = Literal["light", "medium", "heavy"]


class Cluster(Input):
    """The cluster that an environment runs in."""

    name: Name
    """The cluster's name; environments of one cluster must not share namespaces."""
    server: Annotated[str, matching(r"^https://\S+$", "its URL", "https://k8s.acme.example:6443")] = (
        "https://kubernetes.default.svc"
    )
    """The API server's address as Argo CD knows it."""
    api_server_cidr: Cidr = "0.0.0.0/0"
    """Addresses of the API server, for the network policies of pods that need it."""
    nodes: Annotated[int, Field(ge=1)] = 3
    """How many nodes to count for DaemonSets when quotas are checked."""
    ingress_namespace: NamespaceName | None = None
    """The namespace of the ingress controller, which may then reach user interfaces; none: nothing may."""


class Namespaces(Input):
    """How namespaces are called."""

    pattern: NamespacePattern = "floe-{scope}"
    """The name, with `{scope}` for `platform` or `<domain>-domain`."""


class Environment(Input):
    """Where the platform runs and how big, and what is different there."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The version of this language."""
    kind: Literal["Environment"]
    """The kind of document."""
    metadata: Metadata
    """Name and owner of the environment; the name is the folder's."""
    cluster: Cluster
    """The cluster."""
    production: bool = False
    """Hold everything to production's rules: high availability, exact images, no generated secrets."""
    scale: Scale = "light"
    """How big: light (under 100 runs a day), medium (under 1,000), heavy."""
    storage_class: ObjectName
    """The StorageClass of persistent volumes."""
    namespaces: Namespaces = Namespaces()
    """How namespaces are called."""
    platform: dict[str, Any] = Field(default_factory=dict)
    """Overrides of `platform-manifest.yaml`, in its own words."""
    domains: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Overrides of a domain's `domain.yaml`, by the domain's name."""
