"""Objects belong to the unit of their namespace, and a split environment can be joined again."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.objects import Object, ObjectSet, identify
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span
from floe_compiler.overlay import join_units, split_units, unit_of
from overlay.overlay_mesh import config_map


def cluster_scoped(kind: str, name: str, version: str = "v1") -> Object:
    manifest: dict[str, Any] = {"apiVersion": version, "kind": kind, "metadata": {"name": name}}
    return manifest


def test_a_namespace_belongs_to_its_own_unit() -> None:
    assert unit_of(identify(config_map("a", "sales"))) == "sales"
    assert unit_of(identify(cluster_scoped("Namespace", "sales"))) == "sales"
    assert unit_of(identify(cluster_scoped("Namespace", "sales", "acme.example/v1"))) == ""
    assert unit_of(identify(cluster_scoped("PriorityClass", "sales", "scheduling.k8s.io/v1"))) == ""


def test_what_was_split_can_be_joined() -> None:
    objects = [config_map("a"), config_map("b", "ops"), cluster_scoped("Namespace", "ops"), cluster_scoped("Node", "n")]
    origins = {"ConfigMap sales/a": Span("a.yaml"), "launched pods sales/runs": Span("b.yaml")}
    rendered = Rendered("dev", ObjectSet.of(objects), origins=origins)

    units = split_units(rendered, ["empty"])

    assert {name: len(unit.objects) for name, unit in units.items()} == {"": 1, "empty": 0, "ops": 2, "sales": 1}
    assert units["sales"].origins == {"ConfigMap sales/a": Span("a.yaml")}
    assert join_units(rendered, units.values()) == rendered
