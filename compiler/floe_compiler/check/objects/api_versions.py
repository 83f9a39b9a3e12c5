"""The environment's Kubernetes version must have the objects' kinds and API versions.

Source: the Kubernetes deprecation guide, https://kubernetes.io/docs/reference/using-api/deprecation-guide/.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from floe_compiler.check.index import Index
from floe_compiler.check.objects.custom_resources import published
from floe_compiler.model.diagnostics import Diagnostic, Rule, nearest

REMOVED = Rule(
    "C004",
    "removed API version",
    "The environment's Kubernetes version, or the kind's operator, no longer serves this API version. "
    "Use the one that replaced it.",
)
DEPRECATED = Rule(
    "C005",
    "deprecated API version",
    "A later Kubernetes version no longer serves this API version. Use the one that replaces it.",
    "warning",
)

UNKNOWN = Rule(
    "C006",
    "unknown kind of Kubernetes",
    "The API group is one of Kubernetes' own, but it does not have this kind in this version. Correct one of them.",
)
RULES = (REMOVED, DEPRECATED, UNKNOWN)

Version = tuple[int, int]


class _Change(NamedTuple):
    deprecated: Version
    removed: Version
    replacement: str


_WORKLOADS = _Change((1, 9), (1, 16), "apps/v1")
_ADMISSION = _Change((1, 16), (1, 22), "admissionregistration.k8s.io/v1")
_RBAC = _Change((1, 17), (1, 22), "rbac.authorization.k8s.io/v1")
_STORAGE = _Change((1, 19), (1, 22), "storage.k8s.io/v1")
_FLOW = "flowcontrol.apiserver.k8s.io/v1"

_CHANGES: Mapping[tuple[str, str], _Change] = {
    **{
        (f"{group}", kind): _WORKLOADS
        for group in ("extensions/v1beta1", "apps/v1beta1", "apps/v1beta2")
        for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
    },
    ("extensions/v1beta1", "NetworkPolicy"): _Change((1, 9), (1, 16), "networking.k8s.io/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy"): _Change((1, 10), (1, 16), "Pod Security admission"),
    ("extensions/v1beta1", "Ingress"): _Change((1, 14), (1, 22), "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "Ingress"): _Change((1, 19), (1, 22), "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass"): _Change((1, 19), (1, 22), "networking.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): _ADMISSION,
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): _ADMISSION,
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): _Change((1, 16), (1, 22), "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "APIService"): _Change((1, 19), (1, 22), "apiregistration.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"): _Change((1, 19), (1, 22), "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "Lease"): _Change((1, 19), (1, 22), "coordination.k8s.io/v1"),
    **{
        ("rbac.authorization.k8s.io/v1beta1", kind): _RBAC
        for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    },
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): _Change((1, 14), (1, 22), "scheduling.k8s.io/v1"),
    **{
        ("storage.k8s.io/v1beta1", kind): _STORAGE
        for kind in ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment")
    },
    ("batch/v1beta1", "CronJob"): _Change((1, 21), (1, 25), "batch/v1"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): _Change((1, 21), (1, 25), "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event"): _Change((1, 19), (1, 25), "events.k8s.io/v1"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): _Change((1, 23), (1, 25), "autoscaling/v2"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): _Change((1, 23), (1, 26), "autoscaling/v2"),
    ("policy/v1beta1", "PodDisruptionBudget"): _Change((1, 21), (1, 25), "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy"): _Change((1, 21), (1, 25), "Pod Security admission"),
    ("node.k8s.io/v1beta1", "RuntimeClass"): _Change((1, 20), (1, 25), "node.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity"): _Change((1, 24), (1, 27), "storage.k8s.io/v1"),
    **{
        (f"flowcontrol.apiserver.k8s.io/{version}", kind): _Change(deprecated, removed, _FLOW)
        for version, deprecated, removed in (
            ("v1beta1", (1, 23), (1, 26)),
            ("v1beta2", (1, 26), (1, 29)),
            ("v1beta3", (1, 29), (1, 32)),
        )
        for kind in ("FlowSchema", "PriorityLevelConfiguration")
    },
    ("v1", "Endpoints"): _Change((1, 33), (99, 0), "discovery.k8s.io/v1 EndpointSlice"),
    ("v1", "ComponentStatus"): _Change((1, 19), (99, 0), "the health endpoints of the control plane"),
}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects of unknown kinds of Kubernetes, and objects with a removed or deprecated API version."""
    target = _version(index.rendered.kubernetes_version)
    for identity, manifest in index.objects.items():
        api_version = str(manifest.get("apiVersion", ""))
        change = _CHANGES.get((api_version, identity.kind))
        if (
            change is None
            and api_version
            and identity in index.shapes.unknown
            and index.kubernetes.owns(identity.group)
        ):
            message = f"Kubernetes {index.rendered.kubernetes_version} has no {api_version} {identity.kind}"
            yield index.finding(UNKNOWN, identity, message, _meant(index.kubernetes.kinds, api_version, identity.kind))
        # A CustomResourceDefinition among the objects may define the version, so that it is known.
        gone = published.REMOVED.get((api_version, identity.kind))
        if gone and identity in index.shapes.unknown:
            since, replacement = gone
            message = f"{api_version} {identity.kind} was removed in {since}"
            yield index.finding(REMOVED, identity, message, f"write apiVersion: {replacement}")
        if change is None or target < change.deprecated:
            continue
        removed = change.removed <= target
        since = "was removed in" if removed else "has been deprecated since"
        version = _text(change.removed if removed else change.deprecated)
        message = f"{api_version} {identity.kind} {since} Kubernetes {version}"
        yield index.finding(REMOVED if removed else DEPRECATED, identity, message, f"use {change.replacement}")


def _meant(known: Collection[tuple[str, str]], api_version: str, kind: str) -> str:
    """Return a hint with the kind of the same name, or with the most similar name."""
    same = [candidate for candidate in known if candidate[1].casefold() == kind.casefold()]
    if not same:
        names = {name for version, name in known if version == api_version} or {name for _, name in known}
        return nearest(kind, names)
    group = api_version.rpartition("/")[0]
    best, name = max(
        same, key=lambda kind: (kind[0] == api_version, kind[0].rpartition("/")[0] == group, *_age(kind[0]))
    )
    if best == api_version:
        return f'did you mean "{name}"?'
    return f"write apiVersion: {best}" + (f", kind: {name}" if name != kind else "")


def _age(api_version: str) -> tuple[bool, str]:
    """Return the sort key of a group's versions: the newest stable version is last."""
    version = api_version.rpartition("/")[2]
    return version.removeprefix("v").isdecimal(), version


def _version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return (int(major), int(minor.partition(".")[0]))


def _text(version: Version) -> str:
    return ".".join(map(str, version))
