"""The autoscalers of a unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.check.index import Index
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.scaling import AUTOSCALERS, Scalers, autoscalers
from floe_compiler.model.workloads import Workload


def all_scalers(index: Index) -> Iterator[tuple[ObjectId, Object]]:
    """Yield the unit's autoscalers of all kinds."""
    return (scaler for kind in AUTOSCALERS for scaler in index.of(*kind))


def scalers_of(index: Index) -> Scalers:
    """Return the autoscaler of each workload of the unit that has one."""
    return autoscalers(all_scalers(index))


def scaled_twice(index: Index) -> Iterator[tuple[ObjectId, ObjectId]]:
    """Yield the autoscalers that scale what another one scales, and the other one."""
    first: dict[ObjectId, ObjectId] = {}
    for scaler in all_scalers(index):
        targets: Mapping[ObjectId, object] = autoscalers([scaler])
        for target in targets:
            if first.setdefault(target, scaler[0]) != scaler[0]:
                yield scaler[0], first[target]


def runs(workload: Workload) -> str:
    """Return the start of a message about the replicas of a workload; it names the field with their number, if any."""
    return "spec.replicas asks for" if "replicas" in workload.spec else "it runs"
