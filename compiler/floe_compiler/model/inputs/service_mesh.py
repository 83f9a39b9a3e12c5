"""`cluster.mesh` of `environment.yaml`: the service mesh of the cluster that the namespaces join."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from floe_compiler.model.fields import Cidr, HostName, Name, NamespaceName
from floe_compiler.model.inputs.common import Amounts, Input, ResourceSettings

PROXY = ResourceSettings(
    requests=Amounts(cpu="50m", memory="128Mi"),
    limits=Amounts(cpu="500m", memory="256Mi"),
)
"""The resources of a proxy that nobody has set."""


class _Mesh(Input):
    """What every service mesh has."""

    namespaces: Annotated[tuple[NamespaceName, ...], Field(strict=False)] = ()
    """The namespaces of others that are in the mesh, such as that of the ingress controller. Callers from everywhere
    else have no identity, so the ports that they need take plain text, too. Default: none."""
    cni: bool = False
    """Whether the CNI plugin of the mesh is installed. Without it, a proxy needs rights that the restricted pod
    security standard refuses."""
    proxy: ResourceSettings = PROXY
    """Requests and limits of the proxy in each pod."""


class IstioMesh(_Mesh):
    """Istio, 1.27 or later."""

    type: Literal["istio"]
    """The kind of mesh."""
    mode: Literal["sidecar", "ambient"]
    """A proxy in each pod (`sidecar`), or one on each node (`ambient`)."""
    namespace: NamespaceName = "istio-system"
    """The namespace of istiod."""
    revision: Name | None = None
    """The revision of istiod that puts proxies into pods. Default: the one without a name."""
    trust_domain: HostName | None = None
    """The trust domain of the mesh (`meshConfig.trustDomain`), whose accounts alone are then let in. Default: an
    account is let in whatever its trust domain is."""

    @model_validator(mode="after")
    def _revision_of_sidecars(self) -> Self:
        if self.revision and self.mode == "ambient":
            raise ValueError("a revision puts proxies into pods, and with mode: ambient there are none; leave it out")
        return self


class LinkerdMesh(_Mesh):
    """Linkerd, 2.19 or later."""

    type: Literal["linkerd"]
    """The kind of mesh."""
    namespace: NamespaceName = "linkerd"
    """The namespace of the control plane."""
    node_networks: Annotated[tuple[Cidr, ...], Field(strict=False)] = ()
    """The address ranges of the nodes, from which gRPC probes come. Default: any address may send them."""


ServiceMesh = Annotated[IstioMesh | LinkerdMesh, Field(discriminator="type")]
