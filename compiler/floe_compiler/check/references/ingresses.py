"""The backends of Ingresses and of routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from floe_compiler.check.index import Index
from floe_compiler.model.bit_sets import numbers_in
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.objects import Object


class Backend(NamedTuple):
    """A Service of the Ingress's namespace, and its port by name or number."""

    service: str
    port: str | int


_BY_ANNOTATION = "use-annotation"
_ACTION = "alb.ingress.kubernetes.io/actions."


def backends(ingress: Object) -> Iterator[Backend]:
    """Yield the Services that an Ingress forwards to.

    The AWS Load Balancer Controller takes a backend with the port `use-annotation` for the name of an action in the
    annotations, such as a redirect.
    """
    annotations = mapping(ingress, ("metadata", "annotations"))
    spec = ingress.get("spec", {})
    entries = [spec.get("defaultBackend", {})]
    for rule in spec.get("rules", ()):
        entries += [path.get("backend", {}) for path in rule.get("http", {}).get("paths", ())]
    for backend in entries:
        if "service" in backend:
            name, port = backend["service"].get("name", ""), backend["service"].get("port", {})
            if port.get("name") != _BY_ANNOTATION or f"{_ACTION}{name}" not in annotations:
                yield Backend(name, port.get("name", port.get("number", "")))


def backends_of_route(route: Object) -> Iterator[Backend]:
    """Yield the Services of its own namespace that a route of Gateway API forwards to from a Gateway.

    A route of a service mesh is attached to a Service: its requests come from pods.
    """
    parents = mappings(route, ("spec", "parentRefs"))
    from_gateway = any(parent.get("kind", "Gateway") == "Gateway" for parent in parents)
    for rule in mappings(route, ("spec", "rules")) if from_gateway else ():
        for backend in mappings(rule, ("backendRefs",)):
            own = backend.get("namespace") in (None, at(route, ("metadata", "namespace")))
            if own and backend.get("kind", "Service") == "Service" and isinstance(backend.get("port"), int):
                yield Backend(str(backend.get("name")), backend["port"])


def backend_ports(index: Index, namespace: str, backend: Backend) -> Iterator[tuple[int, int]]:
    """Yield the positions of the pods behind a backend, with the container port of each."""
    spec = (index.get("", "Service", namespace, backend.service) or {}).get("spec", {})
    targets = [
        port.get("targetPort", port.get("port"))
        for port in spec.get("ports", ())
        if backend.port in (port.get("name"), port.get("port"))
    ]
    selector = spec.get("selector")
    for position in numbers_in(index.pods.selected({"matchLabels": selector})) if selector else ():
        workload = index.pods.all[position].workload
        for container in workload.containers if workload else ():
            for declared in container.ports:
                number = declared.get("containerPort", 0)
                if number in targets or declared.get("name") in targets:
                    yield position, number
