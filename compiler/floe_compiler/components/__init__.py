"""The components that a platform can be made of, one module or package for each.

A component is a module with the constant `COMPONENT`, or a package if it needs more files, such as scripts. Files that
only one component uses are in its package. Installed packages add components with the entry point group
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
    """Return the components of other installed packages, in the order of their entry points' names."""
    points = sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    return tuple(point.load() for point in points)


def registry(extra: Iterable[Component[Any]] = ()) -> Registry:
    """Return all components.

    Raises ValueError if two have the same slot and type, or the same slot and different scopes.
    """
    components: dict[tuple[str, str], Component[Any]] = {}
    by_slot: dict[str, Component[Any]] = {}
    for component in (*built_in(), *installed(), *extra):
        if component.key in components:
            raise ValueError(f"two components fill {component.slot} with type {component.type}")
        components[component.key] = component
        other = by_slot.setdefault(component.slot, component)
        if other.scope != component.scope:
            scopes = " and ".join(f"{claimant.type} with scope {claimant.scope}" for claimant in (other, component))
            raise ValueError(f"two components fill {component.slot} in different namespaces: {scopes}")
    return dict(sorted(components.items()))
