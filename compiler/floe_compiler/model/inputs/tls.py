"""`tls` of `environment.yaml`: whether servers inside the cluster speak TLS, and who signs their certificates."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from floe_compiler.model.fields import ObjectName, Reason
from floe_compiler.model.inputs.common import Input


class Tls(Input):
    """TLS between the pods of an environment: exactly one of `issuer` and `without`."""

    issuer: ObjectName | None = None
    """The ClusterIssuer of cert-manager that signs the servers' certificates. `trust` must have its authority."""
    without: Reason | None = None
    """Why servers need no TLS, such as a network that encrypts by itself."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.issuer is None) == (self.without is None):
            problem = "both are given" if self.issuer else "neither is given"
            raise ValueError(
                f"servers have certificates of an issuer or go without, but here {problem}; write one of them"
            )
        return self
