"""Hosts routed by two objects of one cluster: which are errors, and which are intended."""

from __future__ import annotations

from typing import Any

import pytest

from environment_check import facts_of, split
from floe_compiler.check.index import build_index
from floe_compiler.check.summary import summarize
from floe_compiler.link import Environment, routed_twice
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import Rendered
from tables import table

HOST = "jaeger.acme.example"
COMPILED = {"app.kubernetes.io/managed-by": "floe-compile"}


def ingress(name: str, host: str = HOST, path: str = "/", **changes: Any) -> Object:
    """Return an Ingress with `class_`, `path_type`, `labels` and `annotations`."""
    backend = {"service": {"name": "jaeger", "port": {"number": 80}}}
    paths = [{"path": path, "pathType": changes.get("path_type", "Prefix"), "backend": backend}]
    metadata = {"name": name, "namespace": "x", "labels": changes.get("labels", {})}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {**metadata, "annotations": changes.get("annotations", {})},
        "spec": {
            "ingressClassName": changes.get("class_", "nginx"),
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    }


def route(name: str, rule: Object | None = None, kind: str = "HTTPRoute", **changes: Any) -> Object:
    """Return a route with `parent`, `hosts` and `labels`."""
    own = {"backendRefs": [{"name": "jaeger", "port": 80}]} if rule is None else rule
    spec = {
        "parentRefs": [changes.get("parent", {"name": "gateway"})],
        "hostnames": changes.get("hosts", [HOST]),
        "rules": [own],
    }
    metadata = {"name": name, "namespace": "x", "labels": changes.get("labels", {})}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def to(**match: Any) -> Object:
    return {"matches": [match], "backendRefs": [{"name": "jaeger", "port": 80}]}


def findings(*environments: tuple[str, str, list[Object]]) -> list[tuple[str, str, str]]:
    """Return code, subject and message of each finding about environments: name, cluster and objects of each."""
    rendered = [
        Rendered(name, ObjectSet.of(objects), cluster=cluster, cluster_name=cluster)
        for name, cluster, objects in environments
    ]
    units = {
        (environment.environment, name): unit for environment in rendered for name, unit in split(environment).items()
    }
    linked = [
        Environment.of(facts_of(environment), [summarize(build_index(unit)) for unit in split(environment).values()])
        for environment in rendered
    ]
    diagnostics = routed_twice(linked, lambda environment, unit: Places.of(units[environment, unit]))
    return [(diagnostic.rule.code, diagnostic.subject, diagnostic.message) for diagnostic in diagnostics]


def of_one(*objects: Object) -> list[str]:
    return [subject for _, subject, _ in findings(("dev", "one", list(objects)))]


def test_two_objects_with_one_host_are_reported_at_the_hand_written_one() -> None:
    clashes = findings(("dev", "one", [ingress("traces"), route("z-jaeger", labels=COMPILED)]))
    other_route = "HTTPRoute.gateway.networking.k8s.io x/z-jaeger"
    message = f"spec.rules[0].host: {HOST} with path /* is also routed by {other_route}"
    assert clashes == [("C190", "dev: Ingress.networking.k8s.io x/traces", message)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ingress("a"), ingress("b")),
        (ingress("a", path_type="ImplementationSpecific"), ingress("b")),
        (ingress("a", path="/ui"), ingress("b", path="/ui/")),
        (ingress("a", class_="internal", labels=COMPILED), ingress("b")),
        (route("a"), route("b", to(path={"type": "PathPrefix", "value": "/"}))),
        (route("a"), route("b", kind="GRPCRoute")),
        (route("a"), route("b", parent={"name": "gateway", "namespace": "x"})),
        (route("a", labels=COMPILED), route("b", parent={"name": "other"})),
    ],
)
def test_the_same_host_and_path_are_reported(first: Object, second: Object) -> None:
    assert len(of_one(first, second)) == 1


@table(
    "first, second",
    [
        (ingress("a"), ingress("b", host="other.acme.example")),
        (ingress("a"), ingress("b", path="/ui")),
        (ingress("a"), ingress("b", path_type="Exact")),
        (ingress("a", class_="internal"), ingress("b", class_="external")),
        (ingress("a"), ingress("b", annotations={"nginx.ingress.kubernetes.io/canary": "true"})),
        (ingress("a"), route("b")),
        (route("a"), route("b", to(headers=[{"name": "version", "value": "2"}]))),
        (route("a"), route("b", to(path={"type": "PathPrefix", "value": "/api"}))),
        (route("a"), route("b", {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]})),
        (route("a", parent={"name": "gateway", "sectionName": "http"}), route("b", parent={"name": "other"})),
        (route("a", labels=COMPILED), route("b", hosts=[])),
    ],
)
def test_intended_overlaps_are_accepted(first: Object, second: Object) -> None:
    assert of_one(first, second) == []


def test_an_object_may_name_a_host_twice() -> None:
    twice = ingress("a")
    twice["spec"]["rules"] *= 2
    assert of_one(twice) == []


def test_environments_of_one_cluster_may_not_share_hosts() -> None:
    first, second = [ingress("a")], [ingress("b", class_="external")]
    (finding,) = findings(("dev", "one", first), ("test", "one", second))
    assert finding[1] == "test: Ingress.networking.k8s.io x/b"
    assert finding[2].endswith('is also routed by Ingress.networking.k8s.io x/a of environment "dev"')
    assert findings(("dev", "one", first), ("test", "two", second)) == []
