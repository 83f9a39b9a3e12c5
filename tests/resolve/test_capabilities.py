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
    one = component("orchestrator", "alpha", requires=lambda _: requirements, provides=lambda _: provides)
    instance: Instance[Any] = Instance(
        "orchestrator", "alpha", "alpha", "sales", "floe-sales-domain", None, DEVELOPMENT, origin=WRITTEN
    )
    return one, replace(instance, databases=databases, **changes)


def found(one: Placed, own: Any = (), platform: Any = ()) -> tuple[Any, ...]:
    return context(one, own, platform)[0].capabilities


def test_the_own_namespace_comes_first() -> None:
    other = replace(CATALOG, name="own")
    needs = placed(Requirement(Catalog))
    assert found(needs, own=(other,), platform=(CATALOG,)) == (other.about("sales"),)
    assert found(needs, platform=(CATALOG,)) == (CATALOG.about("sales"),)


def test_one_is_found_or_all_or_the_one_with_that_name() -> None:
    two = (DATABASE, replace(DATABASE, name="another"))
    assert found(placed(Requirement(Database)), platform=two) == two[:1]
    assert found(placed(Requirement(Database, many=True)), platform=two) == two
    assert found(placed(Requirement(Database, "another")), platform=two) == two[1:]
    assert found(placed(Requirement(Database, many=True))) == ()
    assert found(placed(Requirement(Database, optional=True))) == ()


def test_its_own_databases_are_found_first() -> None:
    needs = placed(Requirement(Catalog), databases=(DATABASE.name,))
    assert found(needs, own=(DATABASE,), platform=(CATALOG,)) == (DATABASE, CATALOG.about("sales"))


@pytest.mark.parametrize(
    ("requirement", "thing", "slot"),
    [
        (Requirement(ObjectStore), "an object store", "`storage`"),
        (Requirement(Compute), "a compute", "`compute`"),
        (Requirement(Database, "db/app"), "a database named db/app", "that provides it"),
    ],
)
def test_what_nobody_provides_is_reported_where_it_was_asked_for(
    requirement: Requirement, thing: str, slot: str
) -> None:
    findings, needs = Findings(), placed(requirement)
    _, unmet = context(needs, (), (CATALOG,))
    check_provided(needs[1], unmet, (), findings)
    (told,) = findings.diagnostics
    assert (told.rule.code, told.span) == ("R012", WRITTEN)
    assert told.message == f"orchestrator alpha needs {thing}, which no component provides"
    assert told.hint == f"fill the slot {slot} in platform-manifest.yaml"


def test_the_slots_to_fill_for_what_is_required_are_those_of_components() -> None:
    named = {kind.slot for kind in Capability.__subclasses__()} - {""}
    assert len(named) > 4
    assert named - set(slots(registry())) == set()


def test_everything_provided() -> None:
    assert provided([placed(provides=(CATALOG,)), placed(provides=(STORE, LINEAGE))]) == (CATALOG, STORE, LINEAGE)
