"""The requests and limits of the pods and volumes of a namespace, by the names that quotas use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import msgspec

from floe_compiler.model.amounts import BOUNDS, Bound, amount, pod_amount
from floe_compiler.model.object_memory import once
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.quantities import ZERO, Quantity, added
from floe_compiler.model.rendered import LaunchedPods, PodGroup
from floe_compiler.model.scaling import AUTOSCALERS, autoscalers, extra_pods, most_pods
from floe_compiler.model.service_mesh import proxy_amounts
from floe_compiler.model.workloads import Workload

_COUNTED: tuple[tuple[Bound, str], ...] = tuple((bound, name) for bound in BOUNDS for name in ("cpu", "memory"))


class Consumer(msgspec.Struct, frozen=True):
    """A consumer of resources: its name, and its object or group of pods, if it has one."""

    name: str
    about: ObjectId | PodGroup | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Demand:
    """The demand of one namespace: the most that each consumer needs of each resource."""

    needs: dict[Consumer, dict[str, Quantity]] = field(default_factory=dict)

    def total(self, resource: str) -> Quantity:
        """Return the total demand of a resource."""
        return added(amounts[resource] for amounts in self.needs.values() if resource in amounts)

    def most(self, resource: str, count: int) -> list[tuple[Quantity, Consumer]]:
        """Return the largest consumers of a resource, the largest first."""
        needs = ((amounts.get(resource, ZERO), consumer) for consumer, amounts in self.needs.items())
        consumers = [(quantity, consumer) for quantity, consumer in needs if quantity > ZERO]
        return sorted(consumers, key=lambda item: (-item[0].amount, item[1].name))[:count]

    def add(self, consumer: Consumer, amounts: Iterable[tuple[str, Quantity]]) -> None:
        """Add the demand of a consumer."""
        needs = self.needs.setdefault(consumer, {})
        for name, quantity in amounts:
            needs[name] = needs.get(name, ZERO) + quantity


def demand(
    workloads: Iterable[Workload], objects: Mapping[ObjectId, Object], launched: Iterable[LaunchedPods], nodes: int
) -> Demand:
    """Return the most that a namespace may need at once, even in the middle of a rollout.

    Args:
        workloads: Its workloads.
        objects: All of its objects.
        launched: The pods that some workloads launch at run time.
        nodes: The number of nodes, for DaemonSets.
    """
    total = Demand()
    surge: dict[str, Quantity] = {}
    scalers = autoscalers(scaler for kind in AUTOSCALERS for scaler in _of(kind, objects))
    for workload in workloads:
        consumer = _consumer(workload.id)
        pods = most_pods(workload, scalers, nodes)
        per_pod = _per_pod(workload)
        total.add(consumer, _times(per_pod, pods))
        for claim in workload.spec.get("volumeClaimTemplates", ()) if workload.kind == "StatefulSet" else ():
            total.add(consumer, _claims(claim, pods))
        if extra := extra_pods(workload, pods):
            _keep_largest(surge, _times(per_pod, extra))
    for identity, claim in _of(("", "PersistentVolumeClaim"), objects):
        total.add(_consumer(identity), _claims(claim, 1))
    # Room for one rollout is enough: the pods of other rollouts stay pending until it ends.
    total.add(Consumer("the extra pod of a rollout"), surge.items())
    for consumer, amounts in _launched(launched):
        total.add(consumer, amounts)
    return total


@once
def _per_pod(workload: Workload) -> Mapping[str, Quantity]:
    """Return what one pod of a workload needs."""
    per_pod = {f"{bound}.{name}": pod_amount(workload, bound, name) for bound, name in _COUNTED}
    for name, text in proxy_amounts(workload.annotations):
        per_pod[name] = per_pod[name] + (amount({name: text}, name) or ZERO)
    return per_pod


def _of(kind: tuple[str, str], objects: Mapping[ObjectId, Object]) -> Iterator[tuple[ObjectId, Object]]:
    yield from (
        (identity, manifest) for identity, manifest in objects.items() if (identity.group, identity.kind) == kind
    )


def _consumer(identity: ObjectId) -> Consumer:
    return Consumer(f"{identity.kind} {identity.name}", identity)


def _keep_largest(largest: dict[str, Quantity], amounts: Iterable[tuple[str, Quantity]]) -> None:
    for name, quantity in amounts:
        largest[name] = max(largest.get(name, ZERO), quantity)


def _times(per_pod: Mapping[str, Quantity], pods: int) -> Iterator[tuple[str, Quantity]]:
    """Yield the demand of a number of equal pods."""
    yield "pods", _pieces(pods)
    for name, quantity in per_pod.items():
        yield name, quantity * pods if pods != 1 else quantity


def _claims(claim: Object, times: int) -> Iterator[tuple[str, Quantity]]:
    spec = claim.get("spec", {})
    size = amount(spec.get("resources", {}).get("requests", {}), "storage") or ZERO
    yield "persistentvolumeclaims", _pieces(times)
    yield "requests.storage", size * times
    if "storageClassName" in spec:
        yield f"{spec['storageClassName']}.storageclass.storage.k8s.io/requests.storage", size * times


def _launched(all_launched: Iterable[LaunchedPods]) -> Iterator[tuple[Consumer, list[tuple[str, Quantity]]]]:
    """Yield each launcher of pods, and the most that its pods need in total."""
    queues: dict[tuple[str, int | None], list[LaunchedPods]] = defaultdict(list)
    for launched in sorted(all_launched):
        name = launched.queue or f"launched pods {launched.group.name}"
        queues[name, launched.at_once].append(launched)
    for (name, at_once), members in queues.items():
        pods = [(_largest_pod(group), max(member.count for member in group)) for group in _exclusive(members)]
        names = dict.fromkeys(name for pod, _ in pods for name in pod)
        most = [(name, _largest([(pod.get(name, ZERO), count) for pod, count in pods], at_once)) for name in names]
        largest = max(members, key=lambda member: [amount.amount for _, amount in _launched_pod(member)])
        yield Consumer(name, largest.group), most


def _exclusive(members: Iterable[LaunchedPods]) -> Iterator[list[LaunchedPods]]:
    """Yield groups of pods of which only one runs at a time."""
    groups: dict[str, list[LaunchedPods]] = defaultdict(list)
    for member in members:
        if member.instead:
            groups[member.instead].append(member)
        else:
            yield [member]
    yield from groups.values()


def _largest_pod(group: Iterable[LaunchedPods]) -> dict[str, Quantity]:
    """Return the largest amount of each resource that one pod of the group needs."""
    largest: dict[str, Quantity] = {}
    for name, quantity in (amounts for member in group for amounts in _launched_pod(member)):
        largest[name] = max(largest.get(name, ZERO), quantity)
    return largest


def _largest(amounts: Iterable[tuple[Quantity, int]], at_once: int | None) -> Quantity:
    """Return the sum of the `at_once` largest amounts; each amount has a count."""
    total, left = ZERO, at_once
    for amount_, count in sorted(amounts, key=lambda item: item[0].amount, reverse=True):
        times = count if left is None else min(count, left)
        left = None if left is None else left - times
        total += amount_ * times
    return total


def _launched_pod(launched: LaunchedPods) -> Iterator[tuple[str, Quantity]]:
    yield "pods", _pieces(1)
    for bound, resources in (("requests", launched.requests), ("limits", launched.limits)):
        for name, _ in resources:
            yield f"{bound}.{name}", amount(dict(resources), name) or ZERO


def _pieces(count: int) -> Quantity:
    return Quantity(Fraction(count))
