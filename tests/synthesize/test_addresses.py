"""The addresses of interfaces in variables, as their ingress opens them."""

from __future__ import annotations

import pytest

from floe_compiler.components import orchestrator_airflow
from floe_compiler.kit.pods import variable
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Variable, containers_of
from floe_compiler.model.ingress import Route, UnitIngress
from floe_compiler.model.inputs import Quota
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.synthesize.addresses import with_addresses
from products import EVERYTHING, SALES
from support import PRODUCTION, context_of


def unit() -> DeclaredUnit:
    """Return a namespace with Airflow."""
    component = orchestrator_airflow.COMPONENT
    context = context_of(component, settings=PRODUCTION, capabilities=EVERYTHING, scope="sales")
    instances = (DeclaredInstance(context.instance, component.build(context)),)
    return DeclaredUnit(PRODUCTION, "sales", SALES, "@acme/sales", Quota(), instances)


def ingress(name: str = "airflow", *, secure: bool = True) -> UnitIngress:
    """Return an ingress that opens an interface of this name."""
    server = service_endpoint("airflow-api-server", SALES, "cluster.local", (Port("http", 8080),))
    return UnitIngress(
        routes=(Route("a.example", OpenInterface(SALES, name, server, "http", True), False),), secure=secure
    )


def addresses(ingress_: UnitIngress | None) -> dict[str, str]:
    """Return the address that each process of Airflow knows."""
    (declared,) = with_addresses(unit(), ingress_).instances
    return {
        workload.name: setting.value
        for workload in declared.parts.workloads
        for container in containers_of(workload.pod)
        for setting in container.variables
        if setting.name == "AIRFLOW__API__BASE_URL"
    }


@pytest.mark.parametrize(("secure", "url"), [(True, "https://a.example"), (False, "http://a.example")])
def test_a_program_knows_its_public_address(secure: bool, url: str) -> None:
    assert addresses(ingress(secure=secure)) == {"airflow-api-server": url, "airflow-scheduler": url}


@pytest.mark.parametrize("ingress_", [None, UnitIngress(), ingress("another")])
def test_an_interface_that_is_not_opened_has_no_address(ingress_: UnitIngress | None) -> None:
    assert addresses(ingress_) == {}


def test_only_the_address_changes() -> None:
    before, after = (dict(_other_variables(declared)) for declared in (unit(), with_addresses(unit(), ingress())))
    assert before == after


def _other_variables(declared_: DeclaredUnit) -> list[tuple[str, tuple[Variable, ...]]]:
    (declared,) = declared_.instances
    return [
        (
            f"{workload.name} {container.name}",
            tuple(v for v in container.variables if v.name != "AIRFLOW__API__BASE_URL"),
        )
        for workload in declared.parts.workloads
        for container in containers_of(workload.pod)
    ]


def test_launched_pods_cannot_have_an_address() -> None:
    with pytest.raises(ValueError, match="URL is the address of airflow, which these pods cannot know"):
        variable(Variable("URL", interface="airflow"))
