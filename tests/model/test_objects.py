"""Objects and what makes them the same object."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model.objects import DuplicateObject, ObjectId, ObjectSet, identify


def resource(api_version: str = "v1", kind: str = "Service", name: str = "web", namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def test_an_object_is_its_group_kind_namespace_and_name() -> None:
    assert identify(resource("apps/v1", "Deployment", "web", "a")) == ObjectId("apps", "Deployment", "a", "web")
    assert identify(resource("apps/v1beta1", "Deployment", "web", "a")) == identify(
        resource("apps/v1", "Deployment", "web", "a")
    )
    assert str(identify(resource("apps/v1", "Deployment", "web", "a"))) == "Deployment.apps a/web"
    assert str(identify(resource())) == "Service web"


@pytest.mark.parametrize(
    "broken", [{}, {"metadata": None}, {"metadata": {}}, {"metadata": ["x"]}, {"apiVersion": None, "kind": 1}]
)
def test_missing_parts_of_an_identity_are_empty(broken: dict[str, Any]) -> None:
    assert identify(broken).name == ""


def test_an_identity_occurs_once() -> None:
    with pytest.raises(DuplicateObject, match="Service web appears twice") as twice:
        ObjectSet.of([resource(), resource()])
    assert twice.value.identity == identify(resource())


@given(st.permutations([resource(name=name, namespace=space) for name in "abc" for space in ("", "x", "y")]))
def test_the_order_is_that_of_the_identities(objects: list[dict[str, Any]]) -> None:
    objects_ = ObjectSet.of(objects)
    assert len(objects_) == 9
    assert [identify(manifest) for manifest in objects_] == sorted(identify(manifest) for manifest in objects)


def test_objects_are_listed_by_kind() -> None:
    objects_ = ObjectSet.of([resource(kind="Service"), resource(kind="Secret"), resource(kind="ConfigMap")])
    assert [manifest["kind"] for manifest in objects_.of_kind("Service", "ConfigMap")] == ["ConfigMap", "Service"]
