"""The objects of Gateway API (gateway.networking.k8s.io/v1): one Gateway, and a route for each interface.

A namespace's routes are attached to the listener of their host. A listener admits only the namespaces whose hosts it
has, so that no other namespace can take a host over. cert-manager's support for Gateways is not used, as it is off by
default and skips some listeners silently: Certificates are objects of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.delivery import last
from floe_compiler.kit.ingress.openness import why_open
from floe_compiler.kit.meta import manifest, present
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.ingress import GATEWAY, HTTP, Gateway, Listener, Route, UnitIngress
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Instance

API = "gateway.networking.k8s.io/v1"
REDIRECT = "https-redirect"
HTTP_PORT, HTTPS_PORT = 80, 443
MOVED = 301
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def gateway_objects(instance: Instance[Any], gateway: Gateway) -> list[Object]:
    """Return the Gateway, and the route that redirects from HTTP if it has TLS."""
    spec = {
        "gatewayClassName": gateway.gateway_class,
        "listeners": [_listener(instance, listener) for listener in gateway.listeners],
        **present(tls=_frontend(gateway.listeners)),
    }
    annotations = {**dict(gateway.annotations), **last(instance.settings)}
    head = labels.selector(instance, gateway.name)
    objects = [manifest(API, "Gateway", gateway.name, head, annotations, spec=spec)]
    return [*objects, _redirect(instance)] if gateway.redirects else objects


def _frontend(listeners: Iterable[Listener]) -> Object:
    """Return at which ports clients must show a certificate, and of which authority; nothing if at none.

    Source: Gateway API 1.5, `apis/v1/gateway_types.go`: it is by port, and standard since then.
    """
    ports = [
        {"port": listener.port, "tls": {"validation": {"caCertificateRefs": [_config_map(listener.clients)]}}}
        for listener in listeners
        if listener.clients
    ]
    return {"frontend": {"default": {}, "perPort": ports}} if ports else {}


def _config_map(name: str) -> Object:
    return {"group": "", "kind": "ConfigMap", "name": name}


def _listener(instance: Instance[Any], listener: Listener) -> Object:
    own = listener.namespaces == (instance.namespace,)
    names = {"key": NAMESPACE_NAME, "operator": "In", "values": list(listener.namespaces)}
    namespaces = {"from": "Same"} if own else {"from": "Selector", "selector": {"matchExpressions": [names]}}
    tls = {"mode": "Terminate", "certificateRefs": [{"name": listener.secret}]} if listener.secret else None
    return {
        "name": listener.name,
        **present(hostname=listener.host),
        "port": listener.port or (HTTPS_PORT if listener.secret else HTTP_PORT),
        "protocol": "HTTPS" if listener.secret else "HTTP",
        **present(tls=tls),
        "allowedRoutes": {"namespaces": namespaces},
    }


def _redirect(instance: Instance[Any]) -> Object:
    """Return the route from HTTP to HTTPS. A solver of HTTP-01 has a longer path, and so comes before it."""
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": MOVED}}
    spec = {"parentRefs": [{"name": GATEWAY, "sectionName": HTTP}], "rules": [{"filters": [redirect]}]}
    head = labels.selector(instance, REDIRECT)
    return manifest(API, "HTTPRoute", REDIRECT, head, last(instance.settings), spec=spec)


def route_object(instance: Instance[Any], ingress: UnitIngress, route: Route) -> Object:
    """Return the route of an interface: an HTTPRoute, or a GRPCRoute."""
    namespace, name = ingress.parent
    parent = {"name": name, **present(namespace=namespace, sectionName=route.listener)}
    rule: Object = {"backendRefs": [{"name": route.server, "port": route.port.number}]}
    is_grpc = route.interface.protocol == "grpc"
    if not is_grpc:
        rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], **rule}
    spec = {"parentRefs": [parent], "hostnames": [route.host], "rules": [rule]}
    head = labels.selector(instance, route.name)
    kind = "GRPCRoute" if is_grpc else "HTTPRoute"
    return manifest(API, kind, route.name, head, {**why_open(route), **last(instance.settings)}, spec=spec)


def backend_policy(instance: Instance[Any], server: Endpoint, route: Route) -> Object:
    """Return the policy by which a Gateway speaks TLS to a server, and verifies it by the environment's authorities.

    Source: Gateway API 1.4, `apis/v1/backendtlspolicy_types.go` (the certificates are under the key `ca.crt`).
    """
    trust = instance.settings.trust
    if trust is None:
        raise ValueError(f"{server.host} has a certificate that nobody trusts")
    target = {"group": "", "kind": "Service", "name": route.server, "sectionName": route.port.name}
    authorities = [_config_map(trust.config_map)]
    spec = {"targetRefs": [target], "validation": {"caCertificateRefs": authorities, "hostname": server.host}}
    head = labels.selector(instance, route.name)
    return manifest(API, "BackendTLSPolicy", route.name, head, last(instance.settings), spec=spec)


def health_check(instance: Instance[Any], route: Route) -> Object:
    """Return the policy by which GKE's load balancer asks a server for what it answers, instead of for `/`.

    Source: GoogleCloudPlatform/gke-networking-api, HealthCheckPolicy v1. It asks pods, so any of their ports will do.
    """
    port = {"portSpecification": "USE_FIXED_PORT", "port": route.health.number}
    kind, field = ("HTTPS", "httpsHealthCheck") if route.health.tls else ("HTTP", "httpHealthCheck")
    http = {"type": kind, field: {**port, "requestPath": route.health.health}}
    config = http if route.health.health else {"type": "TCP", "tcpHealthCheck": port}
    spec = {"default": {"config": config}, "targetRef": {"group": "", "kind": "Service", "name": route.server}}
    head = labels.selector(instance, route.name)
    return manifest("networking.gke.io/v1", "HealthCheckPolicy", route.name, head, last(instance.settings), spec=spec)
