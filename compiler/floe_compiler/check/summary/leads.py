"""Where hand-written Ingresses and routes lead, and which Services lead to servers that ask nobody for a login."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.references.ingresses import Backend, backend_ports
from floe_compiler.check.summary.routes import ROUTES
from floe_compiler.model.annotations import LOGIN, has_exception
from floe_compiler.model.custom_resources import GATEWAY
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.document import DataPath
from floe_compiler.model.nested_fields import mapping, mappings
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.summary import Lead, Subject

_Leads = Iterator[tuple[str, str, int, DataPath]]
"""The namespace (empty: its own), name and port of each Service, and the path of the field that names it."""


def leads(index: Index) -> tuple[Lead, ...]:
    """Return what those objects lead to that people wrote or patched, sorted; one lead for each port of a Service.

    Left out are objects that say why nobody is asked for a login.
    """
    by_target: dict[tuple[ObjectId, str, str, int], Lead] = {}
    for identity, manifest in (*index.of("networking.k8s.io", "Ingress"), *index.of(GATEWAY, *ROUTES)):
        if _is_written(index, identity) and not has_exception(manifest, LOGIN):
            of_kind = _of_ingress(index, identity, manifest) if identity.kind == "Ingress" else _of_route(manifest)
            for namespace, service, port, path in of_kind:
                field = show_place(path, manifest)
                lead = Lead(Subject.of(identity), namespace or identity.namespace, service, port, field)
                by_target.setdefault((identity, lead.namespace, service, port), lead)
    return tuple(sorted(by_target.values()))


def open_services(index: Index) -> tuple[tuple[str, int], ...]:
    """Return the Services, each with a port, that lead to declared servers without a login, sorted.

    A Service that is written by hand may lead there, too. That of an operator's pods is not rendered.
    """
    declared = {(server.group, server.port) for server in index.rendered.open_servers}
    services = {(server.service, server.port) for server in index.rendered.open_servers}
    for identity, service in index.of("", "Service") if declared else ():
        for port in mappings(service, ("spec", "ports")):
            number = port.get("port", 0)
            reached = backend_ports(index, identity.namespace, Backend(identity.name, number))
            if any((index.pods.all[position].group, target) in declared for position, target in reached):
                services.add((identity.name, number))
    return tuple(sorted(services))


def _is_written(index: Index, identity: ObjectId) -> bool:
    """Return whether people wrote an object, in a chart or by hand, or changed it."""
    rendered, name = index.rendered, str(identity)
    return name in rendered.values or name in rendered.templates or name in rendered.patched


def _of_ingress(index: Index, identity: ObjectId, ingress: Object) -> _Leads:
    """Yield the backends of an Ingress."""
    backends: list[tuple[DataPath, Object]] = [
        (("spec", "defaultBackend"), mapping(ingress, ("spec", "defaultBackend")))
    ]
    for number, rule in enumerate(mappings(ingress, ("spec", "rules"))):
        for position, path in enumerate(mappings(rule, ("http", "paths"))):
            place: DataPath = ("spec", "rules", number, "http", "paths", position, "backend")
            backends.append((place, mapping(path, ("backend",))))
    for place, backend in backends:
        service = mapping(backend, ("service",))
        name = str(service.get("name", ""))
        if port := _port(index, identity.namespace, name, mapping(service, ("port",))):
            yield "", name, port, (*place, "service", "name")


def _port(index: Index, namespace: str, service: str, port: Object) -> int:
    """Return the number of a Service's port that an Ingress gives by name or number; 0: there is none."""
    if isinstance(port.get("number"), int):
        return int(port["number"])
    ports = mappings(index.get("", "Service", namespace, service) or {}, ("spec", "ports"))
    return next((int(named.get("port", 0)) for named in ports if named.get("name") == port.get("name", "")), 0)


def _of_route(route: Object) -> _Leads:
    """Yield what a route forwards to from a Gateway.

    A route of a service mesh is attached to a Service: its requests come from pods.
    """
    parents = mappings(route, ("spec", "parentRefs"))
    if any(parent.get("kind", "Gateway") == "Gateway" for parent in parents):
        for number, rule in enumerate(mappings(route, ("spec", "rules"))):
            for position, backend in enumerate(mappings(rule, ("backendRefs",))):
                if backend.get("kind", "Service") == "Service" and isinstance(backend.get("port"), int):
                    path = ("spec", "rules", number, "backendRefs", position, "name")
                    yield str(backend.get("namespace") or ""), str(backend.get("name")), backend["port"], path
