"""Environments taken apart into units and put together again."""

from __future__ import annotations

from check.samples import resource
from environment_check import split
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import DELIVERY_UNIT, SecurityException
from floe_compiler.model.span import Span
from link.two_namespaces import DOMAIN, REPORT, two_namespaces


def test_every_object_and_fact_is_in_one_unit() -> None:
    platform = two_namespaces()
    application = platform.add(resource("argoproj.io/v1alpha1", "Application", "sales", "argocd"))
    platform.add(resource("scheduling.k8s.io/v1", "PriorityClass", "low", ""))
    delivery = ObjectId("argoproj.io", "Application", "argocd", application["metadata"]["name"])
    platform.facts |= {
        "delivery": frozenset({delivery}),
        "exceptions": frozenset({SecurityException(REPORT, "readOnlyRootFilesystem", "x")}),
        "removed": {ObjectId("", "Namespace", "", DOMAIN): (Span("base/x.yaml"),)},
    }
    rendered = platform.rendered()
    units = split(rendered)
    assert list(units) == ["", DELIVERY_UNIT, "floe-platform", "sales"]
    assert all(unit.namespace == name for name, unit in units.items())
    assert {kind.kind for kind in units[""].objects.by_id} == {"PriorityClass"}
    assert set(units[DELIVERY_UNIT].objects.by_id) == {delivery}
    assert ObjectId("", "Namespace", "", DOMAIN) in units[DOMAIN].objects.by_id
    assert units[DOMAIN].exceptions == rendered.exceptions
    assert units[DOMAIN].removed == rendered.removed
    assert sum(len(unit.objects) for unit in units.values()) == len(rendered.objects)
    for fact in ("connections", "launched", "exceptions", "ingress_groups", "removed"):
        parts = [getattr(unit, fact) for unit in units.values()]
        assert sum(map(len, parts)) == len(getattr(rendered, fact)) > 0
