"""`ingress` of `environment.yaml`: which interfaces users open, at which hosts, with which certificates and login."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, model_validator

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.fields import (
    Cidr,
    Duration,
    HostName,
    LabelKey,
    NamespaceName,
    ObjectName,
    PortNumber,
    Reason,
    matching,
)
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs.common import Input
from floe_compiler.model.inputs.servers import OutsideServer, Reached


def check_issuer(text: str) -> str:
    """Accept the URL of an identity provider, as its tokens name it: oauth2-proxy compares the two."""
    if not text.startswith("https://"):
        raise ValueError(f'"{text}" is not the https URL of an identity provider; write https://login.acme.example')
    return check_url(text.removesuffix("/"), "https://login.acme.example", path=True) + text[len(text.rstrip("/")) :]


class IngressTls(Input):
    """Where the certificates of the hosts come from: exactly one of `issuer`, `secret` and `elsewhere`."""

    issuer: ObjectName | None = None
    """The ClusterIssuer of cert-manager that issues a certificate for each host."""
    wildcard: bool = False
    """One certificate for all hosts right below `domain`, instead of one for each. The issuer must use DNS-01."""
    http01: bool = False
    """The issuer uses HTTP-01: its solver pods get a network policy, and room in the quota."""
    private: bool = False
    """The issuer has a private authority, which signs any name: in production, servers inside the cluster get
    certificates of it, too (`tls` of the environment)."""
    secret: ObjectName | None = None
    """The secret with a certificate for all hosts (`certificate` and `private-key` in the store)."""
    existing: bool = False
    """The Secret is managed outside the compiler, so it is not rendered."""
    elsewhere: Reason | None = None
    """Why hosts have no certificate here, such as a load balancer that ends TLS. Users still use https."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        chosen = [name for name in ("issuer", "secret", "elsewhere") if getattr(self, name) is not None]
        if len(chosen) != 1:
            sources = "none" if not chosen else " and ".join(chosen)
            raise ValueError(
                f"certificates have one source, but here it is {sources}; write issuer, secret or elsewhere"
            )
        of_issuers = (name for name in ("wildcard", "http01", "private") if getattr(self, name))
        if self.issuer is None and (name := next(of_issuers, "")):
            raise ValueError(f"{name} is for certificates of an issuer; write issuer, or leave {name} out")
        if self.wildcard and self.http01:
            raise ValueError("no wildcard can be proved by HTTP-01; leave wildcard out, or use an issuer with DNS-01")
        if self.private and self.http01:
            raise ValueError("a private authority asks for no proof by HTTP-01; leave one of private and http01 out")
        if self.existing and self.secret is None:
            raise ValueError("existing is about a secret; name the secret, or leave existing out")
        return self


class LoginServer(OutsideServer):
    """A further server of the identity provider, such as that of its keys."""

    port: PortNumber = 443
    """Its TCP port."""


class OidcLogin(Reached):
    """A login at an identity provider (OpenID Connect), by an oauth2-proxy in front of each interface without one."""

    named_by = "issuer"

    type: Literal["oidc"]
    """How users log in."""
    issuer: Annotated[str, AfterValidator(check_issuer)]
    """The URL of the identity provider, as it names itself (`https://login.acme.example/realms/acme`)."""
    client: Annotated[str, matching(r"^\S+$", "a client ID", "data-platform")]
    """The ID of the client that is registered there, with the callback URL of each host."""
    secret: ObjectName = "oauth2-proxy-client"  # noqa: S105 - its name
    """The secret with the client's secret (`client-secret`)."""
    email_domains: tuple[HostName, ...] = Field(default=(), strict=False)
    """The mail domains of those who may log in. Default: any, if `groups` says who."""
    groups: tuple[Annotated[str, matching(r"^[^,\s]+$", "the name of a group", "data-team")], ...] = Field(
        default=(), strict=False
    )
    """The groups whose members may log in. Default: any, if `email_domains` says who."""
    cidr: Cidr = ANYWHERE
    """The provider's address range, for network policies."""
    servers: tuple[LoginServer, ...] = Field(default=(), strict=False)
    """Further servers of the provider, which its discovery document names."""
    session: Duration = "12h"
    """How long a login lasts; who leaves a group gets through until then."""
    replicas: Annotated[int, Field(ge=1)] | None = None
    """The number of proxies in front of each interface. Default: 1 at the scale light, 2 at others."""
    without: dict[str, Reason] = Field(default_factory=dict)
    """Interfaces that are opened without a login, each with the reason. Not in production."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.email_domains and not self.groups:
            raise ValueError("everybody whom the provider knows could log in; write email_domains or groups")
        return self


class NoLogin(Input):
    """No login: whoever reaches the ingress controller may use every interface. Not in production."""

    type: Literal["none"]
    """How users log in."""
    reason: Reason
    """Why that is no danger."""


Auth = Annotated[OidcLogin | NoLogin, Field(discriminator="type")]


class GatewayReference(Input):
    """A Gateway that others keep. It must admit the routes of the environment's namespaces and know their hosts."""

    name: ObjectName
    """Its name."""
    namespace: NamespaceName
    """Its namespace."""
    listener: ObjectName | None = None
    """The listener that routes are attached to. Default: all that have their host."""


class Ingress(Input):
    """The interfaces that are opened to users outside the cluster: `domain`, `hosts`, or both say where."""

    # `class` is a word of Python's.
    model_config = ConfigDict(validate_by_alias=True, validate_by_name=False)

    type: Literal["gateway", "ingress"] = "gateway"
    """The objects that open them: those of Gateway API, or `networking.k8s.io/v1` Ingresses."""
    class_: ObjectName | None = Field(default=None, alias="class")
    """The GatewayClass or IngressClass."""
    gateway: GatewayReference | None = None
    """A Gateway that others keep, with its certificates. Default: one of the `class` is rendered."""
    domain: HostName | None = None
    """The domain of all hosts. An interface is at `<interface>.<domain>`, or `<interface>-<data domain>.<domain>`."""
    hosts: dict[str, HostName | StrictBool] = Field(default_factory=dict)
    """Hosts of single interfaces, by name (`jaeger`, `dagster-sales`); `false`: not opened; `true`: at its usual host.
    Interfaces for programs, such as OTLP, are opened only if they are named. Without a `domain`, all are."""
    tls: IngressTls | None = None
    """Where certificates come from. Default: no TLS, which production needs."""
    auth: Auth | None = None
    """The login in front of interfaces that do not ask for one."""
    health_checks: Literal["gke"] | None = None
    """The load balancer that is told which path and port of each server to ask, and let in there: that of GKE's
    Gateways (HealthCheckPolicy), which asks for `/` otherwise. Others take the pods' readiness, and need nothing."""
    annotations: dict[LabelKey, str] = Field(default_factory=dict)
    """Annotations of the Gateway or of each Ingress, for the controller. Default: none."""
    server_tls: bool = True
    """Whether the controller speaks TLS to servers that have certificates (`tls` of the environment), and verifies
    them: a Gateway by a BackendTLSPolicy, which came with Gateway API 1.4; Ingresses by `server_tls_annotations`."""
    server_tls_annotations: dict[LabelKey, str] = Field(default_factory=dict)
    """Annotations of the Ingresses whose server speaks TLS, for the controller. Default: none, so that none may."""

    @model_validator(mode="before")
    @classmethod
    def _somewhere(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("domain") is None and not value.get("hosts"):
            raise ValueError("nothing would be opened; write the domain of the hosts, or hosts")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.server_tls_annotations and (self.type != "ingress" or not self.server_tls):
            raise ValueError("server_tls_annotations are those of Ingresses to servers with TLS; leave them out")
        if self.health_checks and self.type != "gateway":
            raise ValueError("health_checks are those of a Gateway; leave them out, or write type: gateway")
        if self.gateway is None and self.class_ is None:
            raise ValueError("no controller is said to route; write class, or the gateway that there is")
        if self.gateway is not None:
            settings = {"class": self.class_, "tls": self.tls, "annotations": self.annotations}
            present = [name for name, value in settings.items() if value] + (["type"] if self.type != "gateway" else [])
            if present:
                raise ValueError(f"{' and '.join(present)} cannot be set of a gateway that others keep; leave that out")
        if self.domain is None and self.tls is not None and self.tls.wildcard:
            raise ValueError("a wildcard is for the hosts below a domain; write the domain, or leave wildcard out")
        if self.domain is None and True in self.hosts.values():
            name = next(name for name, host in self.hosts.items() if host is True)
            raise ValueError(f"{name} has no usual host without a domain; write its host, or the domain")
        return self
