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
    found = domain_instances(ALL, merged(data), PLACE, products, findings)
    assert findings.diagnostics == []
    return {
        component.type: [one.name for one in instance.products]
        for component, instance in found
        if component.slot == "orchestrator"
    }


def test_the_orchestrator_runs_the_products_but_those_for_kubernetes() -> None:
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


def test_products_that_nobody_runs_are_a_mistake() -> None:
    findings = Findings()
    domain_instances(ALL, merged({"metadata": {"name": "sales"}}), PLACE, [BY_DAGSTER, BY_KUBERNETES], findings)
    (found,) = findings.diagnostics
    assert (found.rule.code, str(found.span)) == ("R016", "0.yaml:3:5")
    assert '"sales"' in found.message


def test_a_slot_that_is_filled_wrongly_is_reported_once() -> None:
    findings = Findings()
    domain_instances(ALL, merged({"orchestrator": {"type": "dagsta"}}), PLACE, [BY_DAGSTER], findings)
    assert [one.rule.code for one in findings.diagnostics] == ["R003"]


def test_an_instance_knows_its_place_and_what_asked_for_it() -> None:
    findings = Findings()
    ((_, found),) = domain_instances(ALL, merged({"orchestrator": {"type": "dagster"}}), PLACE, [BY_DAGSTER], findings)
    assert (found.slot, found.type, found.name) == ("orchestrator", "dagster", "dagster")
    assert (found.scope, found.namespace, found.settings) == ("sales", "floe-sales-domain", DEVELOPMENT)
    assert found.placement.jobs.node_selector == {"pool": "data"}
    assert str(found.origin) == "0.yaml:3:1"
    assert found.label() == "orchestrator dagster in floe-sales-domain"


def test_the_scale_reaches_the_orchestrator_that_nobody_wrote() -> None:
    findings = Findings()
    ((component, found),) = domain_instances(ALL, merged({}), PLACE, [BY_KUBERNETES], findings)
    written = component.config.model_validate({"type": component.type, **component.profiles["light"]})
    assert found.config == written


SERVED = (ServedProduct("sales", "orders"),)


def test_shared_services_know_the_domains_that_have_products() -> None:
    findings = Findings()
    data = {
        "catalog": {"type": "alpha"},
        "observability": {"tracing": {"type": "alpha"}},
        "orchestrator": {"type": "x"},
    }
    found = shared_instances(REGISTRY, merged(data), PLACE, ("finance", "sales"), SERVED, findings)
    assert [instance.slot for _, instance in found] == ["catalog", "observability.tracing"]
    assert all((instance.domains, instance.served) == (("finance", "sales"), SERVED) for _, instance in found)
    assert findings.diagnostics == []


@pytest.mark.parametrize(
    ("image", "named"),
    [("acme/orders", "acme/orders"), ("acme/orders:latest", "acme/orders"), ("a:5000/orders:main", "a:5000/orders")],
)
def test_an_image_that_can_change_is_reported_with_one_that_cannot(image: str, named: str) -> None:
    findings = Findings()
    one = replace(product("orders", image=image), image_origin=Span("o.yaml", 2, 5))
    check_images([one, product("costs")], findings)
    (found,) = findings.diagnostics
    assert (found.rule.code, str(found.span)) == ("R010", "o.yaml:2:5")
    assert found.hint.endswith(f"{named}:1.4.2")


def test_what_stands_in_each_namespace_is_configured_alike_unless_a_domain_says_otherwise() -> None:
    agent = component("agent", "alpha", scope="each")
    findings, known = Findings(), Registry(imported=(*COMPONENTS, agent))
    written = merged({"agent": {"type": "alpha", "replicas": 2}})
    ((_, shared),) = shared_instances(known, written, PLACE, (), (), findings)
    ((_, own),) = domain_instances(known, written, PLACE, [], findings)
    assert (shared.config, shared.settings_path) == (own.config, own.settings_path)
    assert shared.settings_path == ("agent",)
