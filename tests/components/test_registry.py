"""The registry finds all components, each with its own slot and type."""

from __future__ import annotations

import pkgutil
from importlib import metadata
from typing import Any

import pytest
from msgspec.structs import replace

import floe_compiler.components as components
from floe_compiler.components import built_in, installed, registry
from floe_compiler.components.catalog_polaris import COMPONENT as POLARIS
from floe_compiler.model.plan import Component


@pytest.mark.parametrize("component", built_in(), ids=lambda one: f"{one.slot}-{one.type}")
def test_a_component_says_what_it_is_and_its_defaults_are_valid(component: Component[Any]) -> None:
    assert component.summary
    assert not component.summary.endswith(".")
    assert component.config.model_fields["type"].annotation.__args__ == (component.type,)
    for scale, profile in component.profiles.items():
        assert scale in ("light", "medium", "heavy")
        assert profile.keys() <= component.config.model_fields.keys()


def test_every_module_is_found_and_named_by_slot_and_type() -> None:
    names = [module.name for module in pkgutil.iter_modules(components.__path__)]
    assert [f"{one.slot.rpartition('.')[2]}_{one.type}" for one in built_in()] == sorted(names)


def test_components_by_slot_and_type_in_order() -> None:
    found = registry()
    assert list(found) == sorted(found)
    assert found["catalog", "polaris"] is POLARIS
    assert all(key == component.key for key, component in found.items())


def test_two_components_for_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="two components fill catalog with type polaris"):
        registry([POLARIS])


def test_installed_packages_add_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        def __init__(self, name: str) -> None:
            self.name = name

        def load(self) -> str:
            return f"component {self.name}"

    def entry_points(group: str) -> list[Point]:
        return [Point("b"), Point("a")] if group == "floe_compile.components" else []

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    assert installed() == ("component a", "component b")  # type: ignore[comparison-overlap]


def test_the_components_of_a_slot_stand_in_the_same_kind_of_namespace() -> None:
    other = replace(POLARIS, type="other", scope="each")
    message = "fill catalog in different namespaces: polaris with scope platform and other with scope each"
    with pytest.raises(ValueError, match=message):
        registry([other])
    assert registry([replace(other, slot="lake")])["lake", "other"].scope == "each"
