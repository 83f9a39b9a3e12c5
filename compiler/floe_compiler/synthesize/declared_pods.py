"""What a namespace declares of its pods that no object says: those that are launched, and exceptions to rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.kit import operated, service_mesh
from floe_compiler.kit.pods import pod_labels
from floe_compiler.model.facts import Launched, Parts, containers_of, named_pods
from floe_compiler.model.plan import NODES, DeclaredUnit, Instance
from floe_compiler.model.rendered import LaunchedPods, PodGroup, SecurityException

NODE_FIELDS = ("hostPath", "runAsNonRoot", "runAsUser")
"""What pods with access to their node may do against the restricted standard."""


def launched_pods(unit: DeclaredUnit) -> Iterator[LaunchedPods]:
    """Yield the pods that programs and operators start at run time, so that no object has their template."""
    for declared in unit.instances:
        yield from (_launched_group(declared.instance, pods) for pods in declared.parts.launched)
        not_rendered = (pods for pods in declared.parts.operated if not pods.rendered)
        yield from (operated.operated_group(unit.settings, unit.namespace, pods) for pods in not_rendered)


def _launched_group(instance: Instance[Any], declared: Launched) -> LaunchedPods:
    resources = declared.pod.containers[0].resources
    return LaunchedPods(
        PodGroup(instance.namespace, declared.name),
        tuple(sorted(pod_labels(instance, declared.name, declared.pod).items())),
        requests=service_mesh.with_proxy(instance.settings, "requests", resources),
        limits=service_mesh.with_proxy(instance.settings, "limits", resources),
        count=declared.count,
        queue=f"runs of {instance.type}",
        at_once=declared.at_once,
        instead=declared.instead,
        description=declared.description,
    )


def security_exceptions(unit: DeclaredUnit, parts: Iterable[Parts]) -> list[SecurityException]:
    """Return the declared exceptions; raise ValueError for access to the nodes in another namespace than theirs."""
    exceptions, namespace = [], unit.namespace
    for own in parts:
        for name, pod in named_pods(own):
            if pod.node_access or any(container.host_paths for container in containers_of(pod)):
                if unit.scope != NODES or not pod.node_access:
                    raise ValueError(
                        f"{namespace}/{name} uses its node: only a component of the scope nodes may, with a reason"
                    )
                exceptions += [
                    SecurityException(PodGroup(namespace, name), field, pod.node_access) for field in NODE_FIELDS
                ]
            reasons = [container.writable_root for container in containers_of(pod) if container.writable_root]
            if reasons:
                reason = "; ".join(dict.fromkeys(reasons))
                exceptions.append(SecurityException(PodGroup(namespace, name), "readOnlyRootFilesystem", reason))
        exceptions += [
            SecurityException(PodGroup(namespace, server.name), "singleReplica", server.single)
            for server in own.workloads
            if server.single
        ]
    return exceptions
