"""Plans for the tests of delivery: a platform of two domains, with nothing in their namespaces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from floe_compiler.model.inputs import ArgoCd, Cluster, Flux, Quota
from floe_compiler.model.plan import PLATFORM, EnvironmentPlan, ResolvedUnit
from floe_compiler.model.settings import Settings
from support import DEVELOPMENT, PRODUCTION, changed

REPOSITORY = "https://git.example/acme/data-platform.git"


def argocd_plan(*, production: bool = False, **delivery: Any) -> EnvironmentPlan:
    return plan_of(production, ArgoCd(type="argocd", repository=REPOSITORY, **delivery))


def flux_plan(*, production: bool = False, **delivery: Any) -> EnvironmentPlan:
    return plan_of(production, Flux(type="flux", repository=REPOSITORY, **delivery))


def plan_of(production: bool, delivery: ArgoCd | Flux) -> EnvironmentPlan:
    settings = PRODUCTION if production else DEVELOPMENT
    server = "https://prod.k8s.acme.example" if production else "https://kubernetes.default.svc"
    cluster = Cluster(name=f"acme-{settings.environment.name}", server=server)
    # Not in their order, which delivery has to find by itself.
    scopes = {"sales": "sales@acme.example", PLATFORM: "platform@acme.example", "finance": "finance@acme.example"}
    return EnvironmentPlan(settings, cluster, delivery, tuple(unit_of(settings, *scope) for scope in scopes.items()))


def unit_of(settings: Settings, scope: str, owner: str) -> ResolvedUnit:
    namespace = "floe-platform" if scope == PLATFORM else f"floe-{scope}-domain"
    return ResolvedUnit(settings, scope, namespace, owner, contexts=(), quota=Quota())


def renamed(plan: EnvironmentPlan, platform: str, environment: str) -> EnvironmentPlan:
    settings = changed(plan.settings, platform={"name": platform}, environment={"name": environment})
    return replace(plan, settings=settings)
