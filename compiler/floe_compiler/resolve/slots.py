"""Slots: the places in a platform that components fill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import at
from floe_compiler.model.plan import Component, ComponentScope
from floe_compiler.model.registry import Registry as Registry  # re-exported: what fills slots
from floe_compiler.model.schema_words import DISCRIMINATOR
from floe_compiler.resolve.layers import Layer, Merged, beneath, merge
from floe_compiler.resolve.model_schemas import type_choice
from floe_compiler.resolve.validation import check_structure, validate

DERIVED = "database"
"""The derived slot: databases follow from the components that need one."""


def slot_path(slot: str) -> DataPath:
    """Return a slot's place in a document: `observability.collector` -> ("observability", "collector")."""
    return tuple(slot.split("."))


def slots(registry: Registry, scope: Literal["platform", "domain", "nodes"] | None = None) -> tuple[str, ...]:
    """Return all slots, sorted; with a `scope`, only those of components in it."""
    scopes = get_args(ComponentScope) if scope is None else ("nodes",) if scope == "nodes" else (scope, "each")
    of_scopes = (component for component in registry.announced if component.scope in scopes)
    return tuple(sorted({component.slot for component in of_scopes if component.slot != DERIVED}))


def types(registry: Registry, slot: str) -> tuple[str, ...]:
    """Return the types that can fill a slot, sorted."""
    return tuple(sorted(kind for place, kind in registry if place == slot))


def pick(data: Mapping[str, Any], paths: Iterable[DataPath]) -> dict[str, Any]:
    """Return a copy of `data` with only the values at `paths`."""
    picked: dict[str, Any] = {}
    for path in paths:
        value = at(data, path)
        if value is None:
            continue
        parent = picked
        for step in path[:-1]:
            parent = parent.setdefault(str(step), {})
        parent[str(path[-1])] = value
    return picked


def without(data: Mapping[str, Any], paths: Iterable[DataPath]) -> dict[str, Any]:
    """Return a copy of `data` without the values at `paths`; parents that become empty are dropped."""
    wanted = list(paths)
    here = {path[0] for path in wanted if len(path) == 1}
    remaining: dict[str, Any] = {}
    for key, value in data.items():
        if key in here:
            continue
        below = [path[1:] for path in wanted if path[0] == key]
        if below and isinstance(value, Mapping):
            value = without(value, below)
            if not value:
                continue
        remaining[key] = value
    return remaining


def with_profiles(registry: Registry, names: Iterable[str], scale: str, layers: Iterable[Layer]) -> Merged:
    """Merge the layers over the defaults, at this scale, of the components that they choose."""
    merged = merge(layers)
    profiles: dict[str, Any] = {}
    for slot in names:
        *groups, last = slot_path(slot)
        kind = (at(merged.data, slot_path(slot)) or {}).get("type")
        component = registry.get((slot, str(kind)))
        if component and component.profiles.get(scale):
            parent = profiles
            for step in groups:
                parent = parent.setdefault(str(step), {})
            parent[str(last)] = component.profiles[scale]
    return beneath(Layer(f"scale {scale}", profiles), merged)


def configured(
    registry: Registry, slot: str, merged: Merged, findings: Findings
) -> tuple[Component[Any], BaseModel] | None:
    """Return the component that fills a slot, with its configuration; None if the slot is empty or invalid."""
    path = slot_path(slot)
    value = at(merged.data, path)
    if value is None:
        return None
    kind = value.get(DISCRIMINATOR) if isinstance(value, Mapping) else None
    component = registry.get((slot, str(kind)))
    if component is None:
        check_structure(type_choice(types(registry, slot), required=True), merged, path, findings)
        return None
    config = validate(component.config, merged, path, findings)
    return (component, config) if config is not None else None
