"""Patches that are malformed, change an object's identity, or match nothing."""

from __future__ import annotations

import pytest

from floe_compiler.model.objects import Object
from overlay.overlay_mesh import OVERLAY, Mesh, config_map, deployment

FILE = "base/kustomization.yaml"
NO_SELECTOR = 'is not a label selector (write it as in "app=web,tier in (a, b)")'
MERGE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: sales}\n"


def patch(text: str, **target: str) -> str:
    """Return a kustomization with one inline patch, of which the text begins in line 2."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    selector = "".join(f"    {name}: {value}\n" for name, value in target.items())
    return f"patches:\n- patch: |-\n{lines}" + (f"  target:\n{selector}" if target else "")


NEITHER = "write `path:` with a file, or `patch: |` with the patch itself"
PARTS = "write apiVersion, kind, metadata.name and what changes; or operations with a target"
OPERATION = "write, for example, {op: replace, path: /spec/replicas, value: 3}"
LITERAL = "write the text itself, with a backslash before a sign that means something else"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("patches: [{}]\n", f'1:11: exactly one of "path" and "patch" is needed ({NEITHER})'),
        ("patches: [{path: a, patch: b}]\n", '1:11: exactly one of "path" and "patch" is needed (delete one of them)'),
        ("patches:\n- patch: {a: b}\n", '2:10: patches[0].patch is not text (begin an inline patch with "patch: |-")'),
        ("patches:\n- patch: ''\n", "2:3: the patch is empty (write what it changes, or delete it)"),
        (patch("just text"), f"2:10: a patch is a mapping (a part of an object) or a list (of operations) ({PARTS})"),
        (patch("metadata: x"), f"2:10: a patch is a mapping (a part of an object) or a list (of operations) ({PARTS})"),
        (
            patch("spec: {}"),
            (
                "2:10: the patch has no apiVersion and no kind and no metadata.name"
                " (a strategic merge patch needs them, even with a target)"
            ),
        ),
        (patch("[{op: remove, path: /data}]"), '2:10: a JSON patch needs a target (add "target:" with kind and name)'),
        (patch("[{op: remove}]", name="a"), f'3:6: an operation is a mapping with "op" and "path" ({OPERATION})'),
        (patch("[x]", name="a"), f'3:6: an operation is a mapping with "op" and "path" ({OPERATION})'),
        (patch("[{op: replce, path: /data}]", name="a"), '3:11: unknown op "replce" (did you mean "replace"?)'),
        (patch("[{op: add, path: /data/k}]", name="a"), '3:6: the operation "add" needs "value" (add `value:`)'),
        (patch("[{op: copy, path: /data/k}]", name="a"), '3:6: the operation "copy" needs "from" (add `from:`)'),
        (
            patch("[{op: add, path: /data/k, valeu: x}]", name="a"),
            '3:31: an operation has no "valeu" (did you mean "value"?)',
        ),
        *(
            (
                patch(f"[{{op: add, path: /metadata/annotations{path}, value: {value}}}]", name="a"),
                f"3:{column}: the value of an annotation must be text (write it in quotes)",
            )
            for path, value, column in (("", "x", 52), ("", "{a: 1}", 52), ("/a", "{b: c}", 54), ("/a", "null", 54))
        ),
        (
            patch("[{op: remove, path: data.k}]", name="a"),
            '3:25: the path "data.k" does not begin with "/" (write "/data/k")',
        ),
        (
            patch(f"{MERGE}$patch: Delete"),
            '6:13: kustomize does not know "$patch: Delete" (did you mean "delete"?)',
        ),
        (
            patch(f"{MERGE}data: {{$patch: null}}"),
            '6:20: kustomize does not know "$patch: null" (known: delete, merge, replace)',
        ),
        (
            patch(f"{MERGE}data: {{a: [{{$patch: replce}}]}}", name="a"),
            '6:25: kustomize does not know "$patch: replce" (did you mean "replace"?)',
        ),
        (patch(f"{MERGE}data: {{$pacth: delete}}"), '6:12: kustomize does not know "$pacth" (did you mean "$patch"?)'),
        (
            patch(f"{MERGE}---\n{MERGE}", name="a"),
            "10:3: several patches cannot share a target (list one patch for each target)",
        ),
    ],
)
def test_malformed_patches_are_refused(mesh: Mesh, text: str, expected: str) -> None:
    mesh.write({FILE: text})

    assert mesh.messages(config_map("a")) == [f"K014 {FILE}:{expected}"]


def test_an_empty_patch_file_is_refused(mesh: Mesh) -> None:
    mesh.write({FILE: "patches: [{path: p.yaml}]\n", "base/p.yaml": "# later\n"})

    assert mesh.messages(config_map("a")) == [
        f"K014 {FILE}:1:11: the patch is empty (write what it changes, or delete it)"
    ]


def test_yaml_errors_in_an_inline_patch_have_their_place(mesh: Mesh) -> None:
    mesh.write({FILE: patch("a: b: c")})

    (problem,) = mesh.problems()

    assert (problem.rule.code, str(problem.span)) == ("L007", f"{FILE}:3:9")
    assert problem.message.startswith("in this patch: ")


def test_yaml_errors_in_a_patch_file_have_their_place(mesh: Mesh) -> None:
    mesh.write({FILE: "patches: [{path: p.yaml}]\n", "base/p.yaml": f"{MERGE}data: {{k: on}}\n"})

    (problem,) = mesh.problems()

    assert (problem.rule.code, str(problem.span)) == ("L014", "base/p.yaml:4:11")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"kind": "''"}, "5:5: the target is empty, which would select every object (name at least a kind)"),
        ({"name": "'a('"}, f"5:11: patches[0].target.name is not a regular expression ({LITERAL})"),
        ({"name": "[a]"}, f"5:11: patches[0].target.name is not a regular expression ({LITERAL})"),
        ({"labelSelector": "'a b'"}, f"5:20: patches[0].target.labelSelector {NO_SELECTOR}"),
        ({"annotationSelector": "5"}, f"5:25: patches[0].target.annotationSelector {NO_SELECTOR}"),
    ],
)
def test_malformed_targets_are_refused(mesh: Mesh, target: dict[str, str], expected: str) -> None:
    mesh.write({FILE: patch("[{op: remove, path: /data}]", **target)})

    assert mesh.messages(config_map("a", data={})) == [f"K015 {FILE}:{expected}"]


def test_an_unknown_field_of_a_target_is_refused(mesh: Mesh) -> None:
    mesh.write({FILE: patch("[{op: remove, path: /data}]", nam="a")})

    assert mesh.messages(config_map("a")) == [f'K005 {FILE}:5:5: unknown field "nam" (did you mean "name"?)']


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        ("{op: replace, path: /metadata/name, value: b}", "/metadata/name"),
        ("{op: add, path: /metadata/namespace, value: b}", "/metadata/namespace"),
        ("{op: remove, path: /metadata/namespace}", "/metadata/namespace"),
        ("{op: replace, path: /kind, value: Secret}", "/kind"),
        ("{op: replace, path: /metadata, value: {}}", "/metadata"),
        ("{op: replace, path: '', value: {}}", "the whole object"),
        ("{op: move, from: /metadata/name, path: /data}", "/metadata/name"),
        ("{op: copy, from: /data/k, path: /metadata/name}", "/metadata/name"),
    ],
)
def test_a_patch_may_not_change_the_identity_of_an_object(mesh: Mesh, operation: str, changed: str) -> None:
    mesh.write({FILE: "patches: [{path: p.yaml, target: {name: a}}]\n", "base/p.yaml": f"- {operation}\n"})
    named = changed if changed.startswith("/") else "''"
    column = f"- {operation}".index(f": {named}") + len(": ") + 1

    assert mesh.messages(config_map("a")) == [
        f"K016 base/p.yaml:1:{column}: the patch changes {changed} (change it in the inputs)"
    ]


@pytest.mark.parametrize(
    "operation", ["{op: test, path: /metadata/name, value: a}", "{op: copy, from: /metadata/name, path: /data/k}"]
)
def test_a_patch_may_test_the_identity_of_an_object(mesh: Mesh, operation: str) -> None:
    mesh.write({FILE: patch(f"- {operation}", name="a")})

    mesh.apply(config_map("a", data={}))


@pytest.mark.parametrize("option", ["allowNameChange", "allowKindChange"])
def test_options_to_change_the_identity_are_refused(mesh: Mesh, option: str) -> None:
    mesh.write({FILE: f"{patch(MERGE, name='a')}  options: {{{option}: true}}\n"})

    assert mesh.messages(config_map("a")) == [f"K016 {FILE}:8:13: {option} is not allowed (leave it out)"]


def test_a_targeted_merge_patch_keeps_the_names_of_objects(mesh: Mesh) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: any, namespace: other}\ndata: {k: v}\n"
    mesh.write({FILE: patch(text, kind="ConfigMap")})

    rendered = mesh.apply(config_map("a"), config_map("b"))

    assert list(rendered.objects) == [config_map("a", data={"k": "v"}), config_map("b", data={"k": "v"})]


ELSEWHERE = "; if only other environments have it, move the entry to their overlays"


@pytest.mark.parametrize(
    ("text", "objects", "expected"),
    [
        (
            patch(MERGE.replace("a,", "settngs,")),
            [config_map("settings"), config_map("x")],
            f"ConfigMap sales/settngs (nearest match: ConfigMap sales/settings{ELSEWHERE})",
        ),
        (
            patch(MERGE.replace(", namespace: sales", "")),
            [config_map("a")],
            f"ConfigMap a (the object is in another namespace: write namespace: sales{ELSEWHERE})",
        ),
        (
            patch(MERGE.replace("v1", "v2")),
            [config_map("a")],
            f"ConfigMap sales/a (the object's apiVersion is v1{ELSEWHERE})",
        ),
        (
            patch("[{op: remove, path: /data}]", kind="Deployment", name="wbe"),
            [deployment("web"), config_map("wbe")],
            f"kind=Deployment name=wbe (nearest match: kind=Deployment name=web{ELSEWHERE})",
        ),
        (
            patch("[{op: remove, path: /data}]", labelSelector="app=web"),
            [config_map("a")],
            f"labelSelector=app=web (no object is similar{ELSEWHERE})",
        ),
    ],
)
def test_a_patch_that_matches_nothing_is_refused(mesh: Mesh, text: str, objects: list[Object], expected: str) -> None:
    mesh.write({FILE: text})

    assert mesh.messages(*objects) == [f"K017 {FILE}:2:10: the patch matches nothing: {expected}"]


def test_a_patch_file_without_effect_is_reported_with_its_entry(mesh: Mesh) -> None:
    mesh.write(
        {
            "overlays/dev/kustomization.yaml": f"{OVERLAY}patches:\n- path: p.yaml\n",
            "overlays/dev/p.yaml": f"# sales\n{MERGE}",
        }
    )

    (problem,) = mesh.problems(config_map("b"))

    assert (problem.rule.code, str(problem.span)) == ("K017", "overlays/dev/p.yaml:2:1")
    assert problem.hint == "nearest match: ConfigMap sales/b"
    assert [str(diagnostic.span) for diagnostic in problem.related] == ["overlays/dev/kustomization.yaml:3:3"]


def test_a_patch_of_a_deleted_object_is_an_error(mesh: Mesh) -> None:
    mesh.write(
        {
            "base/gone.yaml": f"$patch: delete\n{MERGE}",
            FILE: "patches:\n- path: gone.yaml\n- target: {name: a}\n  patch: '[{op: remove, path: /data}]'\n",
        }
    )

    assert [line.partition(" matches")[0] for line in mesh.messages(config_map("a"))] == [
        f"K017 {FILE}:4:10: the patch"
    ]


@pytest.mark.parametrize(
    ("earlier", "dead"),
    [
        ("{op: replace, path: /data, value: {}}", True),
        ("{op: add, path: /metadata/labels, value: {app.kubernetes.io/tier: web}}", False),
        ("{op: add, path: /metadata/labels/app.kubernetes.io~1tier, value: web}", False),
        ("{op: add, path: /metadata/labels/app.kubernetes.io~1part, value: web}", True),
        ("{op: add, path: /metadata/labels/app.kubernetes.io~1tier, value: other}", True),
        ("{op: copy, from: /metadata/labels/app, path: /metadata/labels/app.kubernetes.io~1tier}", False),
    ],
)
def test_labels_of_earlier_patches_may_be_selected(mesh: Mesh, earlier: str, dead: bool) -> None:
    first = f"- target: {{name: a}}\n  patch: '[{earlier}]'\n"
    second = "- target: {labelSelector: app.kubernetes.io/tier=web}\n  patch: '[{op: remove, path: /data}]'\n"
    mesh.write({FILE: f"patches:\n{first}{second}"})
    map_ = config_map("a", data={"k": "v"})
    map_["metadata"]["labels"] = {"app": "web"}

    if dead:
        assert [problem.partition(":")[0] for problem in mesh.messages(map_)] == [f"K017 {FILE}"]
    else:
        assert "data" not in next(iter(mesh.apply(map_).objects))


def test_a_patch_of_the_base_sees_no_objects_of_the_overlay(mesh: Mesh) -> None:
    mesh.write(
        {
            FILE: patch(MERGE),
            "overlays/dev/kustomization.yaml": "resources: [../../base, a.yaml]\n",
            "overlays/dev/a.yaml": MERGE,
        }
    )

    assert [line.partition(" matches")[0] for line in mesh.messages()] == [f"K017 {FILE}:2:10: the patch"]
