"""What the objects of a namespace request, on average over a month: at least, and at most.

At least is what always runs: the lowest number of replicas. At most is what runs if every autoscaler is at its highest
number, and each scheduled run takes until its timeout. In neither are Jobs that run once, the extra pods of a rollout,
and runs that are repeated after a failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec

from floe_compiler.model.amounts import amount, pod_amount
from floe_compiler.model.custom_resources import TEMPLATES
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.scaling import AUTOSCALERS, Scalers, autoscalers, least_replicas, most_pods
from floe_compiler.model.service_mesh import proxy_amounts
from floe_compiler.model.workloads import Workload, workload
from floe_compiler.report.costs.runs import Run, Uncounted, product_of, runs_of

GIB = 1024**3
ZERO = Fraction(0)
HOURS = 730
"""Hours of a month: 8,760 of a year, by twelve."""

POSTGRESQL = ("postgresql.cnpg.io", "Cluster")
SERVERS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Pod"})


class Requested(msgspec.Struct, frozen=True):
    """Cores of CPU, GiB of memory, and GiB of volumes by StorageClass (empty: the cluster's default)."""

    cpu: Fraction = ZERO
    memory: Fraction = ZERO
    volumes: Mapping[str, Fraction] = {}

    def __add__(self, other: Requested) -> Requested:
        """Return the sum."""
        classes = sorted({*self.volumes, *other.volumes})
        volumes = {name: self.volumes.get(name, ZERO) + other.volumes.get(name, ZERO) for name in classes}
        return Requested(self.cpu + other.cpu, self.memory + other.memory, volumes)

    def __mul__(self, times: Fraction | int) -> Requested:
        volumes = {name: size * times for name, size in self.volumes.items()}
        return Requested(self.cpu * times, self.memory * times, volumes)


NOTHING = Requested()


class Consumer(msgspec.Struct, frozen=True):
    """What one consumer requests. `product` is the data product that it belongs to; empty: none."""

    product: str
    least: Requested
    most: Requested


def consumers(objects: Sequence[Object], nodes: int) -> Iterator[Consumer | Uncounted]:
    """Yield what each workload, volume and scheduled product of a namespace requests, and what cannot be told.

    Args:
        objects: The objects of the namespace. Malformed ones count as far as they can be read.
        nodes: The number of nodes, for DaemonSets.
    """
    by_id = {identify(manifest): manifest for manifest in objects}
    scalers = autoscalers(
        (identity, manifest) for identity, manifest in by_id.items() if (identity.group, identity.kind) in AUTOSCALERS
    )
    for identity, manifest in by_id.items():
        try:
            yield from _of_object(identity, manifest, scalers, nodes)
        except (AttributeError, TypeError, ValueError):
            yield Uncounted(f"{identity.kind} {identity.namespace}/{identity.name} cannot be read")
    for run in runs_of(by_id):
        yield run if isinstance(run, Uncounted) else _of_run(run)


def _of_object(identity: ObjectId, manifest: Object, scalers: Scalers, nodes: int) -> Iterator[Consumer | Uncounted]:
    owner = workload(identity, manifest)
    kind = (identity.group, identity.kind)
    if owner and identity.kind in SERVERS:
        most = most_pods(owner, scalers, nodes)
        least = least_replicas(owner, scalers) if identity.kind not in ("DaemonSet", "Pod") else most
        per_pod = _pod(owner)
        for claim in mappings(owner.spec, ("volumeClaimTemplates",)):
            per_pod += _volume(mapping(claim, ("spec",)))
        yield Consumer(product_of(owner.labels), per_pod * least, per_pod * most)
    elif kind == ("", "PersistentVolumeClaim"):
        size = _volume(mapping(manifest, ("spec",)))
        yield Consumer(product_of(mapping(manifest, ("metadata", "labels"))), size, size)
    elif kind == POSTGRESQL:
        spec = mapping(manifest, ("spec",))
        per_instance = _resources(mapping(spec, ("resources", "requests")))
        for name in ("storage", "walStorage"):
            per_instance += _sized(at(spec, (name, "size")), at(spec, (name, "storageClass")))
        per_instance *= int(spec.get("instances", 1))
        yield Consumer("", per_instance, per_instance)
    elif kind in TEMPLATES:
        yield Uncounted(f"{identity.kind} {identity.namespace}/{identity.name}: its controller decides on its pods")


def _of_run(run: Run) -> Consumer:
    """Return what a scheduled run requests: nothing at least, as it may end at once."""
    pods = [_pod(pod) for pod in run.pods]
    per_run = Requested(max((pod.cpu for pod in pods), default=ZERO), max((pod.memory for pod in pods), default=ZERO))
    at_once = run.each_month * run.seconds / (HOURS * 3600)
    if run.at_once is not None:
        at_once = min(at_once, Fraction(run.at_once))
    return Consumer(run.product, NOTHING, per_run * at_once)


def _pod(owner: Workload) -> Requested:
    """Return what one pod requests, with the proxy of a service mesh."""
    own = {name: str(pod_amount(owner, "requests", name)) for name in ("cpu", "memory")}
    proxy = {name.removeprefix("requests."): text for name, text in proxy_amounts(owner.annotations)}
    return _resources(own) + _resources(proxy)


def _resources(requests: Mapping[str, Any]) -> Requested:
    cpu, memory = (quantity.amount if (quantity := amount(requests, name)) else ZERO for name in ("cpu", "memory"))
    return Requested(cpu, memory / GIB)


def _volume(claim: Object) -> Requested:
    return _sized(at(claim, ("resources", "requests", "storage")), claim.get("storageClassName"))


def _sized(size: Any, storage_class: Any) -> Requested:
    quantity = amount({"storage": size}, "storage") if size else None
    return Requested(volumes={str(storage_class or ""): quantity.amount / GIB}) if quantity else NOTHING
