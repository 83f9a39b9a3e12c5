"""The valid parts of objects."""

from __future__ import annotations

from typing import Any

from check.samples import sample
from floe_compiler.check.objects.schemas import schemas_for
from floe_compiler.check.objects.shapes import Shapes, shape
from floe_compiler.model.objects import ObjectSet, identify


def shape_of(manifest: dict[Any, Any]) -> Shapes:
    return shape(ObjectSet({identify(manifest): manifest}), schemas_for("1.34", ()))


def test_a_valid_object_is_unchanged() -> None:
    manifest = sample()["Deployment/polaris"]
    shapes = shape_of(manifest)
    assert next(iter(shapes.objects)) is manifest
    assert (shapes.violations, shapes.nulls, shapes.unknown) == ({}, {}, frozenset())


def test_invalid_parts_are_dropped_and_the_rest_is_kept() -> None:
    manifest = sample()["Deployment/polaris"]
    manifest["spec"]["replicas"] = "two"
    manifest["spec"]["strategy"] = None
    manifest["spec"]["template"]["spec"]["containers"].append("text")
    shapes = shape_of(manifest)
    (clean,) = shapes.objects
    assert clean["spec"].keys() == {"selector", "template"}
    assert len(clean["spec"]["template"]["spec"]["containers"]) == 1
    assert manifest["spec"]["replicas"] == "two"  # the object itself is not touched
    assert list(shapes.nulls.values()) == [(("spec", "strategy"),)]


def test_values_under_a_misspelt_key_are_not_missing() -> None:
    manifest = sample()["Deployment/polaris"]
    metadata = {key: value for key, value in manifest.items() if key != "spec"}
    template = manifest["spec"]["template"]
    rest = {key: value for key, value in manifest["spec"].items() if key != "template"}
    shapes = shape_of({**metadata, "sepc": {**rest, "tempalte": template}})
    (clean,) = shapes.objects
    assert clean == manifest
    ((top, below),) = shapes.violations.values()
    assert (top.path, top.hint) == (("sepc",), 'did you mean "spec"?')
    assert (below.path, below.hint) == (("spec", "tempalte"), 'did you mean "template"?')


def test_a_number_in_quotes_is_not_missing() -> None:
    manifest = sample()["Deployment/polaris"]
    shapes = shape_of({**manifest, "spec": {**manifest["spec"], "replicas": "7"}})
    (clean,) = shapes.objects
    assert clean["spec"] == {**manifest["spec"], "replicas": 7}
    ((violation,),) = shapes.violations.values()
    assert (violation.path, violation.hint) == (("spec", "replicas"), "write the number without quotes")


def test_a_guess_that_does_not_fit_is_not_another_error() -> None:
    manifest = sample()["Deployment/polaris"]
    manifest["spec"]["pausd"] = {"a": 1}
    manifest["spec"]["hint"] = "near nothing"
    shapes = shape_of(manifest)
    (clean,) = shapes.objects
    assert clean["spec"].keys() == {"replicas", "selector", "strategy", "template"}
    assert [violation.path for violation in next(iter(shapes.violations.values()))] == [
        ("spec", "pausd"),
        ("spec", "hint"),
    ]


def test_keys_that_are_not_strings_are_dropped_and_hide_nothing_below() -> None:
    manifest = sample()["ConfigMap/polaris"]
    manifest["data"] = {8080: "x", "a": 1, "b": "c"}
    (clean,) = shape_of(manifest).objects
    assert clean["data"] == {"b": "c"}


def test_a_custom_resource_keeps_well_formed_metadata() -> None:
    manifest = {"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "x", "labels": [1]}, "spec": 1}
    shapes = shape_of(manifest)
    (clean,) = shapes.objects
    assert clean == {"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "x"}, "spec": 1}
    assert shapes.unknown == {identify(manifest)}
