"""Clusters, as environments name them: which environments run in one and the same."""

from __future__ import annotations

from floe_compiler.model.inputs import Cluster

OWN_ADDRESS: str = Cluster.model_fields["server"].default
"""The address by which each cluster knows itself: two environments that have it may well be of two clusters."""


def cluster_address(cluster: Cluster) -> str:
    """Return the address of the API server, written in one way."""
    return cluster.server.rstrip("/").lower()


def cluster_identity(cluster: Cluster) -> str:
    """Return what tells a cluster from all others: its address, or its name if that is all that is known of it."""
    address = cluster_address(cluster)
    return cluster.name if address == OWN_ADDRESS else address
