"""What is requested by domain and by data product, before and after a change, and what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import msgspec

from floe_compiler.model.custom_resources import TEMPLATES
from floe_compiler.model.inputs import Prices
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.scaling import KEDA
from floe_compiler.report.costs.requested import HOURS, NOTHING, POSTGRESQL, ZERO, Requested, consumers
from floe_compiler.report.costs.runs import Uncounted

SCOPE = "floe.dev/scope"
"""The label of a Namespace that names its domain, or the shared services."""

_BUILT_IN = (
    *("configmap", "cronjob.batch", "daemonset.apps", "deployment.apps", "horizontalpodautoscaler.autoscaling"),
    *("namespace", "persistentvolumeclaim", "pod", "replicaset.apps", "resourcequota", "statefulset.apps"),
)
KINDS = frozenset({*_BUILT_IN, *(f"{kind.lower()}.{group}" for group, kind in (*TEMPLATES, POSTGRESQL, KEDA))})
"""The kinds of objects that say what is requested, as names of files have them."""

Part = tuple[str, str]
"""A domain and its data product. Without a product: the whole domain; without both: all that is in the cluster."""

EVERYTHING: Part = ("", "")


class Bounds(msgspec.Struct, frozen=True):
    """What is requested at least, and at most, on average over a month."""

    least: Requested = NOTHING
    most: Requested = NOTHING

    def __add__(self, other: Bounds) -> Bounds:
        """Return the sum."""
        return Bounds(self.least + other.least, self.most + other.most)


class State(msgspec.Struct, frozen=True):
    """What a set of objects requests, by part, and the quota of each domain."""

    parts: Mapping[Part, Bounds]
    quotas: Mapping[str, Mapping[str, str]]
    uncounted: tuple[Uncounted, ...]


class Costs(msgspec.Struct, frozen=True):
    """What is requested in a cluster of an environment before and after a change, and the prices."""

    site: str
    prices: Prices
    before: State
    after: State

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return all parts: everything, then each domain and its products."""
        return tuple(sorted({EVERYTHING, *self.before.parts, *self.after.parts}))

    def of(self, state: State, part: Part) -> tuple[Fraction, Fraction]:
        """Return the costs of a month of a part of one of the states: at least, and at most."""
        bounds = state.parts.get(part, Bounds())
        return self._price(bounds.least), self._price(bounds.most)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Return the reasons why something of the later state is not counted."""
        volumes = self.after.parts.get(EVERYTHING, Bounds()).most.volumes
        classes = (name for name in volumes if name not in self.prices.storage_gib_month)
        unpriced = (f"volumes of the StorageClass {name or '(default)'}, which has no price" for name in classes)
        return (*unpriced, *(uncounted.reason for uncounted in self.after.uncounted))

    def _price(self, requested: Requested) -> Fraction:
        of_class = self.prices.storage_gib_month
        hours = requested.cpu * _exact(self.prices.cpu_hour) + requested.memory * _exact(self.prices.memory_gib_hour)
        volumes = (size * _exact(of_class.get(name, 0.0)) for name, size in requested.volumes.items())
        return hours * HOURS + sum(volumes, ZERO)


def matters(path: str) -> bool:
    """Return whether the object of a file may say what is requested."""
    return path.rpartition("/")[2].partition("_")[0] in KINDS


def state_of(objects: Iterable[Object], nodes: int) -> State:
    """Return what the objects of an environment in one of its clusters request."""
    by_namespace: dict[str, list[Object]] = defaultdict(list)
    scopes: dict[str, str] = {}
    for manifest in objects:
        identity = identify(manifest)
        by_namespace[identity.namespace].append(manifest)
        if identity.kind == "Namespace":
            scopes[identity.name] = str(mapping(manifest, ("metadata", "labels")).get(SCOPE, identity.name))
    parts: dict[Part, Bounds] = defaultdict(Bounds)
    quotas: dict[str, Mapping[str, str]] = {}
    uncounted: set[Uncounted] = set()
    for namespace, own in sorted(by_namespace.items()):
        domain = scopes.get(namespace, namespace)
        for consumer in consumers(own, nodes):
            if isinstance(consumer, Uncounted):
                uncounted.add(consumer)
                continue
            for part in {EVERYTHING, (domain, ""), (domain, consumer.product)}:
                parts[part] += Bounds(consumer.least, consumer.most)
        for hard in _quotas(own):
            quotas[domain] = hard
    return State(dict(parts), quotas, tuple(sorted(uncounted)))


def _quotas(objects: Iterable[Object]) -> Iterator[Mapping[str, str]]:
    for manifest in objects:
        if manifest.get("kind") == "ResourceQuota":
            hard = mapping(manifest, ("spec", "hard"))
            yield {name: str(amount) for name, amount in sorted(hard.items())}


def _exact(price: float) -> Fraction:
    """Return the number as it is written, not as the nearest one that a processor has."""
    return Fraction(repr(price))
