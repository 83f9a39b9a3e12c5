"""`overlays/<environment>/environment.yaml`: where the platform runs, and at what scale."""

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
    """The URL of the API server, as registered in Argo CD."""
    api_server_cidr: Cidr = "0.0.0.0/0"
    """The address range of the API server, for the network policies of pods that call it."""
    nodes: Annotated[int, Field(ge=1)] = 3
    """The number of nodes to assume for DaemonSets when quotas are checked."""
    ingress_namespace: NamespaceName | None = None
    """The namespace of the ingress controller, which may then reach user interfaces. Default: none may."""


class Namespaces(Input):
    """How namespaces are named."""

    pattern: NamespacePattern = "floe-{scope}"
    """The namespace's name, with `{scope}` for `platform` or `<domain>-domain`."""


class Environment(Input):
    """Where the platform runs, at what scale, and what differs there."""

    apiVersion: Literal["floe.dev/v1"]  # noqa: N815
    """The API version of the document."""
    kind: Literal["Environment"]
    """The kind of document."""
    metadata: Metadata
    """Name and owner of the environment. The name must be that of the folder."""
    cluster: Cluster
    """The cluster."""
    production: bool = False
    """Enforce the rules for production: high availability, exact image versions, no generated secrets."""
    scale: Scale = "light"
    """The scale: light (under 100 runs a day), medium (under 1,000) or heavy."""
    storage_class: ObjectName
    """The StorageClass of persistent volumes."""
    namespaces: Namespaces = Namespaces()
    """How namespaces are named."""
    platform: dict[str, Any] = Field(default_factory=dict)
    """Overrides of `platform-manifest.yaml`, with the same keys."""
    domains: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Overrides of `domain.yaml`, by the domain's name."""
