"""kustomize's result against what the patches ask for."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.document import DataPath
from floe_compiler.overlay.fidelity import difference, restored
from floe_compiler.overlay.merge_schema import schemas_of
from floe_compiler.overlay.merge_types import merge_type

DEPLOYMENT = merge_type(schemas_of("1.34"), {"apiVersion": "apps/v1", "kind": "Deployment"})
PODS = DEPLOYMENT.field("spec").field("template").field("spec")


@pytest.mark.parametrize(
    ("result", "original", "expected"),
    [
        ({"a": "1"}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": "1"}, {"a": "1"}),
        ({"a": "true"}, {"a": True}, {"a": True}),
        ({"a": "2"}, {"a": 1}, {"a": "2"}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}),
        ({"containers": [{"name": "b"}, {"name": "a"}]}, {"containers": [{"name": "a"}, {"name": "b"}]}, None),
        ({"tolerations": [{"key": "b"}, {"key": "a"}]}, {"tolerations": [{"key": "a"}, {"key": "b"}]}, "result"),
        (
            {"containers": [{"name": "b"}, {"name": "c"}, {"name": "a"}]},
            {"containers": [{"name": "a"}, {"name": "b"}]},
            {"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
        ),
    ],
)
def test_only_order_and_types_are_restored(result: Any, original: Any, expected: Any) -> None:
    expected = (
        {None: original, "result": result}.get(expected, expected) if not isinstance(expected, dict) else expected
    )
    assert repr(restored(result, original, PODS)) == repr(expected)


@pytest.mark.parametrize(
    ("result", "original", "expected"),
    [
        ({"a": {}}, {}, None),
        ({"a": None}, {}, None),
        ({"a": {"labels": {"x": "y"}}}, {}, None),
        ({"a": [1, 2]}, {"a": [1, 3]}, ("a", 1)),
        ({"a": [1, 2]}, {"a": [1]}, ("a",)),
        ({"a": {"b": 1}}, {"a": {"b": "1"}}, ("a", "b")),
        ({}, {"a": {"b": 1}}, ("a", "b")),
    ],
)
def test_the_first_difference_is_found(result: Any, original: Any, expected: DataPath | None) -> None:
    assert difference(result, original, {"labels"}) == expected
