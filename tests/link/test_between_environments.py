"""Objects that two environments would render into one cluster."""

from __future__ import annotations

from msgspec.structs import replace

from environment_check import facts_of, split
from floe_compiler.check.index import build_index
from floe_compiler.check.summary import summarize
from floe_compiler.link import Environment, duplicate_objects
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span

CLASS = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}}
NAME = "PriorityClass.scheduling.k8s.io high"
HERE, THERE = Span("base/a.yaml", 1, 1), Span("overlays/b/a.yaml", 1, 1)


def environment(name: str, cluster: str, *objects: Object, origin: Span = HERE) -> Rendered:
    return Rendered(name, ObjectSet.of(objects), cluster=cluster, cluster_name=cluster, origins={NAME: origin})


def check_across(environments: list[Rendered]) -> list[Diagnostic]:
    units = {
        (environment_.environment, name): unit
        for environment_ in environments
        for name, unit in split(environment_).items()
    }
    linked = [
        Environment.of(facts_of(environment_), [summarize(build_index(unit)) for unit in split(environment_).values()])
        for environment_ in environments
    ]
    return list(duplicate_objects(linked, lambda environment, unit: Places.of(units[environment, unit])))


def settings(namespace: str) -> Object:
    metadata = {"name": "settings", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def test_environments_of_one_cluster_may_not_share_objects() -> None:
    (finding,) = check_across([environment("a", "one", CLASS), environment("b", "one", CLASS)])
    assert (finding.rule.code, finding.subject, finding.span, finding.related) == ("C018", NAME, HERE, ())
    assert finding.message == 'environments "a" and "b" both render it into the cluster "one"'
    assert finding.hint == "render it in one environment only: move it from base/ to overlays/a/"


def test_both_places_are_named() -> None:
    (finding,) = check_across([environment("a", "one", CLASS), environment("b", "one", CLASS, origin=THERE)])
    assert finding.span == THERE
    assert [related.span for related in finding.related] == [HERE]


def test_objects_in_other_clusters_and_namespaces_do_not_clash() -> None:
    assert not list(check_across([environment("a", "one", CLASS), environment("b", "two", CLASS)]))
    assert not list(check_across([environment("a", "one", settings("x")), environment("b", "one", settings("y"))]))


def test_only_objects_in_base_can_be_moved_from_there() -> None:
    manifest = Span("platform-manifest.yaml", 3, 3)
    environments = [environment(name, "one", CLASS, origin=manifest) for name in ("a", "b")]
    (finding,) = check_across(environments)
    assert finding.hint == (
        'if "b" has a cluster of its own, give it another `cluster.name` or `cluster.server`; '
        "else render it in only one of them, or give it a different name in each"
    )


def test_a_cluster_with_two_names_is_named_by_its_address() -> None:
    first, second = environment("a", "https://k.example:6443", CLASS), environment("b", "https://k.example:6443", CLASS)
    (finding,) = check_across([replace(first, cluster_name="eu"), replace(second, cluster_name="europe")])
    assert finding.message.endswith('into the cluster "https://k.example:6443"')


def test_objects_without_a_known_origin_are_reported_too() -> None:
    first, second = environment("a", "one", settings("x")), environment("b", "one", settings("x"))
    (finding,) = check_across([replace(first, origins={}), replace(second, origins={})])
    assert (finding.subject, finding.span) == ("ConfigMap x/settings", None)
