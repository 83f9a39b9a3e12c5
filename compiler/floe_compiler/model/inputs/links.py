"""How the clusters of an environment reach one another."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.fields import Cidr, HostName, LabelKey, ObjectName
from floe_compiler.model.inputs.common import Input


class ReachedAt(Input):
    """Where other clusters reach this one."""

    domain: HostName
    """The domain of the servers that other clusters call: `<server>-<port>.<domain>`. Its DNS records, a wildcard, lead
    to the Gateway for other clusters."""
    cidr: Cidr = ANYWHERE
    """The addresses of that Gateway, for the network policies of callers."""


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
