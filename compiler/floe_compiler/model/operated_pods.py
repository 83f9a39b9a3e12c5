"""Pods that an operator starts, and the resources of pods."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.operations import Interface, Metrics
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.secrets import Secret


class Resources(msgspec.Struct, frozen=True):
    """Requests and limits as Kubernetes quantities; `devices` are both, as a device is not shared.

    `disk` is the space of the node's disk that is requested; empty: none.
    """

    cpu: str
    memory: str
    cpu_limit: str
    memory_limit: str
    devices: tuple[tuple[str, int], ...] = ()
    disk: str = ""


class OperatedPods(msgspec.Struct, frozen=True):
    """Pods that an operator starts for a custom resource in `Parts.objects`, up to `count` at once.

    Their Service and policies select `labels`, which the operator sets. The component also writes the labels of
    `kit.operated.pod_labels` into the custom resource, so that policies let the pods call others, and the annotations
    of `kit.service_mesh.pod_annotations`, so that their proxies fit the quota. `operator` is the operator's namespace,
    if the operator connects to their ports. With `opened`, the ingress controller does. `storage` is the size of each
    volume. `serving` are further labels of those pods that are behind their Service. `secrets` are
    those that the custom resource names. `told_authorities` says that it also tells the pods the authority of each
    server with TLS that they call.

    Pods whose workload is among the objects (`rendered`), as those of Helm charts, are not launched pods. `interfaces`
    are the ports that users open. `service` is the name of their Service (default: their own).
    """

    name: str
    labels: tuple[tuple[str, str], ...]
    resources: Resources
    count: int = 1
    storage: str = ""
    ports: tuple[Port, ...] = ()
    calls: tuple[Endpoint, ...] = ()
    kubernetes_api: bool = False
    operator: str = ""
    metrics: tuple[Metrics, ...] = ()
    opened: bool = False
    serving: tuple[tuple[str, str], ...] = ()
    secrets: tuple[Secret, ...] = ()
    told_authorities: bool = False
    rendered: bool = False
    interfaces: tuple[Interface, ...] = ()
    service: str = ""

    def endpoint(self, namespace: str, cluster_domain: str) -> Endpoint:
        """Return the endpoint of their Service."""
        server = service_endpoint(self.service or self.name, namespace, cluster_domain, self.ports)
        return replace(server, group=PodGroup(namespace, self.name), labels=self.labels)
