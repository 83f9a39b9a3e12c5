"""How the clusters of an environment reach one another."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.fields import Cidr, HostName, LabelKey, NamespaceName, ObjectName, PortNumber
from floe_compiler.model.inputs.common import Input

HTTPS = 443


class ReachedAt(Input):
    """Where other clusters reach this one."""

    domain: HostName | None = None
    """For links through a Gateway: the domain of the servers that other clusters call, at `<server>-<port>.<domain>`.
    Its DNS record, a wildcard, leads to the Gateway for other clusters."""
    cidr: Cidr = ANYWHERE
    """The addresses at which other clusters reach it, and from which they see its pods, for network policies: of that
    Gateway, of the gateway of its service mesh, or with MCS of its pods and Services."""


class McsLinks(Input):
    """Clusters reach one another by the Multi-Cluster Services API, as Submariner and others implement it."""

    type: Literal["mcs"]
    """How clusters reach one another."""
    domain: HostName = "clusterset.local"
    """The domain of exported Services: `<server>.<namespace>.svc.<domain>`."""


class IstioLinks(Input):
    """Clusters are in one mesh of Istio (multi-primary, several networks), which passes calls through its gateways."""

    type: Literal["istio"]
    """How clusters reach one another."""
    gateway_namespace: NamespaceName = "istio-system"
    """The namespace of the east-west gateway in each cluster."""


class LinkerdLinks(Input):
    """Clusters reach one another through the gateways of Linkerd's multicluster extension, which mirrors Services."""

    type: Literal["linkerd"]
    """How clusters reach one another."""
    gateway_namespace: NamespaceName = "linkerd-multicluster"
    """The namespace of the gateway in each cluster."""


class ClientCertificates(Input):
    """The certificates that callers in other clusters show to a Gateway, as far as they can."""

    issuer: ObjectName
    """The ClusterIssuer of these certificates, in each cluster that calls."""
    authority: ObjectName
    """The ConfigMap with its authority under the key `ca.crt`, in the namespace of each Gateway. Keep it to callers."""
    port: PortNumber = 8443
    """The port of the Gateways at which they must be shown. At 443, none is."""

    @field_validator("port")
    @classmethod
    def _not_for_all(cls, port: int) -> int:
        if port == HTTPS:
            raise ValueError("443 is for callers that have no certificate to show; write another port, such as 8443")
        return port


class GatewayLinks(Input):
    """Clusters reach one another through a Gateway of each, over HTTPS."""

    # `class` is a word of Python's.
    model_config = ConfigDict(validate_by_alias=True, validate_by_name=False)

    type: Literal["gateway"]
    """How clusters reach one another."""
    class_: ObjectName = Field(alias="class")
    """The GatewayClass of the Gateways for other clusters."""
    issuer: ObjectName
    """The ClusterIssuer of the Gateways' certificates, for the wildcard below each cluster's domain."""
    public: bool = False
    """Whether its authority is a public one. Otherwise, programs must trust it: `trust`."""
    annotations: dict[LabelKey, str] = Field(default_factory=dict)
    """Annotations of the Gateways, for their controller. Default: none."""
    client_certificates: ClientCertificates | None = None
    """The certificates that collectors show. Default: none; then the Gateways let in whoever reaches them."""


Links = Annotated[GatewayLinks | McsLinks | IstioLinks | LinkerdLinks, Field(discriminator="type")]
