"""The charts of units, and that `explain` renders the same as cdk8s."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.components import collector_opentelemetry, storage_minio
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plan import Component
from floe_compiler.synthesize.charts import WAVE, chart_of, unit_chart, without_cdk8s
from floe_compiler.synthesize.construct_tree import build_charts
from support import DEVELOPMENT, context_of, unit_of

NAMESPACE = "floe-platform"


def test_objects_depend_on_references_in_their_namespace() -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}}
    spec = {"template": {"spec": {"containers": [], "serviceAccountName": "a"}}}
    web = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}

    chart = chart_of(DEVELOPMENT, (web, account), "sales")

    edge = (ObjectId("apps", "Deployment", "sales", "web"), ObjectId("", "ServiceAccount", "sales", "a"))
    assert chart.dependencies == (edge,)
    assert chart.labels == {"app.kubernetes.io/part-of": "acme", "app.kubernetes.io/managed-by": "floe-compile"}


def test_the_chart_of_a_namespace_has_the_start_order() -> None:
    unit = unit_of(storage_minio.COMPONENT, context_of(storage_minio.COMPONENT))

    chart = unit_chart(DEVELOPMENT, NAMESPACE, unit)

    assert {*unit.starts} < {*chart.dependencies}
    assert {identity.kind for identity in chart.waved} == {"Job", "StatefulSet"}
    assert chart.origins == dict(unit.origins)


@pytest.mark.parametrize("component", [storage_minio.COMPONENT, collector_opentelemetry.COMPONENT])
def test_without_cdk8s_objects_have_all_but_their_wave(component: Component[Any]) -> None:
    unit = unit_of(component, context_of(component))

    (built,) = build_charts([unit_chart(DEVELOPMENT, NAMESPACE, unit)])

    expected = {identify(manifest): manifest for manifest in without_cdk8s(DEVELOPMENT, unit.objects, NAMESPACE)}
    assert {identify(manifest): _without_wave(manifest) for manifest in built} == expected
    assert any(manifest != expected[identify(manifest)] for manifest in built)


def _without_wave(manifest: Object) -> Object:
    annotations = {key: value for key, value in manifest["metadata"].get("annotations", {}).items() if key != WAVE[-1]}
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "annotations"}
    return {**manifest, "metadata": metadata | ({"annotations": annotations} if annotations else {})}
