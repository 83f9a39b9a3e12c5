"""What a namespace renders so that users reach its interfaces: routes, login proxies, and their certificates."""

from __future__ import annotations

from typing import Any

from floe_compiler.kit.ingress.certificates import certificate, solver_pods
from floe_compiler.kit.ingress.gateways import backend_policy, gateway_objects, health_check, route_object
from floe_compiler.kit.ingress.ingresses import ingress_object
from floe_compiler.kit.ingress.login import login_proxy
from floe_compiler.model.facts import Parts
from floe_compiler.model.ingress import UnitIngress
from floe_compiler.model.inputs import Placements
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit, Instance

NAME, LINKS = "ingress", "links"


def ingress_instance(unit: DeclaredUnit, ingress: UnitIngress, name: str = NAME) -> DeclaredInstance:
    """Return what a namespace renders of its environment's ingress, as if a component had declared it.

    With the name `LINKS`, it is what the namespace renders for other clusters instead of for users.
    """
    instance: Instance[Any] = Instance(
        slot=name,
        type=ingress.type,
        name=name,
        scope=unit.scope,
        namespace=unit.namespace,
        config=None,
        settings=unit.settings,
        origin=ingress.origin,
        placement=next((declared.instance.placement for declared in unit.instances), Placements()),
    )
    route = route_object if ingress.type == "gateway" else ingress_object
    objects = [route(instance, ingress, opened) for opened in ingress.routes]
    if ingress.type == "gateway":
        objects += [backend_policy(instance, opened.backend, opened) for opened in ingress.routes if opened.backend]
    objects += [health_check(instance, opened) for opened in ingress.routes if ingress.health_checks]
    objects += gateway_objects(instance, ingress.gateway) if ingress.gateway else []
    objects += [certificate(instance, request) for request in ingress.certificates]
    proxies = [login_proxy(instance, ingress.login, route) for route in ingress.routes if route.login and ingress.login]
    return DeclaredInstance(
        instance, Parts(tuple(proxies), objects=tuple(objects), operated=solver_pods(ingress.solvers))
    )
