"""Ingresses (networking.k8s.io/v1): one for each interface, without anything that only one controller understands."""

from __future__ import annotations

from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.delivery import last
from floe_compiler.kit.ingress.openness import why_open
from floe_compiler.kit.meta import manifest, present
from floe_compiler.model.ingress import Route, UnitIngress
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance


def ingress_object(instance: Instance[Any], ingress: UnitIngress, route: Route) -> Object:
    """Return the Ingress of an interface."""
    service = {"name": route.server, "port": {"name": route.port.name}}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": service}}
    spec = {
        "ingressClassName": ingress.ingress_class,
        "rules": [{"host": route.host, "http": {"paths": [path]}}],
        **present(tls=[{"hosts": [route.host], "secretName": route.secret}] if route.secret else []),
    }
    of_server = ingress.server_tls_annotations if route.backend else ()
    annotations = {**dict(ingress.annotations), **dict(of_server), **why_open(route), **last(instance.settings)}
    head = labels.selector(instance, route.name)
    return manifest("networking.k8s.io/v1", "Ingress", route.name, head, annotations, spec=spec)
