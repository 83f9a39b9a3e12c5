"""What must be known of an environment, beside its units, to link them."""

from __future__ import annotations

import msgspec

from floe_compiler.model.dns import DnsServers


class EnvironmentFacts(msgspec.Struct, frozen=True):
    """The facts of an environment that the link needs in addition to its units: see `Rendered`."""

    environment: str
    cluster: str = ""
    cluster_name: str = ""
    cluster_domain: str = "cluster.local"
    ingress_namespace: str = ""
    path: str = ""
    """The path of the mesh in its Git repository; empty at the top."""

    dns: DnsServers = DnsServers()
    has_mirrors: bool = False
    """Whether a service mesh makes Services here for those of other clusters."""

    production: bool = False
