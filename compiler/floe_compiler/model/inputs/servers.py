"""Servers outside the cluster."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.fields import Cidr, SecretKeyName, ServerHost
from floe_compiler.model.hosts import check_server, host_of, numeric
from floe_compiler.model.inputs.common import Input


class Reached(Input):
    """Settings of a server outside the cluster: `cidr` is the range of its addresses, for network policies.

    If the server is named by its address, that is also the default of `cidr`.
    """

    named_by: ClassVar[str] = ""
    """The setting with the server's host or URL; empty if there is none."""

    if TYPE_CHECKING:
        cidr: Cidr

    @property
    def host_name(self) -> str:
        """Return the server's host; empty if the settings do not name it."""
        return host_of(getattr(self, self.named_by, None) or "")

    @model_validator(mode="before")
    @classmethod
    def _default_cidr(cls, value: Any) -> Any:
        if isinstance(value, dict) and "cidr" not in value and (host := _address(value.get(cls.named_by))):
            return {**value, "cidr": host}
        return value

    @model_validator(mode="after")
    def _host_in_cidr(self) -> Self:
        address = numeric(self.host_name)
        if address and address not in ipaddress.ip_network(self.cidr):
            raise ValueError(f"host {address} is not in cidr {self.cidr}; leave cidr out, or correct one of them")
        return self


class OutsideServer(Reached):
    """A server outside the cluster, and the addresses that network policies allow for it."""

    named_by = "host"

    host: ServerHost
    """Its DNS name."""
    cidr: Cidr = ANYWHERE
    """The server's address range, for network policies. Default: any, or `host` if that is an IP address."""


def _address(server: Any) -> str:
    """Return the address of a server that is named by it; empty if it has a name, or if it cannot be a server's."""
    try:
        host = host_of(server) if isinstance(server, str) else ""
        return check_server(host) if numeric(host) else ""
    except ValueError:
        return ""


class ClientKeys(Input):
    """The keys of the secret of a client (OAuth2)."""

    client_id: SecretKeyName = "client-id"
    """The key with the client's ID."""
    client_secret: SecretKeyName = "client-secret"  # noqa: S105 - the name of a key
    """The key with the client's secret."""
