"""The pods of a unit, indexed for label selectors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from floe_compiler.model.bit_sets import numbers_in
from floe_compiler.model.job_names import without_hash
from floe_compiler.model.label_index import LabelIndex, LabelSelector
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import LAUNCHED, LaunchedPods, PodGroup
from floe_compiler.model.selectors import Labels, Selector
from floe_compiler.model.workloads import Workload


@dataclass(frozen=True, slots=True, eq=False)
class Pods:
    """Pods with the same labels: those of one workload, or (without one) those that a component launches."""

    group: PodGroup
    labels: Labels
    workload: Workload | None = None

    @property
    def about(self) -> ObjectId | PodGroup:
        """Return the subject of a finding about the pods: the object with their template, if there is one."""
        return self.workload.id if self.workload else self.group

    def __str__(self) -> str:
        if self.workload is None:
            return f"launched pods {self.group.name}"
        return f"{self.workload.kind} {self.workload.id.name}"


class PodIndex:
    """All pods of a unit. Sets of pods are bits, by their position in `all`."""

    def __init__(self, workloads: Iterable[Workload], launched: Iterable[LaunchedPods]) -> None:
        rendered = [Pods(workload.group, workload.labels, workload) for workload in workloads]
        known = {pods.group for pods in rendered if pods.workload and pods.workload.kind == LAUNCHED}
        others = [Pods(pods.group, dict(pods.labels)) for pods in sorted(launched) if pods.group not in known]
        self.all: Sequence[Pods] = rendered + others
        self._of_group: dict[PodGroup, list[int]] = defaultdict(list)
        for position, pods in enumerate(self.all):
            self._of_group[pods.group].append(position)
        self._index = LabelIndex.of(pods.labels for pods in self.all)

    def selected(self, selector: Selector) -> int:
        """Return the pods (as bits) that a LabelSelector of an object selects."""
        return self._index.select(LabelSelector.of(selector))

    def select(self, selector: Selector) -> tuple[Pods, ...]:
        """Return the pods that a LabelSelector of an object selects."""
        return tuple(self.all[position] for position in numbers_in(self.selected(selector)))

    def of_group(self, group: PodGroup) -> tuple[int, ...]:
        """Return the positions of a group's pods; a Job may be named with or without its hash."""
        plain = PodGroup(group.namespace, without_hash(group.name))
        return tuple(self._of_group.get(group) or self._of_group.get(plain) or ())
