"""The configuration of the metrics store `prometheus`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from floe_compiler.model.alerts import Severity, check_runbooks
from floe_compiler.model.fields import (
    Name,
    NamespaceName,
    Owner,
    PortNumber,
    Reason,
    SecretKeyName,
    ServerHost,
    Storage,
    Timeout,
    matching,
)
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import Amounts, Input, OutsideServer, ResourceSettings


def check_address(text: str) -> str:
    """Accept the address at which people open a server: without a path, as each has a host of its own."""
    return check_url(text, "https://prometheus.example.com")


OwnUrl = Annotated[str, AfterValidator(check_address)]


class ReceiverSettings(OutsideServer):
    """Who is told of alerts, and the server that tells them."""

    name: Name
    """The receiver's name."""
    port: PortNumber = 443
    """The server's TCP port."""
    secret: Name
    """The secret with the address or key."""
    resolved: bool = True
    """Whether it is also told when an alert is over."""


class Webhook(ReceiverSettings):
    """A server that takes alerts as JSON: the secret has its whole URL."""

    type: Literal["webhook"] = "webhook"
    """The kind of receiver."""
    key: SecretKeyName = "url"
    """The key in the secret."""


class Slack(ReceiverSettings):
    """A channel of Slack: the secret has the URL of an incoming webhook."""

    type: Literal["slack"]
    """The kind of receiver."""
    host: ServerHost = "hooks.slack.com"
    """Its DNS name."""
    key: SecretKeyName = "url"
    """The key in the secret."""
    channel: Annotated[str, matching(r"^[#@]?[a-z0-9._-]+$", "a channel", "#data-alerts")]
    """The channel."""


class PagerDuty(ReceiverSettings):
    """A service of PagerDuty: the secret has its integration key (Events API v2)."""

    type: Literal["pagerduty"]
    """The kind of receiver."""
    host: ServerHost = "events.pagerduty.com"
    """Its DNS name."""
    key: SecretKeyName = "routing-key"
    """The key in the secret."""


Receiver = Annotated[Webhook | Slack | PagerDuty, Field(discriminator="type")]


class Route(Input):
    """Alerts that a certain receiver is told of. All that is set must be true of an alert."""

    receiver: Name
    """The name of the receiver."""
    severity: Severity | None = None
    """How bad it is."""
    owner: Owner | None = None
    """The owner of the product or namespace."""

    @model_validator(mode="after")
    def _selects(self) -> Self:
        if self.severity is None and self.owner is None:
            raise ValueError(
                "the route selects no alerts; set severity or owner, or make its receiver the first of `receivers`"
            )
        return self


class AlertmanagerSettings(Input):
    """Alertmanager, which tells people of alerts. Without receivers, alerts are only shown in Prometheus."""

    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """The number of replicas, which tell each other what they have sent."""
    receivers: tuple[Receiver, ...] = Field(default=(), strict=False)
    """Who can be told. The first one is told of all alerts that no route is for."""
    routes: tuple[Route, ...] = Field(default=(), strict=False)
    """Which alerts other receivers are told of. The first route that fits an alert counts."""
    no_receivers: Annotated[Reason, Field(examples=["others watch the same servers"])] | None = None
    """Why nobody is told of alerts. Production needs a receiver or this reason."""
    url: OwnUrl | None = None
    """The address at which people open it (`https://alertmanager.example.com`), to which messages link."""
    repeat: Timeout = "4h"
    """How often they are told again while an alert lasts."""
    storage: Storage = "1Gi"
    """The size of the volume with silences, and with what has been sent."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="20m", memory="64Mi"), limits=Amounts(cpu="500m", memory="256Mi")
    )
    """CPU and memory of each replica."""

    @field_validator("receivers")
    @classmethod
    def _distinct(cls, receivers: tuple[Receiver, ...]) -> tuple[Receiver, ...]:
        names = [receiver.name for receiver in receivers]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two receivers are called {', '.join(twice)}; give each its own name")
        return receivers

    @model_validator(mode="after")
    def _receivers_or_reason(self) -> Self:
        if self.receivers and self.no_receivers:
            raise ValueError("no_receivers says why nobody is told, but there are receivers; remove one of them")
        return self


class CertManager(Input):
    """The cert-manager of the cluster."""

    namespace: NamespaceName = "cert-manager"
    """Its namespace."""
    service: Name = "cert-manager"
    """The Service of its controller, which has the metrics at port 9402."""


class PrometheusConfig(Input):
    """Prometheus, which collects the metrics of all namespaces, and Alertmanager."""

    type: Literal["prometheus"] = "prometheus"
    """The kind of metrics store."""
    replicas: Annotated[int, Field(ge=1, le=3)] = 1
    """The number of replicas. Each collects everything by itself."""
    retention: Timeout = "360h"
    """How long metrics are kept, if the volume has room for them."""
    storage: Storage = "20Gi"
    """The size of each replica's volume."""
    interval: Timeout = "30s"
    """How often metrics are collected and alerts are evaluated."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="200m", memory="1Gi"), limits=Amounts(cpu="2", memory="2Gi")
    )
    """CPU and memory of each replica."""
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    """Alertmanager."""
    cert_manager: CertManager | None = None
    """The cert-manager whose metrics are collected, for alerts on the certificates of the `ingress`. Default: none."""
    runbooks: Annotated[str, AfterValidator(check_runbooks), Field(examples=["https://wiki.example.com/runbooks"])]
    """The URL of the page with a section for each alert (`docs/runbooks.md` of this compiler, published where those can
    read it who are told). Each alert has it, with the section's anchor."""
    url: OwnUrl | None = None
    """The address at which people open it (`https://prometheus.example.com`), to which alerts link."""
