"""What an entry selects is what kustomize itself would change."""

from __future__ import annotations

import pytest

from floe_compiler.model.rendered import Rendered
from overlay.overlay_mesh import Mesh, config_map, deployment

OBJECTS = [
    config_map("web"),
    config_map("web-2"),
    config_map("api", "marketing"),
    deployment("web", labels={"tier": "gold", "app": "web"}),
    deployment("api", annotations={"note": "x"}),
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sales", "labels": {"tier": "gold"}}},
    {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web", "namespace": "finance"}},
]
PATCH = "[{{op: add, path: /extra{}, value: patched}}]"


def patched(rendered: Rendered, number: str = "") -> set[str]:
    return {
        f"{manifest['kind']} {manifest['metadata'].get('namespace', '-')}/{manifest['metadata']['name']}"
        for manifest in rendered.objects
        if manifest.get(f"extra{number}") == "patched"
    }


TARGETS = {
    "kind: ConfigMap": {"ConfigMap sales/web", "ConfigMap sales/web-2", "ConfigMap marketing/api"},
    "name: web": {"ConfigMap sales/web", "Deployment sales/web", "StatefulSet finance/web"},
    "name: web.*": {"ConfigMap sales/web", "ConfigMap sales/web-2", "Deployment sales/web", "StatefulSet finance/web"},
    "name: web|api, kind: Deployment": {"Deployment sales/web", "Deployment sales/api"},
    "group: apps": {"Deployment sales/web", "Deployment sales/api", "StatefulSet finance/web"},
    "group: apps, version: v1, namespace: finance": {"StatefulSet finance/web"},
    "namespace: '(sales|marketing)', kind: ConfigMap": {
        "ConfigMap sales/web",
        "ConfigMap sales/web-2",
        "ConfigMap marketing/api",
    },
    "labelSelector: tier=gold": {"Deployment sales/web", "Namespace -/sales"},
    "labelSelector: 'tier in (gold),app!=api', kind: D.*": {"Deployment sales/web"},
    "labelSelector: '!tier', kind: Deployment": {"Deployment sales/api"},
    "annotationSelector: note=x": {"Deployment sales/api"},
    "kind: Namespace": {"Namespace -/sales"},
}


@pytest.mark.parametrize("target", TARGETS)
def test_an_entry_applies_to_the_selected_objects(mesh: Mesh, target: str) -> None:
    mesh.write({"base/kustomization.yaml": f"patches: [{{target: {{{target}}}, patch: '{PATCH.format('')}'}}]\n"})
    applied = mesh.apply(*OBJECTS)
    assert patched(applied) == TARGETS[target]
    assert len(applied.patched) == len(TARGETS[target])


def test_kustomize_selects_the_same_objects(mesh: Mesh) -> None:
    entries = (
        f"- {{target: {{{target}}}, patch: '{PATCH.format(number)}'}}\n" for number, target in enumerate(TARGETS)
    )
    labels = "labels: [{pairs: {seen: by-kustomize}}]\n"
    mesh.write({"base/kustomization.yaml": f"{labels}patches:\n{''.join(entries)}"})
    applied = mesh.apply(*OBJECTS)
    assert len(applied.patched) == len(OBJECTS)  # kustomize had the choice of all
    assert {target: patched(applied, str(number)) for number, target in enumerate(TARGETS)} == TARGETS
