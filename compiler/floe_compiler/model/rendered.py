"""The result of synthesis for one unit: the objects, and the declared facts that the checks compare them with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from floe_compiler.model.addresses import ANYWHERE, Reach
from floe_compiler.model.delivered_texts import Tool
from floe_compiler.model.dns import DnsServers
from floe_compiler.model.objects import ObjectId, ObjectSet
from floe_compiler.model.output_paths import DELIVERY_FOLDER
from floe_compiler.model.service_mesh import ServiceMesh
from floe_compiler.model.span import Span
from floe_compiler.model.units import UnitKey
from floe_compiler.model.value_spans import Patch, Values

Protocol = Literal["TCP", "UDP"]

VERSION = "kubernetes"
"""The key of the Kubernetes version in `Rendered.origins`."""


class PodGroup(NamedTuple):
    """The pods of one workload (Deployment, StatefulSet, DaemonSet, Job or CronJob) or of one kind of launched pods."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class JobVariable(msgspec.Struct, frozen=True, order=True, tag=True):
    """Where the objects describe pods that are started at run time: as JSON, in an environment variable.

    The paths lead to the Job's specification, to its pods' metadata, to their specification without the container,
    and to the container.
    """

    by: ObjectId
    container: str
    variable: str
    job: tuple[str, ...]
    metadata: tuple[str, ...]
    spec: tuple[str, ...]
    pod_container: tuple[str, ...]

    @property
    def place(self) -> str:
        """Return the place of the description in its object."""
        return self.variable


class PodFile(msgspec.Struct, frozen=True, order=True, tag=True):
    """Where the objects describe pods that are started at run time: as YAML, under a key of a ConfigMap."""

    by: ObjectId
    key: str

    @property
    def place(self) -> str:
        """Return the place of the description in its object."""
        return f"data[{self.key}]"


Description = JobVariable | PodFile
"""Where the objects describe pods that are started at run time."""


class LaunchedPods(msgspec.Struct, frozen=True, order=True):
    """Pods that a component starts at run time (such as Dagster's runs), so no rendered object has their template."""

    group: PodGroup
    labels: tuple[tuple[str, str], ...]
    requests: tuple[tuple[str, str], ...] = ()
    """CPU and memory requests of each of these pods, as quantities."""

    limits: tuple[tuple[str, str], ...] = ()
    """Their CPU and memory limits."""

    count: int = 0
    """How many may run at once."""

    queue: str = ""
    """What starts them: the pods of a queue in a namespace share a limit. Empty: a queue of their own."""

    at_once: int | None = None
    """How many pods of the queue may run at once; None: all."""

    instead: str = ""
    """Pods of one queue with the same name never run at the same time. Empty: they may run beside all others."""

    description: Description | None = None
    """The location of their template."""


DELIVERY_UNIT = DELIVERY_FOLDER
"""The unit of the Argo CD or Flux objects."""

LAUNCHED = "launched pods"


def launched_id(group: PodGroup) -> ObjectId:
    """Return the subject of findings about launched pods, as there is no object to name."""
    return ObjectId("", LAUNCHED, group.namespace, group.name)


class External(msgspec.Struct, frozen=True, order=True):
    """A declared server that is not a rendered Service; `cidr` is its address range.

    `namespace` is that of a Service of the cluster that others keep, whose addresses nobody knows.
    """

    host: str
    port: int
    cidr: str = ANYWHERE
    namespace: str = ""


class Connection(msgspec.Struct, frozen=True, order=True):
    """A declared connection: pods of `source` connect to `target` on container port `port`.

    If source == target, the pods of a group connect to each other. `target` is an External for a server outside, and
    "kubernetes-api" for the cluster's API server. Every pod may use DNS without a Connection.
    """

    source: PodGroup
    target: PodGroup | External | Literal["kubernetes-api"]
    port: int
    protocol: Protocol = "TCP"


class OpenServer(msgspec.Struct, frozen=True, order=True):
    """A port of a server of the platform that asks nobody for a login: its Service, and its pods."""

    service: str
    group: PodGroup
    port: int


class MeshCaller(msgspec.Struct, frozen=True, order=True):
    """In a service mesh: an account (`<namespace>/<name>`) is declared to call a server's pods on a container port."""

    server: PodGroup
    port: int
    account: str


class SecurityException(msgspec.Struct, frozen=True, order=True):
    """A declared exception to restricted pod security: `field` is a rule's field (`readOnlyRootFilesystem` ...)."""

    group: PodGroup
    field: str
    reason: str


class ExistingSecret(msgspec.Struct, frozen=True, order=True):
    """A Secret that others create, in the way `way`, so it is not rendered. Without `keys`: any keys."""

    namespace: str
    name: str
    keys: tuple[str, ...] = ()
    type: str = "Opaque"
    way: str = "existing"


class Rendered(msgspec.Struct, frozen=True):
    """One unit of an environment (a site) after synthesis; the overlay stage replaces its objects.

    `namespace` is empty for objects without a namespace, and `DELIVERY_UNIT` for those of the delivery.
    """

    environment: str
    objects: ObjectSet
    namespace: str = ""
    cluster: str = ""
    """The identity of its cluster (`cluster_identity`), in which several environments may run."""

    cluster_name: str = ""
    """The cluster's name in the environment."""

    production: bool = False
    kubernetes_version: str = "1.34"
    cluster_domain: str = "cluster.local"
    image_registries: tuple[str, ...] = ()
    """Allowed image prefixes (`ghcr.io/acme`); empty: any."""

    connections: frozenset[Connection] = frozenset()
    launched: frozenset[LaunchedPods] = frozenset()
    exceptions: frozenset[SecurityException] = frozenset()
    ingress_groups: frozenset[tuple[PodGroup, int]] = frozenset()
    """Pods and container ports that the ingress controller may reach."""

    ingress_namespace: str = ""
    """The ingress controller's namespace, if the cluster has one."""

    open_servers: frozenset[OpenServer] = frozenset()
    """The interfaces of the unit's components that need a login proxy."""

    reach: Reach = Reach()
    """Which addresses that are not public may be reached."""

    dns: DnsServers = DnsServers()
    """The cluster's DNS servers."""

    mesh: ServiceMesh | None = None
    """The service mesh that the namespaces are in."""

    mesh_callers: frozenset[MeshCaller] = frozenset()
    """In a service mesh: who is declared to call the servers of the unit."""

    existing_secrets: frozenset[ExistingSecret] = frozenset()
    existing_config_maps: frozenset[str] = frozenset()
    """The ConfigMaps of each namespace that somebody else creates."""

    encrypted_secrets: frozenset[ExistingSecret] = frozenset()
    """The Secrets whose encrypted files must be among the hand-written objects."""

    decrypts: bool = False
    """Whether the delivery tool decrypts Secrets that SOPS has encrypted."""

    verbatim: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The texts of files that SOPS has signed, by `str` of their object's identity: they are written as they are. The
    objects themselves have their keys, and no values."""

    nodes: int = 3
    """The number of nodes to assume for DaemonSets."""

    delivery_tool: Tool = "argocd"
    """What applies the output."""

    delivery: frozenset[ObjectId] = frozenset()
    """The Argo CD or Flux objects, which have their own folder and namespace."""

    origins: Mapping[str, Span] = msgspec.field(default_factory=dict)
    """Locations in the inputs, by `str` of an object's identity or of a group of launched pods."""

    patched: Mapping[str, tuple[Patch, ...]] = msgspec.field(default_factory=dict)
    """The kustomize patches that changed an object, in order, by the object's `str(ObjectId)`."""

    unpatched: ObjectSet | None = None
    """The objects before the patches; None if no patch changed any."""

    removed: Mapping[ObjectId, tuple[Span, ...]] = msgspec.field(default_factory=dict)
    """The objects that kustomize patches removed, with these patches."""

    values: Mapping[str, Values] = msgspec.field(default_factory=dict)
    """The location of each value of the hand-written objects, by the object's `str(ObjectId)`."""

    templates: Mapping[str, Span] = msgspec.field(default_factory=dict)
    """The templates of the objects of Helm charts, by the object's `str(ObjectId)`."""

    image_origins: Mapping[str, tuple[Span, ...]] = msgspec.field(default_factory=dict)
    """The locations of images that data products name, by the reference that pods have."""

    not_secrets: tuple[str, ...] = ()
    """Values that look like secrets, but are declared not to be by data products; sorted."""

    @property
    def key(self) -> UnitKey:
        """Return the key of the unit."""
        return UnitKey(self.environment, self.cluster_name, self.namespace)
