"""The identity of clusters: which environments run in the same cluster."""

from __future__ import annotations

from floe_compiler.model.inputs import Cluster

OWN_ADDRESS: str = Cluster.model_fields["server"].default
"""The in-cluster address of the API server. Two environments with this address may run in different clusters."""


def cluster_address(cluster: Cluster) -> str:
    """Return the address of the API server in a canonical form."""
    return cluster.server.rstrip("/").lower()


def cluster_identity(cluster: Cluster) -> str:
    """Return the identity of a cluster: its API server's address, or its name if it only has the in-cluster address."""
    address = cluster_address(cluster)
    return cluster.name if address == OWN_ADDRESS else address
