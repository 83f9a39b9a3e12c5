"""The metadata of an object."""

from __future__ import annotations

from floe_compiler.kit.meta import manifest, present


def test_empty_values_are_left_out() -> None:
    assert manifest("v1", "Namespace", "x") == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}


def test_metadata_is_sorted_and_the_body_follows_it() -> None:
    config_map = manifest(
        "v1", "ConfigMap", "x", {"b": "2", "a": "1"}, {"d": "4", "c": "3"}, namespace="ns", data={"k": "v"}
    )
    assert list(config_map) == ["apiVersion", "kind", "metadata", "data"]
    assert config_map["metadata"] == {
        "name": "x",
        "namespace": "ns",
        "labels": {"a": "1", "b": "2"},
        "annotations": {"c": "3", "d": "4"},
    }
    assert list(config_map["metadata"]["labels"]) == ["a", "b"]
    assert list(config_map["metadata"]["annotations"]) == ["c", "d"]


def test_zero_and_false_are_kept() -> None:
    assert present(a=0, b=False, c=None, d="", e=[], f={}, g=(), h="x") == {"a": 0, "b": False, "h": "x"}
