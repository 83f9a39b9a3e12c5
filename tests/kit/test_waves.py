"""The start order, from what pods call, wait for and prepare."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.kit.waves import start_order
from floe_compiler.model.endpoint import Endpoint, service_endpoint
from floe_compiler.model.facts import Task, Workload
from kit.samples import HTTP, OUTSIDE, pod

NAMESPACE = "floe-platform"


def at(name: str, namespace: str = NAMESPACE) -> Endpoint:
    return service_endpoint(name, namespace, "cluster.local", (HTTP,))


def server(name: str, *calls: str, waits: tuple[str, ...] = (), awaited: bool = True) -> Workload:
    pod_ = pod(calls=tuple(map(at, calls)), waits_for=tuple(map(at, waits)))
    return Workload(name, pod_, awaited=awaited)


def task(name: str, *calls: str, waits: tuple[str, ...] = (), prepares: tuple[str, ...] = ()) -> Task:
    pod_ = pod(calls=tuple(map(at, calls)), waits_for=tuple(map(at, waits)))
    return Task(name, pod_, 60, prepares=tuple(map(at, prepares)))


def order(*facts: Workload | Task) -> list[str]:
    """Return the edges as text, `first>second`."""
    servers = [fact for fact in facts if isinstance(fact, Workload)]
    return [
        ">".join(pair) for pair in start_order(NAMESPACE, servers, [fact for fact in facts if isinstance(fact, Task)])
    ]


def test_a_caller_starts_after_its_server() -> None:
    assert order(server("web", "db"), server("db")) == ["web>db"]
    assert order(server("web", waits=("db",)), server("db")) == ["web>db"]
    assert order(task("load", "db"), server("db")) == ["load>db"]


def test_servers_of_other_namespaces_and_from_outside_do_not_count() -> None:
    calls = (OUTSIDE, at("db", "floe-sales-domain"))
    assert order(Workload("web", pod(calls=calls, waits_for=calls)), server("db")) == []


def test_a_task_that_calls_its_server_runs_after_it_and_before_all_others() -> None:
    facts = (server("db"), server("web", "db"), task("load", waits=("db",)), task("databases", "db", prepares=("db",)))
    assert order(*facts) == ["databases>db", "load>databases", "web>databases"]


def test_a_task_that_does_not_call_its_server_runs_before_it() -> None:
    facts = (server("db"), server("web", "db"), task("migrate", "db", prepares=("web",)))
    assert order(*facts) == ["migrate>db", "web>migrate"]


def test_tasks_that_prepare_one_server_do_not_wait_for_each_other() -> None:
    assert order(server("db"), *(task(name, "db", prepares=("db",)) for name in ("a", "b"))) == ["a>db", "b>db"]


def test_a_server_that_calls_itself_waits_neither_for_itself_nor_for_what_prepares_it() -> None:
    assert order(server("db", "db"), task("databases", "db", prepares=("db",))) == ["databases>db"]


def test_servers_that_call_each_other_start_together() -> None:
    facts = (server("a", "b", "db"), server("b", "c"), server("c", "a"), server("db"), server("web", "a"))
    assert order(*facts) == ["a>db", "web>a"]


def test_a_wait_has_precedence_over_a_call_in_the_other_direction() -> None:
    assert order(server("a", "b"), server("b", waits=("a",))) == ["b>a"]


def test_a_cycle_of_waits_stays_a_cycle() -> None:
    assert order(server("a", waits=("b",)), server("b", waits=("a",))) == ["a>b", "b>a"]


def test_a_server_that_is_not_awaited_starts_last() -> None:
    facts = (server("otel", awaited=False), server("db", "otel"), server("web", "db"), task("load", "db", "otel"))
    assert order(*facts) == ["load>db", "otel>load", "otel>web", "web>db"]


def test_servers_that_are_not_awaited_do_not_wait_for_each_other() -> None:
    facts = (server("a", "b", awaited=False), server("b", awaited=False), server("web"))
    assert order(*facts) == ["a>web", "b>web"]


def test_a_caller_that_needs_a_server_starts_after_it_even_if_others_do_not_wait() -> None:
    facts = (
        server("otel", awaited=False),
        task("setup", waits=("otel",)),
        server("dashboard", waits=("otel",)),
        server("page", "dashboard"),
        server("web", "otel"),
    )
    assert order(*facts) == ["dashboard>otel", "otel>web", "page>dashboard", "setup>otel"]


def test_transitive_edges_are_left_out() -> None:
    every = [server(f"s{number:02}", *(f"s{dependency:02}" for dependency in range(number))) for number in range(30)]
    assert order(*every) == [f"s{number:02}>s{number - 1:02}" for number in range(1, 30)]


names = st.sampled_from("abcdefg")
name_lists = st.lists(names, max_size=3).map(tuple)


@given(
    st.dictionaries(names, st.tuples(name_lists, st.booleans())),
    st.dictionaries(names, st.tuples(name_lists, name_lists), max_size=1),
)
@FEW
def test_calls_never_make_a_cycle(servers: dict[str, Any], tasks: dict[str, Any]) -> None:
    facts: Iterable[Workload | Task] = (
        *(server(name, *calls, awaited=awaited) for name, (calls, awaited) in servers.items()),
        *(task(f"task-{name}", *calls, prepares=prepares[:1]) for name, (calls, prepares) in tasks.items()),
    )
    edges = order(*facts)
    assert edges == sorted(set(edges))
    assert order(*reversed([*facts])) == edges, "in whatever order the facts come"
    graph: dict[str, set[str]] = {}
    for first, second in (pair.split(">") for pair in edges):
        graph.setdefault(first, set()).add(second)
    list(TopologicalSorter(graph).static_order())
