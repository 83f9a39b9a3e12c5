"""The overlay of an environment is read once, can be sent to another process, and knows what concerns which unit."""

from __future__ import annotations

import pickle

import pytest

from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.objects import ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.overlay import apply_overlay, overlay, read_overlay
from overlay.overlay_mesh import OVERLAY, Mesh, config_map, deployment, split_units

FILE = "base/kustomization.yaml"
MERGE = "apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}{namespace}}}\n"
FILES = {
    FILE: (
        "resources: [monitor.yaml, class.yaml]\n"
        "labels: [{pairs: {team: data}}]\n"
        "patches:\n"
        "- path: sales.yaml\n"
        "- path: ops.yaml\n"
        "  target: {kind: ConfigMap, namespace: ops}\n"
        "- path: all.yaml\n"
        "  target: {kind: ConfigMap, namespace: o.*}\n"
        "- path: namespace.yaml\n"
    ),
    "base/monitor.yaml": MERGE.format(kind="ConfigMap", name="monitor", namespace=", namespace: ops"),
    "base/class.yaml": MERGE.format(kind="Node", name="node-1", namespace=""),
    "base/sales.yaml": MERGE.format(kind="ConfigMap", name="a", namespace=", namespace: sales") + "data: {k: v}\n",
    "base/ops.yaml": "[{op: add, path: /data, value: {k: ops}}]\n",
    "base/all.yaml": "[{op: add, path: /metadata/annotations, value: {k: v}}]\n",
    "base/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: sales, labels: {tier: gold}}\n",
    "overlays/dev/kustomization.yaml": OVERLAY,
}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sales"}}
UNITS = ("sales", "ops", "other", "")


def test_a_pickled_overlay_gives_the_same(mesh: Mesh) -> None:
    read = mesh.write(FILES).overlay()
    sent = pickle.loads(pickle.dumps(read))
    rendered = Rendered("dev", ObjectSet.of([config_map("a"), config_map("b", "ops"), NAMESPACE]))

    local, remote = (apply_overlay(overlay_, split_units(rendered, overlay_.written)) for overlay_ in (read, sent))

    assert sent == read
    assert local == remote
    assert local["sales"].hits


def test_steps_that_name_another_unit_are_left_out(mesh: Mesh) -> None:
    read = mesh.write(FILES).overlay()

    names = {unit: [step.span.file.partition("/")[2] for step in read.steps_for([unit])] for unit in UNITS}

    assert names == {
        "sales": ["sales.yaml", "all.yaml", "namespace.yaml", "kustomization.yaml"],
        "ops": ["ops.yaml", "all.yaml", "kustomization.yaml"],
        "other": ["all.yaml", "kustomization.yaml"],
        "": ["all.yaml", "kustomization.yaml"],
    }
    assert len(read.steps_for(UNITS)) == len(read.steps) == 5


@pytest.mark.parametrize(
    ("file", "before", "after", "changed"),
    [
        ("base/sales.yaml", "k: v", "k: w", {"sales"}),
        ("base/sales.yaml", "k: v}", "k: v} # a comment", set()),
        ("base/namespace.yaml", "tier: gold", "tier: silver", {"sales"}),
        ("base/ops.yaml", "k: ops", "k: others", {"ops"}),
        ("base/all.yaml", "k: v", "k: w", set(UNITS)),
        (FILE, "team: data", "team: other", set(UNITS)),
        (FILE, "namespace: ops", "namespace: ops, name: x", {"ops"}),
        (FILE, "namespace: ops", "namespace: other", {"ops", "other"}),
        ("base/monitor.yaml", "monitor", "monitors", {"ops"}),
        ("base/class.yaml", "node-1", "node-2", {""}),
        ("base/sales.yaml", "apiVersion", "# the place of the patch\napiVersion", {"sales"}),
        ("overlays/dev/kustomization.yaml", "resources", "# a comment\nresources", set()),
    ],
)
def test_an_edit_affects_the_units_that_it_can_select(
    mesh: Mesh, file: str, before: str, after: str, changed: set[str]
) -> None:
    mesh.write(FILES)
    digests = {unit: mesh.overlay().digest_for(unit) for unit in UNITS}
    assert before in FILES[file]

    mesh.write({file: FILES[file].replace(before, after)})

    assert {unit for unit in UNITS if mesh.overlay().digest_for(unit) != digests[unit]} == changed


def test_another_kustomize_affects_all_units_with_patches(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write({FILE: "patches: [{path: p.yaml}]\n", "base/p.yaml": FILES["base/sales.yaml"]})
    digests = {unit: mesh.overlay().digest_for(unit) for unit in UNITS}
    monkeypatch.setattr(overlay, "identity_of", lambda _: "another")

    assert {unit for unit in UNITS if mesh.overlay().digest_for(unit) != digests[unit]} == {"sales"}


def test_without_kustomizations_the_overlay_is_empty(mesh: Mesh) -> None:
    assert read_overlay(read_inputs(mesh.root), "dev", read_documents) == (overlay.Overlay("dev"), ())


def test_objects_that_are_written_twice_are_refused_when_read(mesh: Mesh) -> None:
    document = FILES["base/monitor.yaml"]
    mesh.write({FILE: "resources: [a.yaml, b.yaml]\n", "base/a.yaml": document, "base/b.yaml": document})

    with pytest.raises(StageFailed) as raised:
        mesh.overlay()

    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.rule.code, str(diagnostic.span), diagnostic.message) == (
        "K013",
        "base/b.yaml:1:1",
        "ConfigMap ops/monitor is defined twice",
    )


def test_the_same_file_by_two_ways_is_two_steps(mesh: Mesh) -> None:
    part = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {a: b}}]\n"
    mesh.write(
        {
            FILE: "components: [part]\n",
            "base/part/kustomization.yaml": part,
            "overlays/dev/kustomization.yaml": f"{OVERLAY}components: [../../base/part]\n",
        }
    )

    first, second = mesh.overlay().steps

    assert (first.span, first.entry) == (second.span, second.entry)
    assert first != second
    assert first.digest != second.digest
    (patch, _) = mesh.apply(deployment("web")).patched["Deployment.apps sales/web"]
    assert patch.span == first.span
