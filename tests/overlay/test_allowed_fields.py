"""Fields that kustomize has and that base/ and overlays/ may not use, each with a replacement."""

from __future__ import annotations

import pytest

from floe_compiler.model.layout import KUSTOMIZATION_FIELDS
from floe_compiler.overlay.allowed_fields import DEPRECATED, FORBIDDEN
from overlay.overlay_mesh import Mesh, config_map

FILE = "base/kustomization.yaml"


@pytest.mark.parametrize("field", sorted(DEPRECATED))
def test_deprecated_fields_are_refused_with_their_successor(mesh: Mesh, field: str) -> None:
    mesh.write({FILE: f"resources: []\n{field}: []\n"})

    assert mesh.messages() == [f'K006 {FILE}:2:1: "{field}" is deprecated ({DEPRECATED[field]})']


@pytest.mark.parametrize("field", sorted(FORBIDDEN))
def test_fields_that_rename_generate_or_run_are_refused(mesh: Mesh, field: str) -> None:
    mesh.write({FILE: f"resources: []\n{field}: []\n"})

    assert mesh.messages() == [f'K007 {FILE}:2:1: "{field}" is not allowed here ({FORBIDDEN[field]})']


def test_an_unknown_field_is_refused_with_the_nearest(mesh: Mesh) -> None:
    mesh.write({FILE: "resource: []\n"})

    assert mesh.messages() == [f'K005 {FILE}:1:1: unknown field "resource" (did you mean "resources"?)']


def test_hints_name_only_allowed_fields(mesh: Mesh) -> None:
    mesh.write({FILE: "whatever: []\n"})

    known = ", ".join(sorted(KUSTOMIZATION_FIELDS))
    assert mesh.messages() == [f'K005 {FILE}:1:1: unknown field "whatever" (known: {known})']


def test_all_errors_are_reported_together(mesh: Mesh) -> None:
    mesh.write(
        {
            FILE: "bases: []\nnamePrefix: x\n",
            "overlays/dev/kustomization.yaml": "resources: [../../base]\nzap: 1\n",
        }
    )

    assert [line.partition(":")[0] for line in mesh.messages()] == [
        f"K006 {FILE}",
        f"K007 {FILE}",
        "K005 overlays/dev/kustomization.yaml",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- resources\n", "1:1: a kustomization.yaml is one mapping (write its fields, such as `resources:`)"),
        ("# nothing\n", "1:1: a kustomization.yaml is one mapping (write its fields, such as `resources:`)"),
        (
            "resources: []\n---\nlabels: []\n",
            "3:1: a kustomization.yaml is one mapping (write its fields, such as `resources:`)",
        ),
        ("resources: x.yaml\n", '1:12: resources is not a list (begin each item with "- ")'),
        ("resources: [1]\n", "1:13: resources[0] is not a path (write the path of a file or folder)"),
        ("kind: Deployment\n", '1:7: this is not a Kustomization (write "kind: Kustomization")'),
        ("kind: Component\n", '1:7: this is not a Kustomization (list its folder under "components")'),
        (
            "apiVersion: v1\n",
            '1:13: a Kustomization has another apiVersion (write "apiVersion: kustomize.config.k8s.io/v1beta1")',
        ),
        (
            "patches: [web.yaml]\n",
            '1:11: patches[0] is not a mapping (write "path:" and the file, or "patch: |-" and the patch)',
        ),
    ],
)
def test_a_malformed_kustomization_is_refused(mesh: Mesh, text: str, expected: str) -> None:
    mesh.write({FILE: text})

    assert mesh.messages() == [f"K004 {FILE}:{expected}"]


@pytest.mark.parametrize("kind", ["kind: Kustomization\n", ""])
def test_a_component_needs_the_kind_component(mesh: Mesh, kind: str) -> None:
    mesh.write({FILE: "components: [spot]\n", "base/spot/kustomization.yaml": f"{kind}resources: []\n"})

    hint = 'list its folder under "resources"' if kind else 'write "kind: Component"'
    place = "1:7" if kind else "1:1"
    assert mesh.messages() == [f"K004 base/spot/kustomization.yaml:{place}: this is not a Component ({hint})"]


def test_errors_of_the_reader_are_reported(mesh: Mesh) -> None:
    mesh.write({FILE: "resources: []\nresources: []\n"})

    (problem,) = mesh.problems()

    assert (problem.rule.code, str(problem.span)) == ("L010", f"{FILE}:2:1")


def test_all_allowed_fields_together_are_accepted(mesh: Mesh) -> None:
    lists = "".join(f"{field}: []\n" for field in KUSTOMIZATION_FIELDS[3:])
    header = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: base}\n"
    mesh.write({FILE: header + lists})

    assert list(mesh.apply(config_map("a")).objects) == [config_map("a")]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("resourcess: [../../base]\n", "resourcess"),
        ("resources: [../../base]\npatches: [{patchh: '{}'}]\n", "patchh"),
        ("resources: [../../base]\npatches: [{patch: '[]', targt: {kind: Job}}]\n", "targt"),
        ("resources: [../../base]\npatches: [{patch: '[]', target: {knd: Job}}]\n", "knd"),
        ("resources: [../../base]\nlabels: [{pair: {a: b}}]\n", "pair"),
        ("resources: [../../base]\nimages: [{nmae: a, newTag: b}]\n", "nmae"),
    ],
)
def test_a_misspelt_field_is_one_error(mesh: Mesh, text: str, unknown: str) -> None:
    mesh.write({"overlays/dev/kustomization.yaml": text})

    (line,) = mesh.messages()
    assert line.startswith("K005 overlays/dev/kustomization.yaml")
    assert f'unknown field "{unknown}" (did you mean ' in line


def test_a_misspelt_kind_of_a_component_is_one_error(mesh: Mesh) -> None:
    mesh.write({FILE: "components: [part]\n", "base/part/kustomization.yaml": "kinb: Component\n"})

    assert mesh.messages() == ['K005 base/part/kustomization.yaml:1:1: unknown field "kinb" (did you mean "kind"?)']
