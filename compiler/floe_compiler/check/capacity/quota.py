"""The quota of a namespace must have room for everything that runs there."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from floe_compiler.check.index import Index
from floe_compiler.model.amounts import amount
from floe_compiler.model.demand import Demand, demand
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.objects import Object, ObjectId

EXCEEDED = Rule(
    "C083",
    "Namespace exceeds its quota",
    "All pods and volumes of the namespace at their maximum, with the extra pod of a rollout, need more than its "
    "ResourceQuota allows, so some would never start. Raise the quota, request less, or run less at once. An amount "
    "that nobody sets grows with the demand; that of a domain up to `domain_policy.quota`.",
)
UNLIMITED = Rule(
    "C084",
    "production namespace without a quota",
    "In production, each namespace with pods needs a ResourceQuota that also limits the number of pods.",
)
RULES = (EXCEEDED, UNLIMITED)

# Short names in quotas: `cpu` means `requests.cpu`.
_SHORT = {
    "cpu": "requests.cpu",
    "memory": "requests.memory",
    "count/pods": "pods",
    "count/persistentvolumeclaims": "persistentvolumeclaims",
}
REMEDIES = (
    "raise the quota (`quota`, and `domain_policy.quota` if that is the limit), choose smaller sizes (resources, "
    "replicas), or have fewer products or fewer runs at once"
)
"""What a team can do about it."""
MENTIONED = 3
"""The number of largest consumers that a message names."""


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield quotas that all pods and claims together exceed, and in production namespaces without a quota.

    An error about a quota that nobody has written is where the largest part of the demand comes from.
    """
    rendered = index.rendered
    needed = demand(index.workloads.values(), index.objects, rendered.launched, rendered.nodes)
    limited: set[str] = set()
    for identity, quota in index.of("", "ResourceQuota"):
        spec = quota.get("spec", {})
        if "scopes" in spec or "scopeSelector" in spec:
            continue  # it counts only some of the pods
        hard = spec.get("hard", {})
        limited |= {_SHORT.get(name, name) for name in hard}
        yield from _exceeded(index, identity, hard, needed)
    if index.rendered.production and index.pods.all and "pods" not in limited:
        message = "its quota does not limit pods" if limited else "it has no ResourceQuota"
        about = ObjectId("", "Namespace", "", index.pods.all[0].group.namespace)
        yield index.finding(UNLIMITED, about, message, "add a ResourceQuota with spec.hard.pods")


def _exceeded(index: Index, identity: ObjectId, hard: Object, demand: Demand) -> Iterator[Diagnostic]:
    for name in hard:
        resource = _SHORT.get(name, name)
        allowed, needed = amount(hard, name), demand.total(resource)
        if allowed is not None and needed > allowed:
            largest = demand.most(resource, MENTIONED)
            message = f"spec.hard.{name} is {allowed}, but {needed} may be needed"
            who = ", ".join(f"{quantity} by {consumer}" for quantity, consumer in largest)
            hint = f"largest requests: {who}; {REMEDIES}"
            places = [
                Related(place, f"asks for {quantity}")
                for quantity, consumer in largest
                if consumer.about and (place := index.places.origin(consumer.about))
            ]
            finding = index.finding(EXCEEDED, identity, message, hint, places)
            if places and not finding.span:
                finding = replace(finding, span=places[0].span, related=tuple(places[1:]))
            yield finding
