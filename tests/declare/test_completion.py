"""What components add once the facts of all namespaces are known."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from floe_compiler.declare import declare
from floe_compiler.declare.completion import completed, joined
from floe_compiler.derive import plan_units
from floe_compiler.model.facts import Parts, Task
from floe_compiler.model.inputs import Quota
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.objects import Object
from floe_compiler.model.operations import Interface, Metrics, VolumeData
from floe_compiler.model.plan import Context, ResolvedUnit, UnitPlan
from kit.samples import DATABASE, HTTP, container, instance, pod, workload
from resolve.samples import component
from support import DEVELOPMENT

SERVER = workload(pod(container(ports=(HTTP,))), metrics=(Metrics("http"),))
JOB = Task("dump", pod(calls=(DATABASE,)), 60)


Completes = Callable[[MeshFacts], Parts]


def resolved(parts: Parts, completes: Completes | None, namespace: str = "floe-platform") -> ResolvedUnit:
    one = component("test", "server", build=lambda _: parts)
    whole = replace(one, completes=(lambda _, mesh: completes(mesh)) if completes else None)
    contexts = ((whole, Context(instance(namespace=namespace))),)
    return ResolvedUnit(DEVELOPMENT, namespace, namespace, "@acme/x", contexts, Quota())


def plans(*units: ResolvedUnit) -> tuple[UnitPlan, ...]:
    """Return the plans of the namespaces of one environment, with everything that their components add."""
    by_scope = {one.scope: one for one in units}
    declared = [declare(one, no_constructs) for one in units]
    return plan_units(declared, lambda unit, mesh: completed(by_scope[unit.scope], unit, mesh))


def no_constructs(_build: Callable[[Any], None], _namespace: str, _label: str) -> tuple[Object, ...]:
    raise AssertionError("there are none")


def test_what_is_added_joins_the_rest_and_takes_the_place_of_its_namesake() -> None:
    other = workload(name="other")
    found = joined(Parts((SERVER, other), objects=({"kind": "A"},)), Parts((replace(SERVER, replicas=3),), (JOB,)))
    assert [(one.name, one.replicas) for one in found.workloads] == [("web", 3), ("other", 1)]
    assert (found.tasks, found.objects) == ((JOB,), ({"kind": "A"},))


def test_a_component_sees_the_metrics_of_all_namespaces() -> None:
    seen: list[MeshFacts] = []

    def completes(mesh: MeshFacts) -> Parts:
        seen.append(mesh)
        return Parts()

    plans(resolved(Parts(), completes), resolved(Parts((SERVER,)), None, "floe-sales-domain"))
    (mesh,) = seen
    assert [target.namespace for target in mesh.scrape_targets] == ["floe-sales-domain"]


def test_what_is_added_is_let_in_where_it_calls_and_the_plan_is_plain_data() -> None:
    database = Parts((workload(name="db"),))
    found = plans(resolved(database, None), resolved(Parts(), lambda _: Parts(tasks=(JOB,)), "floe-sales-domain"))
    assert found[0].callers == {"db": {"floe-sales-domain": (("TCP", 5432),)}}
    assert pickle.loads(pickle.dumps(found)) == found
    assert [one.parts.tasks for one in found[1].unit.instances] == [(JOB,)]
    assert not found[1].unit.incomplete


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
def test_facts_that_others_have_seen_already_cannot_change(late: Parts) -> None:
    with pytest.raises(ValueError, match="test server in floe-platform changes its interfaces, metrics or data"):
        plans(resolved(Parts((SERVER,)), lambda _: late))


def test_the_same_facts_may_be_declared_again() -> None:
    again = Parts((replace(SERVER, replicas=2),), data=(VolumeData("web", "data"),))
    before = Parts((SERVER,), data=(VolumeData("web", "data"),))
    (found,) = plans(resolved(before, lambda _: again))
    assert [one.parts for one in found.unit.instances] == [again]
