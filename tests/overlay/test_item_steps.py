"""Items of labels, images and replicas."""

from __future__ import annotations

import pytest

from overlay.overlay_mesh import Mesh, config_map, deployment

FILE = "base/kustomization.yaml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("labels: [{}]", 'K004 {}:1:10: labels[0] has no "pairs" (add `pairs:`)'),
        ("labels: [{pairs: x}]", "K004 {}:1:18: labels[0].pairs is not a mapping"),
        ("labels: [{pairs: {a: 1}}]", "K004 {}:1:22: labels[0].pairs.a is not text (put it in quotes)"),
        (
            "labels: [{pairs: {a: b c}}]",
            (
                'K004 {}:1:22: labels[0].pairs.a: "b c" is not a label value'
                ' (use letters, digits, "-", "_" and ".", with a letter or digit at both ends)'
            ),
        ),
        (
            "labels: [{pairs: {a: b}, includeTemplates: x}]",
            "K004 {}:1:44: labels[0].includeTemplates is not true or false",
        ),
        ("labels: [{pair: {a: b}}]", 'K005 {}:1:11: unknown field "pair" (did you mean "pairs"?)'),
        (
            "labels: [{pairs: {a: b}, includeSelectors: true}]",
            (
                'K007 {}:1:26: "includeSelectors" is not allowed: it can change selectors, which a cluster refuses'
                " (use includeTemplates to label pods too)"
            ),
        ),
        (
            "labels: [{pairs: {a: b}, fields: [{path: spec/selector}]}]",
            (
                'K007 {}:1:26: "fields" is not allowed: it can change selectors, which a cluster refuses'
                " (use includeTemplates to label pods too)"
            ),
        ),
        ("images: [{newTag: '1'}]", 'K004 {}:1:10: images[0] has no "name" (add `name:`)'),
        ("images: [{name: a, newTag: 1.10}]", "K004 {}:1:28: images[0].newTag is not text (put it in quotes)"),
        ("images: [x]", "K004 {}:1:10: images[0] is not a mapping"),
        ("replicas: [{name: web, count: many}]", "K004 {}:1:31: replicas[0].count is not a whole number"),
        ("replicas: [{name: web, count: true}]", "K004 {}:1:31: replicas[0].count is not a whole number"),
    ],
)
def test_malformed_items_are_refused(mesh: Mesh, text: str, expected: str) -> None:
    mesh.write({FILE: f"{text}\n"})

    problems = mesh.messages(deployment("web"))

    assert expected.format(FILE) in problems
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "images: [{name: ghcr.io/acme/wbe, newTag: x}]",
            "the image matches nothing: ghcr.io/acme/wbe (nearest match: ghcr.io/acme/web;",
        ),
        ("replicas: [{name: wep, count: 2}]", "the entry of replicas matches nothing: wep (nearest match: web;"),
    ],
)
def test_an_image_or_workload_that_no_object_has_is_refused(mesh: Mesh, text: str, expected: str) -> None:
    mesh.write({FILE: f"{text}\n"})

    (problem,) = mesh.messages(deployment("web"), config_map("wep"))

    assert problem.startswith(f"K017 {FILE}:1:{text.index('{') + 1}: {expected}")


def test_an_image_added_by_an_earlier_patch_is_found(mesh: Mesh) -> None:
    patch = "[{op: replace, path: /spec/template/spec/containers/0/image, value: other/web:1}]"
    mesh.write(
        {FILE: f'patches: [{{target: {{name: web}}, patch: "{patch}"}}]\nimages: [{{name: other/web, newTag: "2"}}]\n'}
    )

    (web,) = mesh.apply(deployment("web")).objects

    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "other/web:2"


@pytest.mark.parametrize(
    ("name", "hint"), [("nonsense", "no object is similar"), ("acme/web", "nearest match: ghcr.io/acme/web")]
)
def test_an_image_that_no_object_has_is_dead_beside_a_patch_of_the_same_object(
    mesh: Mesh, name: str, hint: str
) -> None:
    patch = "[{op: replace, path: /spec/replicas, value: 2}]"
    mesh.write(
        {FILE: f'patches: [{{target: {{name: web}}, patch: "{patch}"}}]\nimages: [{{name: {name}, newTag: "2"}}]\n'}
    )

    (problem,) = mesh.messages(deployment("web"))

    assert problem.startswith(f"K017 {FILE}:2:10: the image matches nothing: {name} ({hint}")


def test_labels_that_match_nothing_are_an_error(mesh: Mesh) -> None:
    mesh.write(
        {
            "overlays/dev/kustomization.yaml": "resources: [../../base, part]\n",
            "overlays/dev/part/kustomization.yaml": "labels:\n- pairs: {team: sales}\n",
        }
    )

    (problem,) = mesh.messages(deployment("web"))

    assert problem == (
        "K017 overlays/dev/part/kustomization.yaml:2:3: the entry of labels matches nothing: any object"
        " (its folder includes no objects: list them under resources)"
    )


@pytest.mark.parametrize("image", ["localhost:5000/web", "localhost:5000/web:1", "localhost:5000/web@sha256:0123abc"])
def test_images_are_found_by_name_without_tag_and_digest(mesh: Mesh, image: str) -> None:
    mesh.write({FILE: "images: [{name: 'localhost:5000/web', newTag: new}]\n"})

    (web,) = mesh.apply(deployment("web", image=image)).objects

    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "localhost:5000/web:new"
