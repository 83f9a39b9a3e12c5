"""Which components provide capabilities to which."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components import registry
from floe_compiler.model.capabilities import Capability, Catalog, Compute, Database, ObjectStore
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.plan import Instance, Requirement
from floe_compiler.model.span import Span
from floe_compiler.resolve.capabilities import Placed, check_provided, context, provided
from floe_compiler.resolve.slots import slots
from products import CATALOG, DATABASE, LINEAGE, STORE
from resolve.samples import component
from support import DEVELOPMENT

WRITTEN = Span("platform-manifest.yaml", 8, 3)


def placed(*requirements: Requirement, provides: Any = (), databases: tuple[str, ...] = (), **changes: Any) -> Placed:
    component_ = component("orchestrator", "alpha", requires=lambda _: requirements, provides=lambda _: provides)
    instance: Instance[Any] = Instance(
        "orchestrator", "alpha", "alpha", "sales", "floe-sales-domain", None, DEVELOPMENT, origin=WRITTEN
    )
    return component_, replace(instance, databases=databases, **changes)


def capabilities_of(placed_: Placed, own: Any = (), platform: Any = ()) -> tuple[Any, ...]:
    return context(placed_, own, platform)[0].capabilities


def test_capabilities_of_its_own_namespace_come_first() -> None:
    own_catalog = replace(CATALOG, name="own")
    needs = placed(Requirement(Catalog))
    assert capabilities_of(needs, own=(own_catalog,), platform=(CATALOG,)) == (own_catalog.about("sales"),)
    assert capabilities_of(needs, platform=(CATALOG,)) == (CATALOG.about("sales"),)


def test_a_requirement_may_be_for_one_for_all_or_for_a_name() -> None:
    two = (DATABASE, replace(DATABASE, name="another"))
    assert capabilities_of(placed(Requirement(Database)), platform=two) == two[:1]
    assert capabilities_of(placed(Requirement(Database, many=True)), platform=two) == two
    assert capabilities_of(placed(Requirement(Database, "another")), platform=two) == two[1:]
    assert capabilities_of(placed(Requirement(Database, many=True))) == ()
    assert capabilities_of(placed(Requirement(Database, optional=True))) == ()


def test_its_own_databases_are_found_first() -> None:
    needs = placed(Requirement(Catalog), databases=(DATABASE.name,))
    assert capabilities_of(needs, own=(DATABASE,), platform=(CATALOG,)) == (DATABASE, CATALOG.about("sales"))


@pytest.mark.parametrize(
    ("requirement", "needed", "slot"),
    [
        (Requirement(ObjectStore), "an object store", "`storage`"),
        (Requirement(Compute), "a compute", "`compute`"),
        (Requirement(Database, "db/app"), "a database named db/app", "that provides it"),
    ],
)
def test_a_missing_capability_is_reported_at_its_requirement(requirement: Requirement, needed: str, slot: str) -> None:
    findings, needs = Findings(), placed(requirement)
    _, unmet = context(needs, (), (CATALOG,))
    check_provided(needs[1], unmet, (), findings)
    (diagnostic,) = findings.diagnostics
    assert (diagnostic.rule.code, diagnostic.span) == ("R012", WRITTEN)
    assert diagnostic.message == f"orchestrator alpha needs {needed}, which no component provides"
    assert diagnostic.hint == f"fill the slot {slot} in platform-manifest.yaml"


def test_the_hint_names_slots_whose_components_provide_the_capability() -> None:
    named = {kind.slot for kind in Capability.__subclasses__()} - {""}
    assert len(named) > 4
    assert named - set(slots(registry())) == set()


def test_all_provided_capabilities_are_listed() -> None:
    assert provided([placed(provides=(CATALOG,)), placed(provides=(STORE, LINEAGE))]) == (CATALOG, STORE, LINEAGE)
