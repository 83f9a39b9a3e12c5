"""Plans for the tests of delivery: a platform of two domains, with nothing in their namespaces."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.model.inputs import ArgoCd, Cluster, Flux
from floe_compiler.model.plan import PLATFORM, DeliveredNamespace, DeliveryPlan
from support import DEVELOPMENT, PRODUCTION, changed

REPOSITORY = "https://git.example/acme/data-platform.git"


def argocd_plan(*, production: bool = False, **delivery: Any) -> DeliveryPlan:
    return plan_of(production, ArgoCd(type="argocd", repository=REPOSITORY, **delivery))


def flux_plan(*, production: bool = False, **delivery: Any) -> DeliveryPlan:
    return plan_of(production, Flux(type="flux", repository=REPOSITORY, **delivery))


def plan_of(production: bool, delivery: ArgoCd | Flux) -> DeliveryPlan:
    settings = PRODUCTION if production else DEVELOPMENT
    server = "https://prod.k8s.acme.example" if production else "https://kubernetes.default.svc"
    cluster = Cluster(name=f"acme-{settings.environment.name}", server=server)
    # Unsorted, as delivery has to sort them.
    scopes = {"sales": "sales@acme.example", PLATFORM: "platform@acme.example", "finance": "finance@acme.example"}
    return DeliveryPlan(settings, cluster, delivery, tuple(namespace_of(*scope) for scope in scopes.items()))


def namespace_of(scope: str, owner: str) -> DeliveredNamespace:
    return DeliveredNamespace(scope, "floe-platform" if scope == PLATFORM else f"floe-{scope}-domain", owner)


def renamed(plan: DeliveryPlan, platform: str, environment: str) -> DeliveryPlan:
    settings = changed(plan.settings, platform={"name": platform}, environment={"name": environment})
    return replace(plan, settings=settings)
