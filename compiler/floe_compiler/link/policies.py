"""The identity of NetworkPolicies in findings."""

from __future__ import annotations

from floe_compiler.model.objects import ObjectId


def policy_id(unit: str, name: str) -> ObjectId:
    """Return the identity of a NetworkPolicy of a unit."""
    return ObjectId("networking.k8s.io", "NetworkPolicy", unit, name)
