"""The quota of a namespace: what somebody has set, or what its pods and volumes need."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

import msgspec

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest
from floe_compiler.model.demand import Demand
from floe_compiler.model.inputs import Quota
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import QuotaGrowth
from floe_compiler.model.quantities import Quantity, parse_quantity
from floe_compiler.model.settings import Settings

HEADROOM = Fraction(5, 4)
"""A quota that follows from the demand has room for a fourth more, for what is started by hand or patched in."""


class _Amount(msgspec.Struct, frozen=True):
    """An amount of a quota: what it limits, and the steps in which it grows, so that it does not change each time."""

    resource: str
    step: Quantity


AMOUNTS: Mapping[str, _Amount] = {
    "pods": _Amount("pods", parse_quantity("10")),
    "cpu": _Amount("requests.cpu", parse_quantity("1")),
    "memory": _Amount("requests.memory", parse_quantity("1Gi")),
    "storage": _Amount("requests.storage", parse_quantity("10Gi")),
}


def fitting(declared: Quota, growth: QuotaGrowth, needed: Demand) -> Mapping[str, str]:
    """Return the amounts of a quota by name: those declared, or more where the demand needs more and nobody set them.

    They are written as Kubernetes prints them: 5000 pods are `5k`.

    Args:
        declared: What is set, and the defaults.
        growth: The amounts that may grow, and how far.
        needed: The most that the namespace may need at once.
    """
    amounts = {name: str(parse_quantity(str(getattr(declared, name)))) for name in AMOUNTS}
    for name, most in growth:
        wanted = _in_steps(needed.total(AMOUNTS[name].resource), AMOUNTS[name].step)
        enough = max(parse_quantity(amounts[name]), wanted)
        amounts[name] = str(min(enough, parse_quantity(most)) if most else enough)
    return amounts


def _in_steps(needed: Quantity, step: Quantity) -> Quantity:
    """Return the demand with headroom, in whole steps."""
    return step * ceil(needed.amount * HEADROOM / step.amount)


def quota(settings: Settings, amounts: Mapping[str, str]) -> Object:
    """Return the ResourceQuota of a namespace."""
    hard = {AMOUNTS[name].resource: amount for name, amount in amounts.items()}
    return manifest("v1", "ResourceQuota", "quota", labels.common_labels(settings, "namespace"), spec={"hard": hard})
