"""Merging layers: the last layer wins, all origins are kept, and a change of type starts from scratch."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, beneath, leaves, merge

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
KEYS = st.sampled_from(["a", "b", "c", "type"])
TREES = st.recursive(SCALARS, lambda children: st.dictionaries(KEYS, children, max_size=3), max_leaves=8)
MAPPINGS = st.dictionaries(KEYS, TREES, max_size=4)


def layers(*data: dict[str, Any]) -> list[Layer]:
    return [Layer(f"layer {number}", layer_data) for number, layer_data in enumerate(data)]


def test_the_stronger_layer_wins_leaf_by_leaf() -> None:
    merged = merge(layers({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"y": 3}}))
    assert merged.data == {"a": {"x": 1, "y": 3}, "b": 1}


def test_lists_are_replaced_whole() -> None:
    assert merge(layers({"a": [1, 2, 3]}, {"a": [4]})).data == {"a": [4]}


def test_a_changed_type_drops_settings_of_the_former_type() -> None:
    merged = merge(
        layers({"storage": {"type": "minio", "buckets": ["x"]}}, {"storage": {"type": "s3", "region": "eu"}})
    )
    assert merged.data == {"storage": {"type": "s3", "region": "eu"}}
    assert ("storage", "buckets") not in merged.origins
    overridden = merged.origins["storage", "type"]
    assert [(origin.layer.name, origin.value) for origin in overridden] == [("layer 1", "s3"), ("layer 0", "minio")]


def test_repeating_the_type_keeps_other_settings() -> None:
    merged = merge(layers({"storage": {"type": "minio", "buckets": ["x"]}}, {"storage": {"type": "minio"}}))
    assert merged.data["storage"]["buckets"] == ["x"]


def test_every_origin_of_a_leaf_is_kept_with_the_winner_first() -> None:
    merged = merge(layers({"a": 1}, {"a": 2}, {"a": 3}))
    assert [origin.value for origin in merged.origins["a",]] == [3, 2, 1]


def test_spans_are_those_of_the_document_below_the_layers_prefix() -> None:
    places: dict[DataPath, Span] = {("platform", "a"): Span("environment.yaml", 7, 3)}
    document = Document("environment.yaml", {"platform": {"a": 2}}, {}, places)
    merged = merge([Layer("manifest", {"a": 1}), Layer("environment", {"a": 2}, document, ("platform",))])
    assert merged.span(("a",)) == Span("environment.yaml", 7, 3)
    assert merged.origins["a",][1].span is None


def test_the_place_of_a_mapping_is_in_a_file_and_not_in_the_defaults() -> None:
    places: dict[DataPath, Span] = {("a",): Span("manifest.yaml", 2, 3), ("a", "type"): Span("manifest.yaml", 2, 9)}
    document = Document("manifest.yaml", {"a": {"type": "x"}}, {}, places)
    defaults, manifest = Layer("defaults", {"a": {"size": 1}}), Layer("manifest", {"a": {"type": "x"}}, document)
    assert merge([defaults, manifest]).span(("a",)) == Span("manifest.yaml", 2, 3)


def test_a_scalar_that_becomes_a_mapping_loses_its_origin() -> None:
    merged = merge(layers({"a": 1}, {"a": {"x": 2}}))
    assert merged.data == {"a": {"x": 2}}
    assert set(merged.origins) == {("a", "x")}


def test_a_mapping_that_becomes_nothing_loses_the_origins_below() -> None:
    merged = merge(layers({"a": {"x": 2}}, {"a": None}))
    assert merged.data == {"a": None}
    assert set(merged.origins) == {("a",)}


@given(st.lists(MAPPINGS, max_size=4))
@FEW
def test_exactly_the_leaves_have_origins(data: list[dict[str, Any]]) -> None:
    merged = merge(layers(*data))
    values = dict(leaves(merged.data))
    assert set(values) == set(merged.origins)
    for path, value in values.items():
        assert merged.origins[path][0].value == value


@given(st.lists(MAPPINGS, max_size=3), MAPPINGS)
@FEW
def test_the_last_layer_is_never_contradicted(data: list[dict[str, Any]], last: dict[str, Any]) -> None:
    merged = dict(leaves(merge(layers(*data, last)).data))
    for path, value in leaves(last):
        if value != {}:
            assert merged[path] == value


@given(st.lists(MAPPINGS, max_size=3))
@FEW
def test_merging_does_not_change_its_input(data: list[dict[str, Any]]) -> None:
    before = repr(data)
    merge(layers(*data))
    assert repr(data) == before


@given(MAPPINGS, st.lists(MAPPINGS, max_size=3))
@FEW
def test_a_weakest_layer_sets_only_missing_values(weakest: dict[str, Any], stronger: list[dict[str, Any]]) -> None:
    merged = merge(layers(*stronger))
    merged_ = beneath(Layer("weakest", weakest), merged)
    assert {path for path, _ in leaves(merged_.data)} == set(merged_.origins)
    for path, value in leaves(merged.data):
        if value != {}:
            assert merged_.origins[path][: len(merged.origins[path])] == merged.origins[path]
    for path, origins in merged_.origins.items():
        assert [origin.layer.name for origin in origins[:-1]].count("weakest") == 0
        if path not in merged.origins:
            assert [origin.layer.name for origin in origins] == ["weakest"]


def test_a_change_of_type_between_stronger_layers_keeps_values_of_the_weakest() -> None:
    merged = merge(layers({"a": {"type": "x", "old": 1}}, {"a": {"type": "y"}}))
    merged_ = beneath(Layer("weakest", {"a": {"new": 2}, "b": 3}), merged)
    assert merged_.data == {"a": {"type": "y", "new": 2}, "b": 3}
    assert [origin.value for origin in merged_.origins["a", "type"]] == ["y", "x"]
