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
PATCH = "[{op: add, path: /extra, value: patched}]"


def patched(rendered: Rendered) -> set[str]:
    return {
        f"{one['kind']} {one['metadata'].get('namespace', '-')}/{one['metadata']['name']}"
        for one in rendered.objects
        if one.get("extra") == "patched"
    }


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("kind: ConfigMap", {"ConfigMap sales/web", "ConfigMap sales/web-2", "ConfigMap marketing/api"}),
        ("name: web", {"ConfigMap sales/web", "Deployment sales/web", "StatefulSet finance/web"}),
        (
            "name: web.*",
            {"ConfigMap sales/web", "ConfigMap sales/web-2", "Deployment sales/web", "StatefulSet finance/web"},
        ),
        ("name: web|api, kind: Deployment", {"Deployment sales/web", "Deployment sales/api"}),
        ("group: apps", {"Deployment sales/web", "Deployment sales/api", "StatefulSet finance/web"}),
        ("group: apps, version: v1, namespace: finance", {"StatefulSet finance/web"}),
        (
            "namespace: '(sales|marketing)', kind: ConfigMap",
            {"ConfigMap sales/web", "ConfigMap sales/web-2", "ConfigMap marketing/api"},
        ),
        ("labelSelector: tier=gold", {"Deployment sales/web", "Namespace -/sales"}),
        ("labelSelector: 'tier in (gold),app!=api', kind: D.*", {"Deployment sales/web"}),
        ("labelSelector: '!tier', kind: Deployment", {"Deployment sales/api"}),
        ("annotationSelector: note=x", {"Deployment sales/api"}),
        ("kind: Namespace", {"Namespace -/sales"}),
    ],
)
def test_targets(mesh: Mesh, target: str, expected: set[str]) -> None:
    patches = f"patches: [{{target: {{{target}}}, patch: '{PATCH}'}}]\n"
    mesh.write({"base/kustomization.yaml": patches})
    alone = mesh.apply(*OBJECTS)
    mesh.write({"base/kustomization.yaml": f"{patches}labels: [{{pairs: {{seen: by-kustomize}}}}]\n"})
    together = mesh.apply(*OBJECTS)

    assert patched(alone) == expected
    assert len(alone.patched) == len(expected)
    assert len(together.patched) == len(OBJECTS)  # kustomize had the choice of all
    assert patched(together) == expected
