"""The registry finds all components, each with its own slot and type."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import floe_compiler.components as components
import third_party_portal
from floe_compiler.components import announced, built_in, installed, registry
from floe_compiler.components.catalog_polaris import COMPONENT as POLARIS
from floe_compiler.model.codec import encode
from floe_compiler.model.component_faults import NOT_LOADED
from floe_compiler.model.component_packages import ENTRY_POINTS
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.plan import Component, ComponentScope
from tables import table


@table("component", built_in(), ids=lambda component: f"{component.slot}-{component.type}")
def test_a_component_has_a_summary_and_valid_defaults(component: Component[Any]) -> None:
    assert component.summary
    assert not component.summary.endswith(".")
    assert component.config.model_fields["type"].annotation.__args__ == (component.type,)
    for scale, profile in component.profiles.items():
        assert scale in ("light", "medium", "heavy")
        assert profile.keys() <= component.config.model_fields.keys()


def test_every_module_is_found_and_named_by_slot_and_type() -> None:
    names = [module.name for module in pkgutil.iter_modules(components.__path__)]
    assert [
        f"{component.slot.rpartition('.')[2]}_{component.type}".replace("-", "_") for component in built_in()
    ] == sorted(names)


def test_components_by_slot_and_type_in_order() -> None:
    by_key = registry()
    assert list(by_key) == sorted(by_key)
    assert by_key["catalog", "polaris"] is POLARIS
    assert all(key == component.key for key, component in by_key.items())


def refused(*extra: Component[Any]) -> tuple[Diagnostic, ...]:
    with pytest.raises(StageFailed) as failed:
        registry(extra)
    return failed.value.diagnostics


def test_two_components_with_the_same_slot_and_type_are_refused() -> None:
    (diagnostic,) = refused(POLARIS)
    assert (diagnostic.rule, diagnostic.message) == (NOT_LOADED, "two components fill catalog with type polaris")


def test_installed_packages_add_components(monkeypatch: pytest.MonkeyPatch) -> None:
    announce(monkeypatch, a="third_party_portal:COMPONENT", b=f"{POLARIS.build.__module__}:COMPONENT")
    assert installed() == (third_party_portal.COMPONENT, POLARIS)


def announce(monkeypatch: pytest.MonkeyPatch, **announced: str) -> None:
    """Install packages with these components, by the names of their entry points."""
    points = tuple(metadata.EntryPoint(name, value, ENTRY_POINTS) for name, value in announced.items())
    monkeypatch.setattr(components, "component_packages", lambda: points)


def test_every_component_that_cannot_be_loaded_is_reported_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_component.py").write_text("\nCOMPONENT = undefined\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    announce(
        monkeypatch,
        a="broken_component:COMPONENT",
        b="missing_component:COMPONENT",
        c="third_party_portal:PORT",
        d="third_party_portal:NONE",
    )
    with pytest.raises(StageFailed) as failed:
        installed()
    messages = [f"{diagnostic.subject}: {diagnostic.message}" for diagnostic in failed.value.diagnostics]
    broken = "NameError: name 'undefined' is not defined (broken_component, line 2)"
    nothing = "AttributeError: module 'third_party_portal' has no attribute 'NONE'"
    absent = "ModuleNotFoundError: No module named 'missing_component'"
    assert messages == [
        f"broken_component: broken_component:COMPONENT cannot be loaded: {broken}",
        f"missing_component: missing_component:COMPONENT cannot be loaded: {absent}",
        f"third_party_portal: third_party_portal:NONE cannot be loaded: {nothing}",
        "third_party_portal: third_party_portal:PORT is of type int, not a Component",
    ]


def test_components_of_one_slot_must_have_the_same_scope() -> None:
    misplaced = replace(POLARIS, type="other", scope="each")
    message = "fill catalog in different namespaces: glue with scope platform and other with scope each"
    (diagnostic,) = refused(misplaced)
    assert diagnostic.rule.code == "R032"
    assert diagnostic.message.endswith(message)
    assert registry([replace(misplaced, slot="lake")])["lake", "other"].scope == "each"


def test_a_component_is_imported_when_it_is_used() -> None:
    script = f"""
import sys
from floe_compiler.components import registry
from floe_compiler.model.codec import decode
from floe_compiler.model.registry import Announced
known = registry(own=decode({encode(announced())!r}, tuple[Announced, ...]))
assert ("catalog", "polaris") in known and len(known) == {len(registry())} and known.get(("catalog", "none")) is None
def imported():
    return [name for name in sys.modules if name.startswith("floe_compiler.components.")]
assert not imported(), imported()
assert known["catalog", "polaris"].type == "polaris"
assert {{name.split(".")[2] for name in imported()}} == {{"catalog_polaris"}}, imported()
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_incomplete_or_wrong_list_of_own_components_is_not_used() -> None:
    (first, *others) = announced()
    strange = replace(first, module="os")
    for own in ((), tuple(others), (strange, *others)):
        assert dict(registry(own=own)) == dict(registry())


def test_components_can_be_filtered_by_scope() -> None:
    second = replace(POLARIS, type="other")
    by_key = registry([second])
    scopes: tuple[ComponentScope, ...] = ("platform",)
    own = by_key.within(scopes)
    assert own["catalog", "other"] is second
    assert own["catalog", "polaris"] is POLARIS
    assert {key for key, component in by_key.items() if component.scope == "platform"} == set(own)
