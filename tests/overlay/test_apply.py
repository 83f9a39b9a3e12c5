"""base/ and overlays/<environment>/ change what they select, in their order, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from floe_compiler.model.configuration import CONFIG_HASH, config_hash
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import PodGroup, Rendered
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.overlay import apply_overlay, kustomize, overlay, portions
from overlay.overlay_mesh import OVERLAY, Mesh, config_map, deployment, split_units

HERE = Span("platform-manifest.yaml", 9, 3)

REPLICAS = """
- target: {{kind: Deployment, name: web}}
  patch: |-
    - {{op: replace, path: /spec/replicas, value: {count}}}
"""

WEB = ObjectId("apps", "Deployment", "sales", "web")


@pytest.fixture
def no_kustomize(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (overlay, kustomize):
        monkeypatch.setattr(module, "find_kustomize", lambda: pytest.fail("looked for kustomize"))


def objects_of(rendered: Rendered) -> dict[str, Object]:
    return {str(identity): manifest for identity, manifest in rendered.objects.by_id.items()}


@pytest.mark.usefixtures("no_kustomize")
@pytest.mark.parametrize(
    "files",
    [
        {},
        {"overlays/dev/environment.yaml": "kind: Environment\n"},
        {"base/kustomization.yaml": "resources: []\n"},
        {"base/kustomization.yaml": "resources: []\n", "overlays/dev/kustomization.yaml": OVERLAY},
        {"overlays/dev/kustomization.yaml": OVERLAY},
        {"overlays/prod/kustomization.yaml": "namePrefix: x-\n"},
    ],
)
def test_without_steps_kustomize_does_not_start(mesh: Mesh, files: dict[str, str]) -> None:
    rendered = mesh.write(files).apply(config_map("a"), origins={"ConfigMap sales/a": HERE})

    assert rendered == Rendered("dev", ObjectSet.of([config_map("a")]), origins={"ConfigMap sales/a": HERE})


@pytest.mark.usefixtures("no_kustomize")
@pytest.mark.parametrize("files", [{}, {"base/kustomization.yaml": "resources: []\n"}])
def test_annotated_pods_get_the_hash_of_their_configuration(mesh: Mesh, files: dict[str, str]) -> None:
    web = deployment("web")
    template = web["spec"]["template"]
    template["metadata"]["annotations"] = {CONFIG_HASH: ""}
    template["spec"]["volumes"] = [{"name": "settings", "configMap": {"name": "a"}}]

    rendered = mesh.write(files).apply(config_map("a", data={"k": "on"}), web)

    (manifest,) = rendered.objects.of_kind("Deployment")
    assert manifest["spec"]["template"]["metadata"]["annotations"] == {CONFIG_HASH: config_hash({"a": {"k": "on"}})}


@pytest.mark.usefixtures("no_kustomize")
def test_hand_written_objects_are_added_without_kustomize(mesh: Mesh) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: sales}\ndata: {k: 'on'}\n"
    mesh.write({"base/kustomization.yaml": "resources: [b.yaml]\n", "base/b.yaml": f"---\n{text}---\n# no more\n"})

    rendered = mesh.apply(config_map("a"))

    assert list(rendered.objects) == [config_map("a"), config_map("b", data={"k": "on"})]
    assert rendered.origins == {"ConfigMap sales/b": Span("base/b.yaml", 2, 1)}
    assert rendered.patched == {}


def test_the_overlay_patches_the_result_of_the_base(mesh: Mesh) -> None:
    mesh.write(
        {
            "base/kustomization.yaml": f"patches:{REPLICAS.format(count=2)}- path: web.yaml\n",
            "base/web.yaml": (
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: sales, labels: {from: base}}\n"
            ),
            "overlays/prod/kustomization.yaml": f"{OVERLAY}patches:{REPLICAS.format(count=3)}",
        }
    )

    dev = mesh.apply(deployment("web"), config_map("a")).objects.by_id[WEB]
    prod = mesh.apply(deployment("web"), config_map("a"), environment="prod").objects.by_id[WEB]

    assert (dev["spec"]["replicas"], dev["metadata"]["labels"]) == (2, {"from": "base"})
    assert (prod["spec"]["replicas"], prod["metadata"]["labels"]) == (3, {"from": "base"})


WEB_YAML = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: sales}\n"


def test_patches_that_changed_an_object_are_reported(mesh: Mesh) -> None:
    mesh.write(
        {
            "base/kustomization.yaml": "patches:\n- path: web.yaml\n",
            "base/web.yaml": f"{WEB_YAML}spec: {{revisionHistoryLimit: 2}}\n",
            "overlays/dev/kustomization.yaml": f"{OVERLAY}patches:{REPLICAS.format(count=3)}- path: none.yaml\n",
            "overlays/dev/none.yaml": WEB_YAML,
        }
    )

    rendered = mesh.apply(deployment("web"), config_map("a"))

    inline = Span("overlays/dev/kustomization.yaml", 4, 10)
    assert rendered.patched == {
        "Deployment.apps sales/web": (
            Patch(Span("base/web.yaml"), {"spec.revisionHistoryLimit": Span("base/web.yaml", 4, 30)}),
            Patch(inline, {"spec.replicas": Span("overlays/dev/kustomization.yaml", 5, 50)}),
        )
    }


def test_generated_objects_are_the_base_even_without_a_base_folder(mesh: Mesh) -> None:
    mesh.write({"overlays/dev/kustomization.yaml": f"{OVERLAY}patches:{REPLICAS.format(count=4)}"})

    assert mesh.apply(deployment("web")).objects.by_id[WEB]["spec"]["replicas"] == 4


def test_only_changed_objects_go_through_kustomize(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    staged: list[str] = []
    run = kustomize.run_kustomize

    def recorded(command: list[str], folder: str, files: Mapping[str, str]) -> tuple[str, list[str]]:
        staged.extend(files.values())
        return run(command, folder, files)

    monkeypatch.setattr(portions, "run_kustomize", recorded)
    mesh.write({"base/kustomization.yaml": f"patches:{REPLICAS.format(count=2)}"})
    odd_map = config_map("other", data={"odd": "\x7f"})

    rendered = mesh.apply(deployment("web"), deployment("api"), odd_map)

    assert rendered.objects.by_id[ObjectId("", "ConfigMap", "sales", "other")] is odd_map
    assert "name: web" in "".join(staged)
    assert "name: api" not in "".join(staged)


def test_a_patch_in_several_documents_changes_several_objects(mesh: Mesh) -> None:
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: sales}}\ndata: {{k: {name}}}\n"
    mesh.write(
        {
            "base/kustomization.yaml": "patches:\n- path: both.yaml\n",
            "base/both.yaml": "---\n".join(template.format(name=name) for name in "ab"),
        }
    )

    rendered = mesh.apply(config_map("a"), config_map("b"), config_map("c"))

    assert list(rendered.objects) == [
        config_map("a", data={"k": "a"}),
        config_map("b", data={"k": "b"}),
        config_map("c"),
    ]
    assert [patch.span for patch in rendered.patched["ConfigMap sales/b"]] == [Span("base/both.yaml", 6, 1)]


def test_a_patch_can_delete_a_generated_object(mesh: Mesh) -> None:
    patch = "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: sales}\n"
    mesh.write({"base/kustomization.yaml": "patches: [{path: gone.yaml}]\n", "base/gone.yaml": patch})

    rendered = mesh.apply(config_map("a"), config_map("b"), origins={"ConfigMap sales/a": HERE})

    assert (list(rendered.objects), rendered.origins, rendered.patched) == ([config_map("b")], {}, {})


def test_labels_images_and_replicas_are_applied(mesh: Mesh) -> None:
    mesh.write(
        {
            "base/kustomization.yaml": (
                "labels: [{pairs: {team: data}, includeTemplates: true}]\n"
                "images: [{name: ghcr.io/acme/web, newName: mirror/web, newTag: '2.0'}]\n"
                "replicas: [{name: web, count: 5}]\n"
            )
        }
    )

    rendered = mesh.apply(deployment("web"), config_map("a"))

    web = rendered.objects.by_id[WEB]
    assert web["spec"]["replicas"] == 5
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "mirror/web:2.0"
    assert web["spec"]["template"]["metadata"]["labels"] == {"app": "web", "team": "data"}
    assert web["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    assert rendered.objects.by_id[ObjectId("", "ConfigMap", "sales", "a")]["metadata"]["labels"] == {"team": "data"}
    assert [patch.span.line for patch in rendered.patched["Deployment.apps sales/web"]] == [1, 3, 2]


def test_components_and_folders_are_applied(mesh: Mesh) -> None:
    mesh.write(
        {
            "base/kustomization.yaml": "resources: [monitoring]\n",
            "base/monitoring/kustomization.yaml": "resources: [rules.yaml]\nlabels: [{pairs: {only: monitoring}}]\n",
            "base/monitoring/rules.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r, namespace: sales}\n",
            "base/components/spot/kustomization.yaml": (
                f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:{REPLICAS.format(count=8)}"
            ),
            "overlays/dev/kustomization.yaml": f"{OVERLAY}components: [../../base/components/spot]\n",
        }
    )

    objects = objects_of(mesh.apply(deployment("web")))

    assert objects["Deployment.apps sales/web"]["spec"]["replicas"] == 8
    assert objects["ConfigMap sales/r"]["metadata"]["labels"] == {"only": "monitoring"}
    assert "labels" not in objects["Deployment.apps sales/web"]["metadata"]


def test_a_later_patch_sees_the_labels_of_an_earlier_one(mesh: Mesh) -> None:
    mesh.write(
        {
            "base/kustomization.yaml": (
                "patches:\n"
                "- target: {name: a}\n"
                "  patch: '[{op: add, path: /metadata/labels, value: {tier: gold}}]'\n"
                "- target: {labelSelector: tier=gold}\n"
                "  patch: '[{op: add, path: /data, value: {k: gold}}]'\n"
            )
        }
    )

    rendered = mesh.apply(config_map("a"), config_map("b"))

    assert [manifest.get("data") for manifest in rendered.objects] == [{"k": "gold"}, None]


def test_the_label_selector_also_finds_labels_that_another_portion_does_not_have(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION", 1)
    mesh.write(
        {
            "base/kustomization.yaml": (
                "patches:\n"
                "- target: {name: b}\n"
                "  patch: '[{op: add, path: /metadata/labels, value: {tier: gold}}]'\n"
                "- target: {labelSelector: tier=gold}\n"
                "  patch: '[{op: add, path: /data, value: {k: gold}}]'\n"
            )
        }
    )
    labelled = config_map("a")
    labelled["metadata"]["labels"] = {"tier": "gold"}

    rendered = mesh.apply(labelled, config_map("b"))

    assert [manifest.get("data") for manifest in rendered.objects] == [{"k": "gold"}, {"k": "gold"}]


def test_the_declared_facts_stay(mesh: Mesh) -> None:
    mesh.write({"base/kustomization.yaml": f"patches:{REPLICAS.format(count=2)}"})
    groups = frozenset({(PodGroup("sales", "web"), 80)})

    assert mesh.apply(deployment("web"), ingress_groups=groups).ingress_groups == groups


def test_the_authored_files_are_not_changed(mesh: Mesh, tmp_path: Path) -> None:
    mesh.write({"base/kustomization.yaml": f"patches:{REPLICAS.format(count=2)}"})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    mesh.apply(deployment("web"))

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_object_that_loses_its_identity_is_an_error(mesh: Mesh) -> None:
    # kustomize leaves objects with this annotation out of what it builds.
    patch = "[{op: add, path: /metadata/annotations, value: {config.kubernetes.io/local-config: 'true'}}]"
    mesh.write({"base/kustomization.yaml": f'patches:\n- target: {{name: a}}\n  patch: "{patch}"\n'})

    assert mesh.messages(config_map("a")) == [
        (
            "K016 base/kustomization.yaml:3:10: after the patches, ConfigMap sales/a is missing; instead, there is"
            " nothing (leave kind, name and namespace as they are; the inputs change them)"
        )
    ]


def test_removed_objects_are_known_by_namespace(mesh: Mesh) -> None:
    gone = "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: sales}\n"
    mesh.write({"base/kustomization.yaml": "patches:\n- path: gone.yaml\n", "base/gone.yaml": gone})

    rendered = mesh.apply(config_map("a"), config_map("b"))

    ((removed, (span,)),) = rendered.removed.items()
    assert (str(removed), span.file) == ("ConfigMap sales/a", "base/gone.yaml")


def test_the_result_of_a_unit_does_not_depend_on_other_units(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh.write(
        {
            "base/kustomization.yaml": (
                "resources: [b.yaml]\n"
                "labels: [{pairs: {team: data}, includeTemplates: true}]\n"
                "images: [{name: ghcr.io/acme/web, newTag: '2.0'}]\n"
                "patches:\n"
                "- target: {labelSelector: tier=gold}\n"
                "  patch: '[{op: add, path: /data, value: {k: gold}}]'\n"
                "- target: {kind: ConfigMap, namespace: sales}\n"
                "  patch: '[{op: add, path: /metadata/labels, value: {tier: gold}}]'\n"
                "- target: {labelSelector: tier=gold}\n"
                "  patch: '[{op: add, path: /metadata/labels/found, value: by-label}]'\n"
                "- path: gone.yaml\n"
            ),
            "base/b.yaml": (
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: ops, labels: {tier: gold}}\n"
            ),
            "base/gone.yaml": (
                "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone, namespace: ops}\n"
            ),
        }
    )
    names = ("sales", "ops", "finance", "")
    objects = [
        *(config_map("a", name) for name in names[:3]),
        *(deployment("web", name) for name in names[:3]),
        config_map("gone", "ops"),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ops", "labels": {"tier": "gold"}}},
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}},
    ]
    read = mesh.overlay()
    units = split_units(Rendered("dev", ObjectSet.of(objects)), read.written)
    monkeypatch.setattr(portions, "PORTION", 3)

    alone = {name: apply_overlay(read, {name: units[name]})[name] for name in names}
    together = apply_overlay(read, units)
    shuffled = apply_overlay(read, dict(reversed(units.items())))

    assert alone == together == shuffled
    assert list(shuffled) == list(reversed(units))
    assert list(alone["ops"].rendered.removed) == [ObjectId("", "ConfigMap", "ops", "gone")]
    sources = {
        str(identity)
        for unit in alone.values()
        for identity, manifest in unit.rendered.objects.by_id.items()
        if "found" in manifest["metadata"]["labels"]
    }
    assert sources == {"ConfigMap sales/a", "ConfigMap ops/b", "Namespace ops"}


def test_a_hand_written_object_may_not_be_a_generated_one(mesh: Mesh) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: sales}\n"
    read = mesh.write({"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": text}).overlay()
    rendered = Rendered("dev", ObjectSet.of([config_map("a")]))

    for name in ("sales", "delivery"):
        (diagnostic,) = apply_overlay(read, {name: rendered})[name].findings
        assert (diagnostic.rule.code, str(diagnostic.span)) == ("K013", "base/a.yaml:1:1")
        assert diagnostic.message == "ConfigMap sales/a is generated by floe-compile"
        assert diagnostic.hint == "list a patch of it under patches"
    assert apply_overlay(read, {"ops": Rendered("dev", ObjectSet())})["ops"].findings == ()

    (identity, chart_object), *_ = read.written["sales"].items()
    of_chart = msgspec.structs.replace(chart_object, template=Span("vendor/charts/web/1.0.0/templates/a.yaml"))
    (diagnostic,) = apply_overlay(replace(read, written={"sales": {identity: of_chart}}), {"sales": rendered})[
        "sales"
    ].findings
    assert diagnostic.hint == "switch it off or rename it in the chart's values"


def test_a_patch_may_delete_by_a_label_of_an_earlier_patch(mesh: Mesh) -> None:
    mesh.write(
        {
            "base/kustomization.yaml": (
                "patches:\n"
                "- target: {name: a|b}\n"
                "  patch: '[{op: replace, path: /metadata/labels/tier, value: gold}]'\n"
                "- target: {name: b}\n"
                "  patch: '[{op: replace, path: /metadata/labels/tier, value: tin}]'\n"
                "- path: gone.yaml\n"
                "  target: {labelSelector: tier=gold}\n"
            ),
            "base/gone.yaml": "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: any}\n",
        }
    )
    objects = [config_map(name) for name in "abc"]
    for manifest in objects:
        manifest["metadata"]["labels"] = {"tier": "tin"}

    rendered = mesh.apply(*objects)

    assert [str(identity) for identity in rendered.objects.by_id] == ["ConfigMap sales/b", "ConfigMap sales/c"]
    assert [str(identity) for identity in rendered.removed] == ["ConfigMap sales/a"]
