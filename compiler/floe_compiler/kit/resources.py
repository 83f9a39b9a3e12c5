"""CPU, memory and replicas: from settings to facts."""

from __future__ import annotations

from floe_compiler.model.facts import Resources
from floe_compiler.model.inputs import ReplicaBounds, Replicas, ResourceSettings
from floe_compiler.model.operations import Scaling


def declared(settings: ResourceSettings) -> Resources:
    """Return the configured requests and limits of a container."""
    requests, limits = settings.requests, settings.limits
    return Resources(requests.cpu, requests.memory, limits.cpu, limits.memory)


def replicas(settings: Replicas) -> int | Scaling:
    """Return the configured replicas or autoscaling."""
    if isinstance(settings, ReplicaBounds):
        return Scaling(settings.minimum, settings.maximum, settings.cpu_percent)
    return settings
