"""What a component declares about the programs it runs. The compiler derives Kubernetes objects from these facts.

A component fills in `Parts`: workloads, jobs and configuration. It never writes a Service, NetworkPolicy,
PodDisruptionBudget, ServiceAccount, label, security context or wait: they are derived from the facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from floe_compiler.model.accounts import PolicyRule, WorkloadIdentity
from floe_compiler.model.alerts import Alert, Scraper
from floe_compiler.model.containers import ConfigFile as ConfigFile  # re-exported: parts of a pod
from floe_compiler.model.containers import Container as Container
from floe_compiler.model.containers import Probe as Probe
from floe_compiler.model.containers import SecretFile as SecretFile
from floe_compiler.model.containers import Variable as Variable
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.folders import Claim as Claim  # re-exported: parts of a container
from floe_compiler.model.folders import HostPath as HostPath
from floe_compiler.model.folders import Mount as Mount
from floe_compiler.model.folders import Scratch as Scratch
from floe_compiler.model.inputs import JobPlacement
from floe_compiler.model.objects import Object
from floe_compiler.model.operated_pods import OperatedPods as OperatedPods  # re-exported: parts of a component
from floe_compiler.model.operated_pods import Resources as Resources
from floe_compiler.model.operations import Data, EventScaling, Interface, Metrics, Scaling, Trigger
from floe_compiler.model.rendered import Description
from floe_compiler.model.secrets import Secret
from floe_compiler.model.span import Span


class Identity(msgspec.Struct, frozen=True):
    """The user, group and volume group of a pod's containers, as numbers (Kubernetes cannot verify a user's name)."""

    user: int
    group: int
    volume_group: int


class Pod(msgspec.Struct, frozen=True):
    """The pod of a workload, task or other fact.

    `calls` are the servers that the pod's containers connect to: the network policies at both ends follow from them.
    The pod waits for those in `waits_for` (a subset). `kubernetes_api` lists what the pod may do with the Kubernetes
    API; if it is empty, the pod gets no token and no network access to it. `kubernetes_api_everywhere` is the same for
    every namespace of the environment. `account` names a ServiceAccount that
    several workloads of the component share (default: one for each). `workload_identity` is the pod's identity in a
    cloud. `placement` is where it must run, besides where all of its kind do. `labels` and `annotations` are added to
    those of every pod. `architecture` is the CPU architecture (`amd64`) of the images, if they do not support all: the
    pod then only runs on such nodes.
    """

    containers: tuple[Container, ...]
    identity: Identity
    setup: tuple[Container, ...] = ()
    calls: tuple[Endpoint, ...] = ()
    waits_for: tuple[Endpoint, ...] = ()
    kubernetes_api: tuple[PolicyRule, ...] = ()
    kubernetes_api_everywhere: tuple[PolicyRule, ...] = ()
    account: str = ""
    workload_identity: WorkloadIdentity | None = None
    placement: JobPlacement | None = None
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    grace: int = 30
    architecture: str = ""
    node_access: str = ""
    """Why it reads files of its node, as root: only for components with the scope `nodes`, as nothing else may. It runs
    on every node, whatever its taints."""

    @property
    def calls_kubernetes(self) -> bool:
        """Return whether the pod uses the Kubernetes API."""
        return bool(self.kubernetes_api or self.kubernetes_api_everywhere)

    def servers(self) -> tuple[Endpoint, ...]:
        """Return all servers that the pod connects to, sorted."""
        return tuple(sorted({*self.calls, *(self.workload_identity.endpoints if self.workload_identity else ())}))


class Workload(msgspec.Struct, frozen=True):
    """A long-running server. `name` is that of its object, its Service and its pods' component label.

    `interfaces` are the ports that users open, which the ingress controller may reach. `available` is how many pods
    must keep running during a drain (default: one fewer than the replicas). `single` says why more than one replica
    cannot work. The pods that call the server start after it. If `awaited` is false, they do not wait, and the server
    starts last: a server that others do not need, such as a receiver of telemetry, must not delay them when unhealthy.
    """

    name: str
    pod: Pod
    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment"
    replicas: int | Scaling | EventScaling = 1
    awaited: bool = True
    recreate: bool = False
    available: int | None = None
    single: str = ""
    interfaces: tuple[Interface, ...] = ()
    metrics: tuple[Metrics, ...] = ()
    origin: Span | None = None
    """Its location in the inputs, if that is not where the component was chosen."""

    @property
    def fewest(self) -> int:
        """Return the lowest number of replicas."""
        return self.replicas if isinstance(self.replicas, int) else self.replicas.minimum

    @property
    def most(self) -> int:
        """Return the highest number of replicas."""
        return self.replicas if isinstance(self.replicas, int) else self.replicas.maximum

    @property
    def trigger(self) -> Trigger | None:
        """Return what KEDA looks at to scale it, if it does."""
        return self.replicas.trigger if isinstance(self.replicas, EventScaling) else None

    def ports(self) -> tuple[Port, ...]:
        """Return the ports of all of its containers."""
        return tuple(port for container in self.pod.containers for port in container.ports)


class Task(msgspec.Struct, frozen=True):
    """A pod that runs to completion: a Job, or a CronJob if there is a `schedule`.

    Jobs are immutable, so a Job's name gets a hash of its content: a changed Job is a new Job (see docs/decisions).
    `deadline` is in seconds. `prepares` are the servers of its namespace that cannot be used before it has completed:
    other pods that call them start after it, and so do these servers unless the task calls them. `labels` are further
    labels of the Job or CronJob itself.
    """

    name: str
    pod: Pod
    deadline: int
    retries: int = 0
    prepares: tuple[Endpoint, ...] = ()
    schedule: str = ""
    time_zone: str = "Etc/UTC"
    suspended: bool = False
    concurrency: Literal["Allow", "Forbid", "Replace"] = "Forbid"
    labels: tuple[tuple[str, str], ...] = ()
    after_sync: bool = False
    """Whether it runs after each sync, which fails if it does."""

    policy_of: str = ""
    """The pods of the same instance whose network policy its pods share: they have none of their own."""

    origin: Span | None = None
    """Its location in the inputs, if that is not where the component was chosen."""


class Launched(msgspec.Struct, frozen=True):
    """Pods that a workload of the component starts at run time: up to `count` at once.

    Of all pods that the component starts in its namespace, at most `at_once` run at a time (None: all).

    The component gives `kit.pods.pod_template` of `pod` to the launcher, so that the pods have the labels that
    policies select. The compiler renders their ServiceAccount and policies.
    """

    name: str
    pod: Pod
    count: int
    at_once: int | None = None
    origin: Span | None = None
    """Its location in the inputs, if that is not where the component was chosen."""

    description: Description | None = None
    """Where the rendered objects contain the template of these pods, so that patches of the template are checked."""

    instead: str = ""
    """Pods with the same name here never run at the same time, such as those of the steps of a run."""


class PlainYaml(msgspec.Struct, frozen=True):
    """Kubernetes objects as plain YAML, such as the published manifests of an operator."""

    name: str
    """Its name in messages."""

    text: str


class Parts(msgspec.Struct, frozen=True):
    """Everything that one component instance adds to its namespace.

    `objects` is for objects that no fact describes, and `include` for YAML files that the component ships (see
    `kit.plain_yaml`). The chart adds the namespace and common labels to both. `scraper` is set by what collects the
    metrics of all namespaces.
    """

    workloads: tuple[Workload, ...] = ()
    tasks: tuple[Task, ...] = ()
    launched: tuple[Launched, ...] = ()
    objects: tuple[Object, ...] = ()
    operated: tuple[OperatedPods, ...] = ()
    data: tuple[Data, ...] = ()
    include: tuple[PlainYaml, ...] = ()
    alerts: tuple[Alert, ...] = ()
    scraper: Scraper | None = None


def named_pods(parts: Parts) -> list[tuple[str, Pod]]:
    """Return the pods of an instance's workloads, tasks and launched pods, by the name in their label."""
    return [
        *((workload.name, workload.pod) for workload in parts.workloads),
        *((task.name, task.pod) for task in parts.tasks),
        *((pods.name, pods.pod) for pods in parts.launched),
    ]


def containers_of(pod: Pod) -> tuple[Container, ...]:
    """Return all containers of a pod, init containers first."""
    return (*pod.setup, *pod.containers)


def named_secrets(parts: Parts) -> frozenset[Secret]:
    """Return the secrets that the pods of an instance read, or that its custom resources or autoscalers name."""
    named = (secret for pods in parts.operated for secret in pods.secrets)
    of_triggers = (
        key.secret for workload in parts.workloads if workload.trigger for _, key in workload.trigger.secrets
    )
    return pod_secrets(pod for _, pod in named_pods(parts)) | frozenset(named) | frozenset(of_triggers)


def pod_secrets(pods: Iterable[Pod]) -> frozenset[Secret]:
    """Return the secrets that pods read, from files and variables."""
    containers = [container for pod in pods for container in containers_of(pod)]
    references = [file.secret for container in containers for file in container.secret_files]
    references += [variable.secret for container in containers for variable in container.variables if variable.secret]
    return frozenset(reference.secret for reference in references)
