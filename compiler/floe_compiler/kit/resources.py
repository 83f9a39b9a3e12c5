"""CPU, memory and replicas, from the words of the authored documents to those of the facts."""

from __future__ import annotations

from floe_compiler.model.facts import Resources
from floe_compiler.model.inputs import ReplicaBounds, Replicas, ResourceSettings
from floe_compiler.model.operations import Scaling


def declared(settings: ResourceSettings) -> Resources:
    """Return what a container asks for, as it was configured."""
    requests, limits = settings.requests, settings.limits
    return Resources(requests.cpu, requests.memory, limits.cpu, limits.memory)


def replicas(settings: Replicas) -> int | Scaling:
    """Return how many replicas there are, as it was configured."""
    if isinstance(settings, ReplicaBounds):
        return Scaling(settings.minimum, settings.maximum, settings.cpu_percent)
    return settings
