"""A function that has not read a differing value returns its former result."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from floe_compiler.declare import declare_instance
from floe_compiler.explain.remembered import Reads, Remembered, plain, watched
from floe_compiler.model.plan import Component, Context, DeclaredUnit, EnvironmentPlan, UnitPlan
from floe_compiler.synthesize.python_constructs import objects_of
from floe_compiler.synthesize.unit import render_unit
from plans import plan_environment, plan_mesh
from rendered_mesh import ROOT

SECTIONS = ("platform", "environment", "cluster")
Path = tuple[str, str]


@cache
def production() -> EnvironmentPlan:
    """Return the plan of the mesh in production."""
    return next(plan for plan in plan_mesh(ROOT) if plan.settings.environment.name == "prod")


@cache
def contexts() -> dict[str, tuple[Component[Any], Context[Any]]]:
    """Return what each component of the mesh is built from in production, by its name and namespace."""
    return {pair[1].instance.label(): pair for unit in production().units for pair in unit.contexts}


def unwatched(context: Context[Any], reads: Reads) -> Context[Any]:
    """Return a context with another value of each text, number and truth of its settings that was not read."""
    settings = context.settings
    for section in SECTIONS:
        before = getattr(settings, section)
        unread = (name for name in before.__struct_fields__ if (0, "instance", "settings", section, name) not in reads)
        settings = replace(settings, **{section: replace(before, **dict(varied(before, unread)))})
    return replace(context, instance=replace(context.instance, settings=settings))


def varied(before: msgspec.Struct, names: Iterator[str]) -> Iterator[tuple[str, Any]]:
    for name in names:
        value = getattr(before, name)
        if isinstance(value, bool):
            yield name, not value
        elif isinstance(value, str | int):
            yield name, value + value + ("x" if isinstance(value, str) else 1)  # type: ignore[operator]


def test_declarations_depend_on_the_values_that_were_read() -> None:
    unread = set[str]()
    for label, (component, context) in contexts().items():
        reads: Reads = {}
        declared = declare_instance(component, watched(context, reads, (0,)), objects_of)
        different = unwatched(context, reads)
        again = declare_instance(component, different, objects_of)
        assert (again.parts, again.objects, again.secrets) == (declared.parts, declared.objects, declared.secrets), (
            label
        )
        assert plain(declared.parts) is declared.parts, "nothing that watches is in what others read"
        unread |= {label} if different != context else set()
    assert unread == {*contexts()}, "each has settings that it does not read"


def test_a_component_declares_again_only_if_a_read_value_differs() -> None:
    component, context = contexts()["catalog polaris in floe-platform"]
    calls = []

    def declare(known: Context[Any]) -> object:
        calls.append(known)
        return declare_instance(component, known, objects_of).parts

    remembered = Remembered(declare)
    first = remembered(context)
    settings = context.settings
    elsewhere = replace(settings, cluster=replace(settings.cluster, nodes=settings.cluster.nodes + 1))
    assert remembered(replace(context, instance=replace(context.instance, settings=elsewhere))) is first
    config = context.config.model_copy(update={"replicas": context.config.replicas + 1})
    larger = replace(context, instance=replace(context.instance, config=config))
    assert remembered(larger) == declare_instance(component, larger, objects_of).parts
    assert len(calls) == 2


@pytest.mark.parametrize("scope", ["platform", "sales"])
def test_a_watched_namespace_renders_the_same(scope: str) -> None:
    unit = next(unit for unit in plan_environment(production()) if unit.unit.scope == scope)
    reads: Reads = {}
    assert render_unit(watched(unit, reads, (0,))).objects == render_unit(unit).objects
    assert (0, "unit", "owner") in reads


def test_a_copy_records_only_reads_of_the_original() -> None:
    _, context = contexts()["catalog polaris in floe-platform"]
    unit = DeclaredUnit(context.settings, "platform", "floe-platform", "team", msgspec.UNSET)  # type: ignore[arg-type]
    reads: Reads = {}
    copy = replace(watched(UnitPlan(unit), reads, (0,)), callers={"polaris": {}})
    assert (copy.callers, copy.unit.owner) == ({"polaris": {}}, "team")
    assert {path[1:] for path in reads if path[-1] != "__class__"} == {("unit", "owner")}


def test_other_kinds_of_capabilities_are_not_read() -> None:
    _, context = contexts()["catalog polaris in floe-platform"]
    remembered = Remembered(lambda known: [capability.name for capability in known.capabilities])
    names = remembered(context)
    assert names == [capability.name for capability in context.capabilities]
    assert remembered(replace(context, capabilities=context.capabilities[1:])) == names[1:]
    assert remembered(replace(context, capabilities=())) == []
