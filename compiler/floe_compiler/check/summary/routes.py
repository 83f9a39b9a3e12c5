"""The hosts that a unit's Ingresses and routes of Gateway API lead somewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.custom_resources import GATEWAY
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.summary import RoutedHost, Subject

ROUTES = ("GRPCRoute", "HTTPRoute")
MANAGED_BY, COMPILER = "app.kubernetes.io/managed-by", "floe-compile"
HOSTNAMES = ("spec", "hostnames")
CANARY = "/canary"
"""The end of the annotation by which a controller takes an Ingress for a share of another one's requests."""

_Routed = Iterator[tuple[str, str, str, DataPath]]
"""Hosts, each with its path, its way, and the field that names it."""


def routed_hosts(index: Index) -> tuple[RoutedHost, ...]:
    """Return the hosts and paths that lead to a Service, by Ingresses and routes, sorted."""
    hosts = []
    for identity, manifest, routes in _sources(index):
        compiled = mapping(manifest, ("metadata", "labels")).get(MANAGED_BY) == COMPILER
        patched, subject = str(identity) in index.rendered.patched, Subject.of(identity)
        hosts += [
            RoutedHost(host, path, way, compiled, patched, subject, show_place(field, manifest))
            for host, path, way, field in routes
        ]
    return tuple(sorted(set(hosts)))


def hosts_led_here(index: Index) -> Iterator[str]:
    """Yield the hosts of Ingresses and routes."""
    for _, ingress in index.of("networking.k8s.io", "Ingress"):
        yield from (str(rule.get("host", "")) for rule in mappings(ingress, ("spec", "rules")))
    for _, route in index.of(GATEWAY, *ROUTES):
        yield from map(str, items(route, HOSTNAMES))


def _sources(index: Index) -> Iterator[tuple[ObjectId, Object, _Routed]]:
    for identity, ingress in index.of("networking.k8s.io", "Ingress"):
        annotations = mapping(ingress, ("metadata", "annotations"))
        if not any(str(name).endswith(CANARY) for name in annotations):
            yield identity, ingress, _of_ingress(ingress)
    for identity, route in index.of(GATEWAY, *ROUTES):
        yield identity, route, _of_route(identity, route)


def _of_ingress(ingress: Object) -> _Routed:
    """Yield the hosts of an Ingress, with their paths, by which class, and the field of the host."""
    way = f"class {at(ingress, ('spec', 'ingressClassName')) or ''}"
    for number, rule in enumerate(mappings(ingress, ("spec", "rules"))):
        for path in mappings(rule, ("http", "paths")):
            if rule.get("host"):
                exact = path.get("pathType") == "Exact"
                yield str(rule["host"]), _path(path.get("path"), exact=exact), way, ("spec", "rules", number, "host")


def _of_route(identity: ObjectId, route: Object) -> _Routed:
    """Yield the hosts of a route with their paths, by which listeners, and the field of the host.

    What only redirects leads nowhere.
    """
    parents = [
        f"{parent.get('namespace') or identity.namespace}/{parent.get('name')}#{parent.get('sectionName') or ''}"
        for parent in mappings(route, ("spec", "parentRefs"))
    ]
    for rule in mappings(route, ("spec", "rules")):
        for match in (mappings(rule, ("matches",)) or [{}]) if rule.get("backendRefs") else ():
            path = _path(at(match, ("path", "value")), exact=at(match, ("path", "type")) == "Exact")
            others = {key: value for key, value in match.items() if key != "path"}
            text = f"{path} {json.dumps(others, sort_keys=True)}" if others else path
            for position, host in enumerate(items(route, HOSTNAMES)):
                yield str(host), text, f"Gateway {' '.join(sorted(parents))}", (*HOSTNAMES, position)


def _path(path: object, *, exact: bool) -> str:
    """Return a path as text: that of a prefix has an asterisk at its end."""
    text = path if isinstance(path, str) and path else "/"
    return text if exact else f"{text.rstrip('/')}/*"
