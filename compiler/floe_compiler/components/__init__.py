"""The components that a platform can be made of, one module or package for each.

A component is a module with the constant `COMPONENT`, or a package if it needs more files, such as scripts. Files that
only one component uses are in its package. Installed packages add components with the entry point group
`floe_compile.components`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from typing import Any

from floe_compiler.model.component_faults import NOT_LOADED, fault
from floe_compiler.model.component_packages import component_packages
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.plan import Component

Registry = Mapping[tuple[str, str], Component[Any]]
"""Components by slot and type."""


def built_in() -> tuple[Component[Any], ...]:
    """Return the components of this package, in the order of their names."""
    return _found_in(tuple(__path__))


@cache
def _found_in(folders: tuple[str, ...]) -> tuple[Component[Any], ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(folders))
    return tuple(importlib.import_module(f"{__name__}.{name}").COMPONENT for name in names)


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
    except Exception as error:  # whatever a stranger's module does when it is imported
        message = f"{point.value} cannot be loaded: {fault(error, point.module.partition('.')[0])}"
    else:
        if isinstance(component, Component):
            return component
        message = f"{point.value} is of type {type(component).__name__}, not a Component"
    findings.add(NOT_LOADED, message, subject=_package(point), hint="mend the package, or uninstall it")
    return None


def _package(point: metadata.EntryPoint) -> str:
    return f"package {point.dist.name} {point.dist.version}" if point.dist else point.module


def registry(extra: Iterable[Component[Any]] = ()) -> Registry:
    """Return all components.

    Raises StageFailed (R032) if two have the same slot and type, or the same slot and different scopes, or if one
    cannot be loaded.
    """
    components: dict[tuple[str, str], Component[Any]] = {}
    by_slot: dict[str, Component[Any]] = {}
    for component in (*built_in(), *installed(), *extra):
        if component.key in components:
            raise _clash(f"two components fill {component.slot} with type {component.type}", component)
        components[component.key] = component
        other = by_slot.setdefault(component.slot, component)
        if other.scope != component.scope:
            scopes = " and ".join(f"{claimant.type} with scope {claimant.scope}" for claimant in (other, component))
            raise _clash(f"two components fill {component.slot} in different namespaces: {scopes}", component)
    return dict(sorted(components.items()))


def _clash(message: str, component: Component[Any]) -> StageFailed:
    package = component.build.__module__.partition(".")[0]
    hint = f"uninstall the package of {package}, or let its component have another type"
    return StageFailed([Diagnostic(NOT_LOADED, message, subject=f"package of {package}", hint=hint)])
