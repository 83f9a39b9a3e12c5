"""What a pod may do: with the Kubernetes API by a Role, and in a cloud by the identity of its ServiceAccount."""

from __future__ import annotations

from dataclasses import dataclass

from floe_compiler.model.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule of a Role in the pod's own namespace; `names` limits it to these objects (default: all)."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkloadIdentity:
    """Who a pod is in a cloud, by its ServiceAccount and without a stored key.

    `annotations` are those of the account, `labels` those of the pod, and `endpoints` the servers that exchange the
    account's token for credentials (AWS STS): pods with this identity call them.
    """

    annotations: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
