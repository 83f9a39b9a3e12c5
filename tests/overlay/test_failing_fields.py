"""The value at which something fails is found by leaving out those after it."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import mapping
from floe_compiler.overlay.failing_fields import failing_path

OBJECT: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a", "labels": {"a": "b", "100": "c"}, "namespace": "sales"},
    "spec": {"empty": {}, "containers": [{"name": "a"}, {"name": "b", "args": ["x", "y"]}], "last": None},
}


def holds(part: Any, value: object) -> bool:
    below = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return value in below or any(holds(child, value) for child in below)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("b", ("metadata", "labels", "a")),
        ("c", ("metadata", "labels", "100")),
        ("y", ("spec", "containers", 1, "args", 1)),
        ({}, ("spec", "empty")),
        (None, ("spec", "last")),
        ("Pod", ()),
        ("sales", ()),
    ],
)
def test_the_value_is_found_in_few_attempts(value: object, path: DataPath) -> None:
    attempts = []

    def fails(part: Any) -> bool:
        attempts.append(part)
        return holds(part, value)

    assert failing_path(OBJECT, fails) == path
    assert len(attempts) <= 5
    assert all(mapping(part, ("metadata",))["name"] == "a" for part in attempts)
