"""Fields that an update may not change."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.model.immutability import immutable_changes


def manifest(kind: str, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "x"}, "spec": spec}


def test_all_such_fields_are_told() -> None:
    before = manifest("StatefulSet", serviceName="a", podManagementPolicy="Parallel", replicas=1)
    after = manifest("StatefulSet", serviceName="b", podManagementPolicy="OrderedReady", replicas=2)
    assert immutable_changes(before, after) == ["spec.serviceName", "spec.podManagementPolicy"]


def test_an_address_that_the_cluster_fills_in_is_no_change() -> None:
    assert immutable_changes(manifest("Service"), manifest("Service", clusterIP="10.0.0.1")) == []
    assert immutable_changes(manifest("Service", clusterIP="None"), manifest("Service", clusterIP="10.0.0.1"))


@pytest.mark.parametrize("odd", [None, [], "text", 1, {"kind": []}, {"kind": "StatefulSet", "spec": []}])
def test_odd_shapes_do_no_harm(odd: Any) -> None:
    assert immutable_changes(odd, odd) == []
