"""Servers outside the cluster."""

from __future__ import annotations

import ipaddress
from typing import Any, Self

from pydantic import model_validator

from floe_compiler.model.fields import Cidr, ServerHost
from floe_compiler.model.hosts import numeric
from floe_compiler.model.inputs.common import Input


class OutsideServer(Input):
    """A server outside the cluster, and the addresses that network policies open for it."""

    host: ServerHost
    """Its DNS name."""
    cidr: Cidr = "0.0.0.0/0"
    """The addresses it may have, for the network policies; default: any, or that of a `host` which is an address."""

    @model_validator(mode="before")
    @classmethod
    def _one_address(cls, value: Any) -> Any:
        if isinstance(value, dict) and "cidr" not in value and numeric(str(value.get("host", ""))):
            return {**value, "cidr": value["host"]}
        return value

    @model_validator(mode="after")
    def _within(self) -> Self:
        address = numeric(self.host)
        if address and address not in ipaddress.ip_network(self.cidr):
            raise ValueError(f"host {self.host} is not in cidr {self.cidr}; leave cidr out, or correct one of them")
        return self
