"""The components that a platform can be made of, one module or package for each.

A component is a module with the constant `COMPONENT`, or a package if it needs more files, such as scripts. Files that
only one component uses are in its package. Installed packages add components with the entry point group
`floe_compile.components`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from typing import Any

from floe_compiler.model.component_faults import NOT_LOADED, fault
from floe_compiler.model.component_packages import component_packages
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.plan import Component
from floe_compiler.model.registry import Announced, Registry


def built_in() -> tuple[Component[Any], ...]:
    """Return the components of this package, in the order of their names."""
    return tuple(importlib.import_module(module).COMPONENT for module in _modules(tuple(__path__)))


@cache
def _modules(folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(folders)))


def announced() -> tuple[Announced, ...]:
    """Return what must be known of each component of this package. It imports all of them."""
    return tuple(map(Announced.of, built_in(), _modules(tuple(__path__))))


def installed() -> tuple[Component[Any], ...]:
    """Return the components of other installed packages, in the order of their entry points' names.

    Raises StageFailed (R032) with all that cannot be loaded.
    """
    findings = Findings()
    components = tuple(filter(None, (_loaded(point, findings) for point in component_packages())))
    findings.finish()
    return components


def _loaded(point: metadata.EntryPoint, findings: Findings) -> Component[Any] | None:
    try:
        component = point.load()
    except Exception as error:  # a module of another package may raise anything when it is imported
        message = f"{point.value} cannot be loaded: {fault(error, point.module.partition('.')[0])}"
    else:
        if isinstance(component, Component):
            return component
        message = f"{point.value} is of type {type(component).__name__}, not a Component"
    findings.add(NOT_LOADED, message, subject=_package(point), hint="mend the package, or uninstall it")
    return None


def _package(point: metadata.EntryPoint) -> str:
    return f"package {point.dist.name} {point.dist.version}" if point.dist else point.module


def registry(extra: Iterable[Component[Any]] = (), own: tuple[Announced, ...] = ()) -> Registry:
    """Return all components. Those of this package are not imported if `own` is what must be known of each.

    Raises StageFailed (R032) if two have the same slot and type, or the same slot and different scopes, or if one
    cannot be loaded.
    """
    if tuple(component.module for component in own) != _modules(tuple(__path__)):
        own = announced()
    further = (*installed(), *extra)
    by_slot = {component.slot: component for component in reversed(own)}
    taken = {component.key for component in own}
    for component in further:
        if component.key in taken:
            raise _clash(f"two components fill {component.slot} with type {component.type}", component)
        taken.add(component.key)
        claimants = by_slot.setdefault(component.slot, Announced.of(component)), component
        if len({claimant.scope for claimant in claimants}) > 1:
            scopes = " and ".join(f"{claimant.type} with scope {claimant.scope}" for claimant in claimants)
            raise _clash(f"two components fill {component.slot} in different namespaces: {scopes}", component)
    return Registry(own, further)


def _clash(message: str, component: Component[Any]) -> StageFailed:
    package = component.build.__module__.partition(".")[0]
    hint = f"uninstall the package of {package}, or let its component have another type"
    return StageFailed([Diagnostic(NOT_LOADED, message, subject=f"package of {package}", hint=hint)])
