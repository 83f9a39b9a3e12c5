"""What components add once the facts of all namespaces are known."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace

import pytest
from floe_compiler.derive.completion import completed, joined

from floe_compiler.derive import plan_units
from floe_compiler.model.facts import Parts, Task
from floe_compiler.model.inputs import Quota
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.operations import Interface, Metrics, VolumeData
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from kit.samples import DATABASE, HTTP, container, instance, pod, workload
from support import DEVELOPMENT

SERVER = workload(pod(container(ports=(HTTP,))), metrics=(Metrics("http"),))
JOB = Task("dump", pod(calls=(DATABASE,)), 60)


def unit(
    parts: Parts, completes: Callable[[MeshFacts], Parts] | None, namespace: str = "floe-platform"
) -> DeclaredUnit:
    declared = DeclaredInstance(instance(namespace=namespace), parts, completes=completes)
    return DeclaredUnit(DEVELOPMENT, namespace, namespace, "@acme/x", Quota(), (declared,))


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

    plan_units([unit(Parts(), completes), unit(Parts((SERVER,)), None, "floe-sales-domain")])
    (mesh,) = seen
    assert [target.namespace for target in mesh.scrape_targets] == ["floe-sales-domain"]


def test_what_is_added_is_let_in_where_it_calls_and_the_plan_is_plain_data() -> None:
    database = Parts((workload(name="db"),))
    plans = plan_units([unit(database, None), unit(Parts(), lambda _: Parts(tasks=(JOB,)), "floe-sales-domain")])
    assert plans[0].callers == {"db": {"floe-sales-domain": (("TCP", 5432),)}}
    assert pickle.loads(pickle.dumps(plans)) == plans
    assert [one.parts.tasks for one in plans[1].unit.instances] == [(JOB,)]


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
        completed(unit(Parts((SERVER,)), lambda _: late), MeshFacts())


def test_the_same_facts_may_be_declared_again() -> None:
    again = Parts((replace(SERVER, replicas=2),), data=(VolumeData("web", "data"),))
    before = Parts((SERVER,), data=(VolumeData("web", "data"),))
    (found,) = completed(unit(before, lambda _: again), MeshFacts()).instances
    assert found.parts == again
    assert found.completes is None
