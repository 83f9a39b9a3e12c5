"""CPU and memory, from the words of the authored documents to those of the facts."""

from __future__ import annotations

from floe_compiler.model.facts import Resources
from floe_compiler.model.inputs import ResourceSettings


def declared(settings: ResourceSettings) -> Resources:
    """Return what a container asks for, as it was configured."""
    requests, limits = settings.requests, settings.limits
    return Resources(requests.cpu, requests.memory, limits.cpu, limits.memory)
