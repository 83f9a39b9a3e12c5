"""Objects belong to the unit of their namespace."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.objects import Object, identify
from floe_compiler.overlay import unit_of
from overlay.overlay_mesh import config_map


def cluster_scoped(kind: str, name: str, version: str = "v1") -> Object:
    manifest: dict[str, Any] = {"apiVersion": version, "kind": kind, "metadata": {"name": name}}
    return manifest


def test_a_namespace_belongs_to_its_own_unit() -> None:
    assert unit_of(identify(config_map("a", "sales"))) == "sales"
    assert unit_of(identify(cluster_scoped("Namespace", "sales"))) == "sales"
    assert unit_of(identify(cluster_scoped("Namespace", "sales", "acme.example/v1"))) == ""
    assert unit_of(identify(cluster_scoped("PriorityClass", "sales", "scheduling.k8s.io/v1"))) == ""
