"""Roll-outs: settings of the platform that reach the domains ring by ring, until they are the default of all.

For the domains of a ring that a change has reached, its settings are a layer right above the manifest. So nothing
changes for them when the settings move into the manifest itself, in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.layers import Layer

ROLLOUT, CHANGES, RINGS, REACHED, SETTINGS = "rollout", "changes", "rings", "reached", "settings"


class RingOfDomains(msgspec.Struct, frozen=True):
    """A ring, and the domains of the mesh that are in it."""

    name: str
    domains: tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """A change under way in one environment: the layer of its settings, and how many rings have it."""

    name: str
    description: str
    layer: Layer
    rings: int


def rings_of(sources: Sources) -> tuple[RingOfDomains, ...]:
    """Return the rings in their order; the last one has the domains that no other has, if it names none."""
    written = mappings(sources.manifest.data, (ROLLOUT, RINGS))
    if not written:
        return ()
    named = {name for ring in written for name in ring.get("domains") or ()}
    others = tuple(sorted(sources.domains.keys() - named))
    return tuple(RingOfDomains(str(ring["name"]), tuple(ring.get("domains") or others)) for ring in written)


def changes_in(sources: Sources, environment: Document) -> tuple[Change, ...]:
    """Return the changes under way, as far as they are in an environment."""
    names = [ring.name for ring in rings_of(sources)]
    overrides = mapping(environment.data, (ROLLOUT,))
    changes = []
    for name, change, layer in written_changes(sources.manifest):
        reached = overrides.get(name, change.get(REACHED))
        rings = names.index(reached) + 1 if reached in names else 0
        changes.append(Change(name, str(change.get("description", "")), layer, rings))
    return tuple(changes)


def inherited_layers(
    platform: Sequence[Layer], sources: Sources, environment: Document, domain: str
) -> tuple[Layer, ...]:
    """Return the layers that a domain inherits: those of the platform, and the changes that have reached its ring.

    Args:
        platform: The layers of the platform: the manifests, and last what the environment says.
        sources: All documents.
        environment: The environment's.
        domain: The name of the domain.
    """
    *manifests, own = platform
    rings = rings_of(sources)
    ring = next((number for number, candidate in enumerate(rings, start=1) if domain in candidate.domains), None)
    changes = changes_in(sources, environment) if ring else ()
    return (*manifests, *(change.layer for change in changes if ring and change.rings >= ring), own)


def written_changes(manifest: Document) -> Iterator[tuple[str, Mapping[str, Any], Layer]]:
    """Yield each change of a manifest with its name, and the layer of its settings."""
    for name, change in mapping(manifest.data, (ROLLOUT, CHANGES)).items():
        prefix: DataPath = (ROLLOUT, CHANGES, name, SETTINGS)
        yield name, change, Layer(manifest.file, at(change, (SETTINGS,)) or {}, manifest, prefix)
