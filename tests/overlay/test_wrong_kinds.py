"""The field of a hand-written object at which kustomize fails."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.objects import Object, identify
from floe_compiler.model.span import Span
from floe_compiler.overlay.overlay import Written
from floe_compiler.overlay.wrong_kinds import wrong_kind

_CLAIMS: dict[str, Any] = {"volumeClaimTemplates": [{"metadata": {"labels": {}}}, {"metadata": {"labels": ["a"]}}]}
_LABELS = ("spec", "volumeClaimTemplates", 1, "metadata", "labels")


def _web(spec: dict[str, Any]) -> Object:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": spec}


def _error(field: str, expected_type: str) -> str:
    wrong_kind_ = f"wrong node kind: expected {expected_type}"
    return f"considering field '{field}' of object StatefulSet.v1.apps/web.[noNs]: {wrong_kind_}"


@pytest.mark.parametrize(
    ("spec", "field", "expected_type", "expected"),
    [
        (
            _CLAIMS,
            "spec/volumeClaimTemplates[]/metadata/labels",
            "MappingNode but got SequenceNode",
            "spec.volumeClaimTemplates[1].metadata.labels is not a mapping",
        ),
        ({"replicas": {}}, "spec/replicas", "ScalarNode but got MappingNode", "spec.replicas is not a single value"),
        # A patch has changed it: it is sound as it is written.
        ({"replicas": 1}, "spec/replicas", "ScalarNode but got MappingNode", ""),
        ({}, "spec/replicas", "ScalarNode but got MappingNode", ""),
        ({"replicas": {}}, "spec/replicas", "AliasNode but got MappingNode", ""),
    ],
)
def test_the_field_with_the_wrong_type_is_named(
    spec: dict[str, Any], field: str, expected_type: str, expected: str
) -> None:
    manifest, place = _web(spec), Span("overlays/dev/web.yaml", 9, 5)
    values = {("spec", "replicas"): place, _LABELS: place}
    hand_written = Written(manifest, Span("overlays/dev/web.yaml", 1, 1), "overlays/dev", values)
    kind = wrong_kind(_error(field, expected_type), identify(manifest), hand_written)
    assert (kind.message if kind else "") == expected
    assert kind is None or kind.span == place


def test_a_generated_object_or_another_error_has_no_such_field() -> None:
    manifest = _web({"replicas": {}})
    error = _error("spec/replicas", "ScalarNode but got MappingNode")
    assert wrong_kind(error, identify(manifest), None) is None
    hand_written = Written(manifest, Span("x.yaml", 1, 1), "overlays/dev", {})
    assert wrong_kind("trouble", identify(manifest), hand_written) is None
