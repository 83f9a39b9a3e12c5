"""Instances: the filled slots of a scope, and which of them runs which data product."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components import registry
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.inputs import JobPlacement, Placements
from floe_compiler.model.plan import Product
from floe_compiler.model.registry import Registry
from floe_compiler.model.span import Span
from floe_compiler.resolve.instances import Place, check_images, domain_instances, shared_instances
from products import product
from resolve.samples import COMPONENTS, REGISTRY, component, merged
from support import DEVELOPMENT

ALL = registry()
PLACE = Place(DEVELOPMENT, "sales", "floe-sales-domain", Placements(jobs=JobPlacement(node_selector={"pool": "data"})))
BY_DAGSTER = product("orders")
BY_KUBERNETES = product("costs", run_by="kubernetes")


def run_by(data: dict[str, Any], *products: Product) -> dict[str, list[str]]:
    """Return the names of the products that each orchestrator runs."""
    findings = Findings()
    instances = domain_instances(ALL, merged(data), PLACE, products, findings)
    assert findings.diagnostics == []
    return {
        component.type: [product_.name for product_ in instance.products]
        for component, instance in instances
        if component.slot == "orchestrator"
    }


def test_the_orchestrator_runs_all_products_except_those_for_kubernetes() -> None:
    assert run_by({"orchestrator": {"type": "dagster"}}, BY_DAGSTER, BY_KUBERNETES) == {
        "dagster": ["orders"],
        "kubernetes": ["costs"],
    }
    assert run_by({"orchestrator": {"type": "dagster"}}, BY_DAGSTER) == {"dagster": ["orders"]}


def test_kubernetes_as_the_orchestrator_runs_them_all() -> None:
    assert run_by({"orchestrator": {"type": "kubernetes"}}, BY_DAGSTER, BY_KUBERNETES) == {
        "kubernetes": ["orders", "costs"]
    }


def test_products_for_kubernetes_need_no_orchestrator() -> None:
    assert run_by({}, BY_KUBERNETES) == {"kubernetes": ["costs"]}
    assert run_by({}) == {}


def test_products_without_an_orchestrator_are_an_error() -> None:
    findings = Findings()
    domain_instances(ALL, merged({"metadata": {"name": "sales"}}), PLACE, [BY_DAGSTER, BY_KUBERNETES], findings)
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, str(diagnostic.span)) == ("R016", "0.yaml:3:5")
    assert '"sales"' in diagnostic.message


def test_an_error_in_a_slot_is_reported_once() -> None:
    findings = Findings()
    domain_instances(ALL, merged({"orchestrator": {"type": "dagsta"}}), PLACE, [BY_DAGSTER], findings)
    assert [diagnostic.rule.code for diagnostic in findings.diagnostics] == ["R003"]


def test_an_instance_knows_its_namespace_and_its_place_in_the_inputs() -> None:
    findings = Findings()
    ((_, instance),) = domain_instances(
        ALL, merged({"orchestrator": {"type": "dagster"}}), PLACE, [BY_DAGSTER], findings
    )
    assert (instance.slot, instance.type, instance.name) == ("orchestrator", "dagster", "dagster")
    assert (instance.scope, instance.namespace, instance.settings) == ("sales", "floe-sales-domain", DEVELOPMENT)
    assert instance.placement.jobs.node_selector == {"pool": "data"}
    assert str(instance.origin) == "0.yaml:3:1"
    assert instance.label() == "orchestrator dagster in floe-sales-domain"


def test_the_scale_applies_to_an_implicit_orchestrator() -> None:
    findings = Findings()
    ((component, instance),) = domain_instances(ALL, merged({}), PLACE, [BY_KUBERNETES], findings)
    expected = component.config.model_validate({"type": component.type, **component.profiles["light"]})
    assert instance.config == expected


SERVED = (ServedProduct("sales", "orders"),)


def test_shared_services_know_the_domains_that_have_products() -> None:
    findings = Findings()
    data = {
        "catalog": {"type": "alpha"},
        "observability": {"tracing": {"type": "alpha"}},
        "orchestrator": {"type": "x"},
    }
    instances = shared_instances(REGISTRY, merged(data), PLACE, ("finance", "sales"), SERVED, findings)
    assert [instance.slot for _, instance in instances] == ["catalog", "observability.tracing"]
    assert all((instance.domains, instance.served) == (("finance", "sales"), SERVED) for _, instance in instances)
    assert findings.diagnostics == []


@pytest.mark.parametrize(
    ("image", "named"),
    [("acme/orders", "acme/orders"), ("acme/orders:latest", "acme/orders"), ("a:5000/orders:main", "a:5000/orders")],
)
def test_a_mutable_image_is_reported_with_an_immutable_one(image: str, named: str) -> None:
    findings = Findings()
    orders = replace(product("orders", image=image), image_origin=Span("o.yaml", 2, 5))
    check_images([orders, product("costs")], findings)
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, str(diagnostic.span)) == ("R010", "o.yaml:2:5")
    assert diagnostic.hint.endswith(f"{named}:1.4.2")


def test_components_of_each_namespace_have_the_same_settings_unless_a_domain_changes_them() -> None:
    agent = component("agent", "alpha", scope="each")
    findings, known = Findings(), Registry(imported=(*COMPONENTS, agent))
    merged_ = merged({"agent": {"type": "alpha", "replicas": 2}})
    ((_, shared),) = shared_instances(known, merged_, PLACE, (), (), findings)
    ((_, own),) = domain_instances(known, merged_, PLACE, [], findings)
    assert (shared.config, shared.settings_path) == (own.config, own.settings_path)
    assert shared.settings_path == ("agent",)
