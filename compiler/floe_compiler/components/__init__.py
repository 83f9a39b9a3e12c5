"""The parts a platform can be made of, one module or package for each, found by scan.

A component is a module with the constant `COMPONENT`, or a package if it has more than one file, such as scripts. What
belongs to one component alone lies there. Installed packages add theirs under the entry point group
`floe_compile.components`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from floe_compiler.model.plan import Component

ENTRY_POINTS = "floe_compile.components"

Registry = Mapping[tuple[str, str], Component[Any]]
"""Components by slot and type."""


def built_in() -> tuple[Component[Any], ...]:
    """Return the components of this package, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").COMPONENT for name in names)


def installed() -> tuple[Component[Any], ...]:
    """Return the components that installed packages announce, in the order of their entry points' names."""
    points = sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    return tuple(point.load() for point in points)


def registry(extra: Iterable[Component[Any]] = ()) -> Registry:
    """Return all components.

    Raises ValueError if two claim one slot and type, or stand in different namespaces though they fill one slot.
    """
    found: dict[tuple[str, str], Component[Any]] = {}
    by_slot: dict[str, Component[Any]] = {}
    for component in (*built_in(), *installed(), *extra):
        if component.key in found:
            raise ValueError(f"two components fill {component.slot} with type {component.type}")
        found[component.key] = component
        other = by_slot.setdefault(component.slot, component)
        if other.scope != component.scope:
            scopes = " and ".join(f"{one.type} with scope {one.scope}" for one in (other, component))
            raise ValueError(f"two components fill {component.slot} in different namespaces: {scopes}")
    return dict(sorted(found.items()))
