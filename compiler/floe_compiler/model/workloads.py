"""The rendered objects that run pods, and their containers, as the rules look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from floe_compiler.model.job_names import without_hash
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.rendered import LAUNCHED, PodGroup

_TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("batch", "Job"): ("spec", "template"),
}

TASKS = frozenset({"Job", "CronJob", LAUNCHED})
"""The kinds whose pods run to their end."""


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """One container. `role` is "init" for one that ends before the others start, "sidecar" for one that stays."""

    data: Object
    place: str
    role: Literal["main", "sidecar", "init"]

    @property
    def name(self) -> str:
        """Return the container's name."""
        return str(self.data.get("name", ""))

    @property
    def runs(self) -> bool:
        """Tell whether the container runs as long as its pod does."""
        return self.role != "init"

    @property
    def ports(self) -> list[Object]:
        """Return its declared ports."""
        ports: list[Object] = self.data.get("ports", [])
        return ports


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """A rendered object with a pod template. `place` is the template's data path, empty for a Pod."""

    id: ObjectId
    manifest: Object
    template: Object
    place: str
    containers: tuple[Container, ...]

    @property
    def kind(self) -> str:
        """Return the object's kind."""
        return self.id.kind

    @property
    def namespace(self) -> str:
        """Return the object's namespace."""
        return self.id.namespace

    @property
    def group(self) -> PodGroup:
        """Return the pods' group: a Job's goes by its name without the content hash."""
        name = without_hash(self.id.name) if self.kind == "Job" else self.id.name
        return PodGroup(self.id.namespace, name)

    @property
    def spec(self) -> Object:
        """Return the object's own specification."""
        spec: Object = self.manifest.get("spec", {})
        return spec

    @property
    def job(self) -> Object:
        """Return the specification of the Job that a Job is, or that a CronJob makes."""
        job: Object = self.spec.get("jobTemplate", {}).get("spec", {}) if self.kind == "CronJob" else self.spec
        return job

    @property
    def pod(self) -> Object:
        """Return the pods' specification."""
        pod: Object = self.template.get("spec", {})
        return pod

    @property
    def labels(self) -> Mapping[str, str]:
        """Return the pods' labels."""
        labels: Mapping[str, str] = self.template.get("metadata", {}).get("labels", {})
        return labels

    @property
    def annotations(self) -> Mapping[str, str]:
        """Return the pods' annotations."""
        annotations: Mapping[str, str] = self.template.get("metadata", {}).get("annotations", {})
        return annotations

    @property
    def is_task(self) -> bool:
        """Tell whether the pods run to their end."""
        return self.kind in TASKS

    def at(self, field: str) -> str:
        """Return the data path of a field of the pod template, such as `spec.securityContext`."""
        return f"{self.place}.{field}" if self.place else field


def workload(identity: ObjectId, manifest: Object) -> Workload | None:
    """Return the workload that an object is, or None if it runs no pods."""
    steps = _TEMPLATES.get((identity.group, identity.kind))
    if steps is None:
        return None
    template: Any = manifest
    for step in steps:
        template = template.get(step, {})
    place = ".".join(steps)
    return Workload(identity, manifest, template, place, tuple(_containers(template, place)))


def _containers(template: Object, place: str) -> Iterator[Container]:
    start = f"{place}.spec" if place else "spec"
    pod = template.get("spec", {})
    for data in pod.get("containers", ()):
        yield Container(data, f"{start}.containers[{data.get('name', '')}]", "main")
    for data in pod.get("initContainers", ()):
        role: Literal["sidecar", "init"] = "sidecar" if data.get("restartPolicy") == "Always" else "init"
        yield Container(data, f"{start}.initContainers[{data.get('name', '')}]", role)
