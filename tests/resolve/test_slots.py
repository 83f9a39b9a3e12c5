"""Slots: how a document fills them, and what remains without them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import DataPath
from floe_compiler.model.registry import Registry
from floe_compiler.resolve.layers import Layer, leaves
from floe_compiler.resolve.slots import (
    configured,
    pick,
    slot_path,
    slots,
    types,
    with_profiles,
    without,
)
from resolve.samples import COMPONENTS, REGISTRY, component, merged

KEYS = st.sampled_from("abc")
PATHS = st.lists(st.lists(KEYS, min_size=1, max_size=3).map(tuple), max_size=4)
VALUES = st.recursive(
    st.integers() | st.text(max_size=2) | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=3)


def all_leaves(data: Any) -> dict[DataPath, str]:
    return {path: repr(value) for path, value in leaves(data)}


@given(MAPPINGS, PATHS)
@FEW
def test_pick_and_without_split_the_data(data: dict[str, Any], paths: Any) -> None:
    picked, remaining = all_leaves(pick(data, paths)), all_leaves(without(data, paths))
    assert picked.keys().isdisjoint(remaining.keys())
    assert picked | remaining == all_leaves(data)


@given(MAPPINGS, PATHS)
@FEW
def test_pick_and_without_are_idempotent(data: dict[str, Any], paths: Any) -> None:
    assert pick(pick(data, paths), paths) == pick(data, paths)
    assert without(without(data, paths), paths) == without(data, paths)
    assert pick(without(data, paths), paths) == without(pick(data, paths), paths) == {}


@given(MAPPINGS, PATHS)
@FEW
def test_pick_and_without_do_not_change_their_input(data: dict[str, Any], paths: Any) -> None:
    before = repr(data)
    pick(data, paths)
    without(data, paths)
    assert repr(data) == before


def test_an_explicit_empty_mapping_is_kept() -> None:
    assert without({"a": {}, "b": {"c": 1}}, [("b", "c")]) == {"a": {}}


def test_slots_are_those_that_components_can_fill() -> None:
    assert slots(REGISTRY) == ("catalog", "observability.collector", "observability.tracing", "orchestrator")
    assert slots(REGISTRY, "platform") == ("catalog", "observability.collector", "observability.tracing")
    assert slots(REGISTRY, "domain") == ("orchestrator",)
    assert types(REGISTRY, "catalog") == ("alpha", "beta")
    assert slot_path("observability.collector") == ("observability", "collector")


def profiled(scale: str, *data: dict[str, Any]) -> Any:
    layers = [Layer(str(number), layer_data) for number, layer_data in enumerate(data)]
    return with_profiles(REGISTRY, slots(REGISTRY), scale, layers)


def test_the_scale_sets_defaults() -> None:
    chosen = {"catalog": {"type": "alpha"}, "observability": {"collector": {"type": "alpha"}}}
    heavy = profiled("heavy", chosen)
    assert heavy.data["catalog"] == {"type": "alpha", "replicas": 3}
    assert heavy.data["observability"]["collector"]["replicas"] == 5
    assert heavy.origin(("catalog", "replicas")).layer.name == "scale heavy"
    assert profiled("light", chosen).data == chosen


def test_written_values_override_the_scale() -> None:
    merged_ = profiled("heavy", {"catalog": {"type": "alpha", "replicas": 7}})
    assert merged_.data["catalog"]["replicas"] == 7
    assert [origin.value for origin in merged_.origins["catalog", "replicas"]] == [7, 3]


def test_the_scale_applies_to_the_type_that_was_chosen_last() -> None:
    merged_ = profiled("heavy", {"catalog": {"type": "alpha"}}, {"catalog": {"type": "beta"}})
    assert merged_.data["catalog"] == {"type": "beta"}
    merged_ = profiled("heavy", {"catalog": {"type": "beta", "labels": {"a": "b"}}}, {"catalog": {"type": "alpha"}})
    assert merged_.data["catalog"] == {"type": "alpha", "replicas": 3}
    assert [origin.value for origin in merged_.origins["catalog", "type"]] == ["alpha", "beta"]


def test_a_slot_is_filled_by_its_component() -> None:
    findings = Findings()
    filled = configured(REGISTRY, "catalog", merged({"catalog": {"type": "alpha", "replicas": 2}}), findings)
    assert filled is not None
    component, config = filled
    assert component is REGISTRY["catalog", "alpha"]
    assert config.model_dump()["replicas"] == 2
    assert findings.diagnostics == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"catalog": {"type": "alhpa"}}, ("R003", "0.yaml:3:5", 'did you mean "alpha"?')),
        ({"catalog": {"type": 5}}, ("R003", "0.yaml:3:5", "known: alpha, beta")),
        ({"catalog": {"replicas": 2}}, ("R002", "0.yaml:2:5", "add `type:`, one of alpha, beta")),
        ({"catalog": "alpha"}, ("R003", "0.yaml:2:5", "write {type: alpha}")),
        ({"catalog": {"type": "alpha", "replicas": "2"}}, ("R003", "0.yaml:4:5", "write it without quotes: 2")),
        ({"catalog": {"type": "alpha", "replica": 2}}, ("R001", "0.yaml:4:1", 'did you mean "replicas"?')),
    ],
)
def test_a_slot_that_cannot_be_filled_is_reported(data: dict[str, Any], expected: tuple[str, str, str]) -> None:
    findings = Findings()
    assert configured(REGISTRY, "catalog", merged(data), findings) is None
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, str(diagnostic.span), diagnostic.hint) == expected


def test_an_empty_slot_is_not_a_mistake() -> None:
    findings = Findings()
    assert configured(REGISTRY, "catalog", merged({}), findings) is None
    assert findings.diagnostics == []


def test_a_slot_of_each_namespace_is_in_platform_and_domains() -> None:
    agent = component("agent", "alpha", scope="each")
    registry = Registry(imported=(*COMPONENTS, agent))
    assert "agent" in slots(registry, "platform")
    assert slots(registry, "domain") == ("agent", "orchestrator")
