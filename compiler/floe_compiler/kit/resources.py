"""CPU, memory and replicas: from settings to facts."""

from __future__ import annotations

from floe_compiler.model.facts import Resources
from floe_compiler.model.inputs import ReplicaBounds, Replicas, ResourceSettings
from floe_compiler.model.operations import Scaling
from floe_compiler.model.quantities import parse_quantity


def declared(settings: ResourceSettings) -> Resources:
    """Return the configured requests and limits of a container."""
    requests, limits = settings.requests, settings.limits
    return Resources(requests.cpu, requests.memory, limits.cpu, limits.memory)


def memory_goal(limit: str) -> str:
    """Return Go's soft memory limit: four fifths of the container's limit, so that memory is freed in time."""
    return f"{int(parse_quantity(limit).amount * 4 / 5 / 2**20)}MiB"


def replicas(settings: Replicas) -> int | Scaling:
    """Return the configured replicas or autoscaling."""
    if isinstance(settings, ReplicaBounds):
        return Scaling(settings.minimum, settings.maximum, settings.cpu_percent)
    return settings
