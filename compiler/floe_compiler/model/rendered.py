"""The result of synthesis for one unit: the objects, and the declared facts that checks compare them with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from floe_compiler.model.files import DELIVERY_FOLDER
from floe_compiler.model.objects import ObjectId, ObjectSet
from floe_compiler.model.span import Span
from floe_compiler.model.units import UnitKey

Protocol = Literal["TCP", "UDP"]

VERSION = "kubernetes"
"""The key of the Kubernetes version in `Rendered.origins`."""


class PodGroup(NamedTuple):
    """The pods of one workload: of the Deployment, StatefulSet, DaemonSet, Job or CronJob of that name, or launched."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, order=True, slots=True)
class Description:
    """Where the objects describe pods that are started at run time: as JSON, in a variable of a container.

    The paths lead to the specification of the Job, to the metadata of its pods, to their specification less the
    container, and to the container.
    """

    by: ObjectId
    container: str
    variable: str
    job: tuple[str, ...]
    metadata: tuple[str, ...]
    spec: tuple[str, ...]
    pod_container: tuple[str, ...]


@dataclass(frozen=True, order=True, slots=True)
class LaunchedPods:
    """Pods that a component starts at run time (such as Dagster's runs): no rendered object has their template."""

    group: PodGroup
    labels: tuple[tuple[str, str], ...]
    requests: tuple[tuple[str, str], ...] = ()
    """CPU and memory requests of each of these pods, as quantities."""

    limits: tuple[tuple[str, str], ...] = ()
    """Their CPU and memory limits."""

    count: int = 0
    """How many of them may run at once."""

    queue: str = ""
    """Who starts them: pods of one queue in a namespace share its limit. Without a name, they are a queue alone."""

    at_once: int | None = None
    """How many pods of the queue may run at once; None for all."""

    description: Description | None = None
    """Where their template stands."""


DELIVERY_UNIT = DELIVERY_FOLDER
"""The unit of the Argo CD or Flux objects."""

LAUNCHED = "launched pods"


def launched_id(group: PodGroup) -> ObjectId:
    """Return the subject of findings about launched pods, which are not rendered as an object."""
    return ObjectId("", LAUNCHED, group.namespace, group.name)


@dataclass(frozen=True, order=True, slots=True)
class External:
    """A server outside the cluster's rendered Services, declared in an input; `cidr` limits where it may be."""

    host: str
    port: int
    cidr: str = "0.0.0.0/0"


@dataclass(frozen=True, order=True, slots=True)
class Connection:
    """A declared edge: pods of `source` open connections to `target` on container port `port`.

    The pods of a group may connect among themselves with source == target. `target` is an External for a server
    outside, and the string "kubernetes-api" for the cluster's API server. Every pod may use DNS, without a Connection.
    """

    source: PodGroup
    target: PodGroup | External | Literal["kubernetes-api"]
    port: int
    protocol: Protocol = "TCP"


@dataclass(frozen=True, order=True, slots=True)
class SecurityException:
    """A declared exception to restricted pod security: `field` is a rule's field (`readOnlyRootFilesystem` ...)."""

    group: PodGroup
    field: str
    reason: str


@dataclass(frozen=True, order=True, slots=True)
class ExistingSecret:
    """A Secret that is managed outside the compiler, so that no rendered object writes it. Without `keys`: any keys."""

    namespace: str
    name: str
    keys: tuple[str, ...] = ()
    type: str = "Opaque"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One unit of an environment after synthesis (or after the overlay stage, with the objects replaced).

    `namespace` is empty for objects without one, and `DELIVERY_UNIT` for those of the delivery.
    """

    environment: str
    objects: ObjectSet
    namespace: str = ""
    cluster: str = ""
    """The identity of the cluster that it runs in (`cluster_identity`); several environments may run in one."""

    cluster_name: str = ""
    """The cluster's name in the environment."""

    production: bool = False
    kubernetes_version: str = "1.34"
    cluster_domain: str = "cluster.local"
    image_registries: tuple[str, ...] = ()
    """Allowed prefixes of images (`ghcr.io/acme`); empty: any registry."""

    connections: frozenset[Connection] = frozenset()
    launched: frozenset[LaunchedPods] = frozenset()
    exceptions: frozenset[SecurityException] = frozenset()
    ingress_groups: frozenset[tuple[PodGroup, int]] = frozenset()
    """Pods and container ports that the ingress controller's namespace may reach."""

    ingress_namespace: str = ""
    """The ingress controller's namespace, if the cluster has one."""

    existing_secrets: frozenset[ExistingSecret] = frozenset()
    nodes: int = 3
    """How many nodes to count for DaemonSets."""

    delivery: frozenset[ObjectId] = frozenset()
    """The Argo CD or Flux objects, which have their own folder and namespace."""

    origins: Mapping[str, Span] = field(default_factory=dict)
    """By `str` of an object's identity or of a group of launched pods: its location in the inputs."""

    patched: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """By an object's `str(ObjectId)`: the authored kustomize patches that changed it, in order."""

    removed: Mapping[ObjectId, tuple[Span, ...]] = field(default_factory=dict)
    """The objects that authored kustomize patches removed, with these patches."""

    @property
    def key(self) -> UnitKey:
        """Return the key of the unit."""
        return UnitKey(self.environment, self.cluster_name, self.namespace)
