"""Servers outside the cluster."""

from __future__ import annotations

import ipaddress
from typing import Any, Self

from pydantic import model_validator

from floe_compiler.model.fields import Cidr, ServerHost
from floe_compiler.model.hosts import numeric
from floe_compiler.model.inputs.common import Input


class OutsideServer(Input):
    """A server outside the cluster, and the addresses that network policies allow for it."""

    host: ServerHost
    """Its DNS name."""
    cidr: Cidr = "0.0.0.0/0"
    """The server's address range, for network policies. Default: any, or `host` if that is an IP address."""

    @model_validator(mode="before")
    @classmethod
    def _default_cidr(cls, value: Any) -> Any:
        if isinstance(value, dict) and "cidr" not in value and numeric(str(value.get("host", ""))):
            return {**value, "cidr": value["host"]}
        return value

    @model_validator(mode="after")
    def _host_in_cidr(self) -> Self:
        address = numeric(self.host)
        if address and address not in ipaddress.ip_network(self.cidr):
            raise ValueError(f"host {self.host} is not in cidr {self.cidr}; leave cidr out, or correct one of them")
        return self
