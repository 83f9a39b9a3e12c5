"""All components, by slot and type. The module of each is imported when something asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

import msgspec

from floe_compiler.model.plan import Component
from floe_compiler.model.unit_scopes import ComponentScope

Key = tuple[str, str]
"""Slot and type."""


class Announced(msgspec.Struct, frozen=True):
    """What must be known of every component without importing it: most are not chosen.

    `module` is the name of the module with the constant `COMPONENT`. `keeps` tells whether it has that hook.
    """

    slot: str
    type: str
    scope: ComponentScope
    keeps: bool
    module: str = ""

    @classmethod
    def of(cls, component: Component[Any], module: str = "") -> Announced:
        """Return what must be known of a component."""
        return cls(component.slot, component.type, component.scope, component.keeps is not None, module)

    @property
    def key(self) -> Key:
        """Return the component's key."""
        return (self.slot, self.type)


class Registry(Mapping[Key, Component[Any]]):
    """All components, by slot and type, in this order. To ask for one imports its module."""

    def __init__(self, announced: Iterable[Announced] = (), imported: Iterable[Component[Any]] = ()) -> None:
        """`announced` are in modules, `imported` are at hand."""
        self._imported = {component.key: component for component in imported}
        components = (*announced, *map(Announced.of, self._imported.values()))
        self._announced = {
            component.key: component for component in sorted(components, key=lambda component: component.key)
        }

    def __getitem__(self, key: Key) -> Component[Any]:
        """Return a component. Raises KeyError if there is none."""
        if key in self._imported:
            return self._imported[key]
        component: Component[Any] = import_module(self._announced[key].module).COMPONENT
        return component

    def __contains__(self, key: object) -> bool:
        """Return whether there is a component, without importing it."""
        return key in self._announced

    def __iter__(self) -> Iterator[Key]:
        """Yield the keys, sorted."""
        return iter(self._announced)

    def __len__(self) -> int:
        """Return the number of components."""
        return len(self._announced)

    def within(self, scopes: Collection[ComponentScope]) -> Registry:
        """Return the components of these scopes."""
        mine = [component for component in self.announced if component.scope in scopes]
        imported = [self._imported[component.key] for component in mine if component.key in self._imported]
        return Registry((component for component in mine if component.key not in self._imported), imported)

    @property
    def announced(self) -> Iterable[Announced]:
        """Return what is known of each without importing it, by their keys."""
        return self._announced.values()
