"""The hosts that a unit's Ingresses and routes of Gateway API lead somewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.custom_resources import GATEWAY
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.summary import RoutedHost, Subject

ROUTES = ("GRPCRoute", "HTTPRoute")
MANAGED_BY, COMPILER = "app.kubernetes.io/managed-by", "floe-compile"
CANARY = "/canary"
"""The end of the annotation by which a controller takes an Ingress for a share of another one's requests."""


def routed_hosts(index: Index) -> tuple[RoutedHost, ...]:
    """Return the hosts and paths that lead to a Service, by Ingresses and routes, sorted."""
    found = [
        RoutedHost(host, path, way, mapping(manifest, ("metadata", "labels")).get(MANAGED_BY) == COMPILER, subject)
        for identity, manifest, routes in _sources(index)
        for subject in [Subject.of(identity)]
        for host, path, way in routes
    ]
    return tuple(sorted(set(found)))


def hosts_led_here(index: Index) -> Iterator[str]:
    """Yield the hosts of Ingresses and routes."""
    for _, ingress in index.of("networking.k8s.io", "Ingress"):
        yield from (str(rule.get("host", "")) for rule in mappings(ingress, ("spec", "rules")))
    for _, route in index.of(GATEWAY, *ROUTES):
        yield from map(str, items(route, ("spec", "hostnames")))


def _sources(index: Index) -> Iterator[tuple[ObjectId, Object, Iterator[tuple[str, str, str]]]]:
    for identity, ingress in index.of("networking.k8s.io", "Ingress"):
        annotations = mapping(ingress, ("metadata", "annotations"))
        if not any(str(name).endswith(CANARY) for name in annotations):
            yield identity, ingress, _of_ingress(ingress)
    for identity, route in index.of(GATEWAY, *ROUTES):
        yield identity, route, _of_route(identity, route)


def _of_ingress(ingress: Object) -> Iterator[tuple[str, str, str]]:
    """Yield the hosts of an Ingress, with their paths, and by which class."""
    way = f"class {at(ingress, ('spec', 'ingressClassName')) or ''}"
    for rule in mappings(ingress, ("spec", "rules")):
        for path in mappings(rule, ("http", "paths")):
            if rule.get("host"):
                exact = path.get("pathType") == "Exact"
                yield str(rule["host"]), _path(path.get("path"), exact=exact), way


def _of_route(identity: ObjectId, route: Object) -> Iterator[tuple[str, str, str]]:
    """Yield the hosts of a route with their paths, and by which listeners. What only redirects leads nowhere."""
    parents = [
        f"{parent.get('namespace') or identity.namespace}/{parent.get('name')}#{parent.get('sectionName') or ''}"
        for parent in mappings(route, ("spec", "parentRefs"))
    ]
    for rule in mappings(route, ("spec", "rules")):
        for match in (mappings(rule, ("matches",)) or [{}]) if rule.get("backendRefs") else ():
            path = _path(at(match, ("path", "value")), exact=at(match, ("path", "type")) == "Exact")
            others = {key: value for key, value in match.items() if key != "path"}
            text = f"{path} {json.dumps(others, sort_keys=True)}" if others else path
            for host in map(str, items(route, ("spec", "hostnames"))):
                yield host, text, f"Gateway {' '.join(sorted(parents))}"


def _path(path: object, *, exact: bool) -> str:
    """Return a path as text: that of a prefix has an asterisk at its end."""
    text = path if isinstance(path, str) and path else "/"
    return text if exact else f"{text.rstrip('/')}/*"
