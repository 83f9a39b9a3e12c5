"""What components add once the facts of all namespaces are known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from floe_compiler.declare.completion import completed, joined
from floe_compiler.derive import plan_units
from floe_compiler.model.codec import encode
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.facts import Parts, Task
from floe_compiler.model.inputs import Quota
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.operations import Interface, Metrics, VolumeData
from floe_compiler.model.plan import Context, DeclaredInstance, DeclaredUnit, ResolvedUnit, UnitPlan
from kit.samples import DATABASE, HTTP, container, instance, pod, workload
from resolve.samples import component
from support import DEVELOPMENT

SERVER = workload(pod(container(ports=(HTTP,))), metrics=(Metrics("http"),))
JOB = Task("dump", pod(calls=(DATABASE,)), 60)
PLATFORM, SALES = "floe-platform", "floe-sales-domain"
Completes = Callable[[MeshFacts], Parts]


def unit(parts: Parts, completes: Completes | None, namespace: str = PLATFORM) -> tuple[ResolvedUnit, DeclaredUnit]:
    late = None if completes is None else lambda _, mesh: completes(mesh)
    own = instance(namespace=namespace)
    contexts = ((component("test", "server", build=lambda _: parts, completes=late), Context(own)),)
    head = (DEVELOPMENT, namespace, namespace, "@acme/x")
    declared = DeclaredUnit(*head, Quota(), (DeclaredInstance(own, parts),), incomplete=completes is not None)
    return ResolvedUnit(*head, contexts, Quota()), declared


def planned(*units: tuple[ResolvedUnit, DeclaredUnit]) -> tuple[UnitPlan, ...]:
    resolved = {plan.namespace: plan for plan, _ in units}
    return plan_units(
        [declared for _, declared in units],
        lambda declared, mesh: completed(resolved[declared.namespace], declared, mesh),
    )


def test_added_parts_replace_those_with_the_same_name() -> None:
    other = workload(name="other")
    parts = joined(Parts((SERVER, other), objects=({"kind": "A"},)), Parts((replace(SERVER, replicas=3),), (JOB,)))
    assert [(server.name, server.replicas) for server in parts.workloads] == [("web", 3), ("other", 1)]
    assert (parts.tasks, parts.objects) == ((JOB,), ({"kind": "A"},))


def test_a_component_sees_the_metrics_of_all_namespaces() -> None:
    seen_facts: list[MeshFacts] = []

    def completes(mesh: MeshFacts) -> Parts:
        seen_facts.append(mesh)
        return Parts()

    planned(unit(Parts(), completes), unit(Parts((SERVER,)), None, SALES))
    (mesh,) = seen_facts
    assert [target.namespace for target in mesh.scrape_targets] == [SALES]


def test_calls_of_added_parts_are_allowed_and_the_plan_is_plain_data() -> None:
    database = Parts((workload(name="db"),))
    plans = planned(unit(database, None), unit(Parts(), lambda _: Parts(tasks=(JOB,)), SALES))
    assert plans[0].callers == {"db": {SALES: (("TCP", 5432),)}}
    assert [declared.parts.tasks for declared in plans[1].unit.instances] == [(JOB,)]
    assert not plans[1].unit.incomplete
    assert encode(plans), "only plain data can be encoded"


@pytest.mark.parametrize(
    "late",
    [
        Parts((replace(SERVER, interfaces=(Interface("site", "http"),)),)),
        Parts((replace(SERVER, name="new"),)),
        Parts((replace(SERVER, metrics=()),)),
        Parts(data=(VolumeData("web", "data"),)),
    ],
    ids=["interface", "metrics", "no metrics any more", "data"],
)
def test_facts_that_other_namespaces_have_used_cannot_change(late: Parts) -> None:
    with pytest.raises(StageFailed) as failed:
        completed(*unit(Parts((SERVER,)), lambda _: late), MeshFacts())
    (diagnostic,) = failed.value.diagnostics
    assert "test server in floe-platform changes its interfaces, metrics, data or alerts" in diagnostic.message


def test_the_same_facts_may_be_declared_again() -> None:
    again = Parts((replace(SERVER, replicas=2),), data=(VolumeData("web", "data"),))
    before = Parts((SERVER,), data=(VolumeData("web", "data"),))
    unit_ = completed(*unit(before, lambda _: again), MeshFacts())
    assert [declared.parts for declared in unit_.instances] == [again]
    assert not unit_.incomplete


def test_a_component_that_adds_nothing_is_unchanged() -> None:
    resolved, declared = unit(Parts((SERVER,)), None)
    assert completed(resolved, declared, MeshFacts()) is declared
