"""The Argo CD or Flux objects that apply the output of an environment."""

from __future__ import annotations

from floe_compiler.model.inputs import ArgoCd
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeliveryPlan
from floe_compiler.synthesize.delivery.argocd import argocd_objects
from floe_compiler.synthesize.delivery.flux import flux_objects


def delivery_objects(plan: DeliveryPlan) -> tuple[Object, ...]:
    """Return the objects that let the delivery tool apply each folder of the environment's output."""
    if isinstance(plan.delivery, ArgoCd):
        return argocd_objects(plan, plan.delivery)
    return flux_objects(plan, plan.delivery)
