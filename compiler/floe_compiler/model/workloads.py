"""The objects that run pods, and their containers, read from manifests.

The objects may be malformed: a part that is missing or has the wrong type is read as empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from floe_compiler.model.job_names import without_hash
from floe_compiler.model.nested_fields import mapping, mappings
from floe_compiler.model.object_memory import remembered
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

_PLACES = (("spec", "jobTemplate", "spec", "template"), ("spec", "template"), ())
"""Where objects of any kind have a pod template."""

_POD_FIELDS = frozenset({"containers", "initContainers", "volumes"})

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
"""The fields of a container with health checks."""

PROBE_ACTIONS = ("httpGet", "tcpSocket", "grpc")
"""The ways of a health check that need a port."""

TASKS = frozenset({"Job", "CronJob", LAUNCHED})
"""The kinds of Jobs, and of what starts them; their pods run to completion."""


@dataclass(frozen=True, eq=False)  # no slots, as cached properties need a __dict__
class Container:
    """One container. `role` is "init" if it ends before the others start, "sidecar" if it starts first and stays."""

    data: Object
    place: str
    role: Literal["main", "sidecar", "init"]

    @property
    def name(self) -> str:
        """Return the container's name."""
        return str(self.data.get("name", ""))

    @property
    def runs(self) -> bool:
        """Return whether the container runs as long as its pod does."""
        return self.role != "init"

    @cached_property
    def ports(self) -> list[Object]:
        """Return its declared ports."""
        return mappings(self.data, ("ports",))


@dataclass(frozen=True, eq=False)  # no slots, as cached properties need a __dict__
class Workload:
    """An object with a pod template. `place` is the template's data path, empty for a Pod.

    `replicas` is the number of pods of a custom resource; None for Kubernetes' own kinds. `is_task` says whether the
    pods run to completion, `is_completed` whether an operator adds to them, such as ports and
    resources.
    """

    id: ObjectId
    manifest: Object
    template: Object
    place: str
    containers: tuple[Container, ...]
    replicas: int | None = None
    is_task: bool = False
    is_completed: bool = False

    @property
    def kind(self) -> str:
        """Return the object's kind."""
        return self.id.kind

    @property
    def namespace(self) -> str:
        """Return the object's namespace."""
        return self.id.namespace

    @cached_property
    def group(self) -> PodGroup:
        """Return the pods' group; that of a Job has the Job's name without the hash."""
        name = without_hash(self.id.name) if self.kind == "Job" else self.id.name
        return PodGroup(self.id.namespace, name)

    @cached_property
    def spec(self) -> Object:
        """Return the object's own specification."""
        return mapping(self.manifest, ("spec",))

    @cached_property
    def job(self) -> Object:
        """Return the Job's specification; that of a CronJob is in its template."""
        return mapping(self.spec, ("jobTemplate", "spec")) if self.kind == "CronJob" else self.spec

    @cached_property
    def pod(self) -> Object:
        """Return the pods' specification."""
        return mapping(self.template, ("spec",))

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Return the pods' labels."""
        return mapping(self.template, ("metadata", "labels"))

    @cached_property
    def annotations(self) -> Mapping[str, str]:
        """Return the pods' annotations."""
        return mapping(self.template, ("metadata", "annotations"))

    def at(self, field: str) -> str:
        """Return the data path of a field of the pod template, such as `spec.securityContext`."""
        return f"{self.place}.{field}" if self.place else field


def workload(identity: ObjectId, manifest: Object) -> Workload | None:
    """Return an object of a built-in kind as a workload; None if it runs no pods."""
    return _workload(manifest, identity) if runs_pods(identity) else None


@remembered
def _workload(manifest: Object, identity: ObjectId) -> Workload:
    steps = _TEMPLATES[identity.group, identity.kind]
    template, place = mapping(manifest, steps), ".".join(steps)
    containers = containers_of(mapping(template, ("spec",)), f"{place}.spec" if place else "spec")
    return Workload(identity, manifest, template, place, tuple(containers), is_task=identity.kind in TASKS)


def runs_pods(identity: ObjectId) -> bool:
    """Return whether an object is of a built-in kind that runs pods."""
    return (identity.group, identity.kind) in _TEMPLATES


def pod_template(manifest: Object) -> Object:
    """Return an object's pod template, or a Pod itself; empty for an object without pods.

    An object of any kind counts if it has containers or volumes where Kubernetes' own kinds have them.
    """
    place = pod_template_place(manifest)
    return {} if place is None else mapping(manifest, place)


@remembered
def pod_template_place(manifest: Object) -> tuple[str, ...] | None:
    """Return the keys that lead to an object's pod template; None for an object without pods."""
    shapes = (place for place in _PLACES if not _POD_FIELDS.isdisjoint(mapping(manifest, (*place, "spec"))))
    return next(shapes, None)


def containers_of(pod: Object, place: str = "spec") -> Iterator[Container]:
    """Yield the containers of a pod's specification at the data path `place`: the main containers first."""
    for data in mappings(pod, ("containers",)):
        yield Container(data, f"{place}.containers[{data.get('name', '')}]", "main")
    for data in mappings(pod, ("initContainers",)):
        role: Literal["sidecar", "init"] = "sidecar" if data.get("restartPolicy") == "Always" else "init"
        yield Container(data, f"{place}.initContainers[{data.get('name', '')}]", role)
