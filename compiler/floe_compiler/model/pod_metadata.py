"""Labels and annotations that people may give to pods: none that mean something to the compiler or to Kubernetes."""

from __future__ import annotations

from collections.abc import Iterable

RESERVED = (
    "app.kubernetes.io",
    "apparmor.security.beta.kubernetes.io",
    "argocd.argoproj.io",
    "azure.workload.identity",
    "batch.kubernetes.io",
    "dagster",
    "floe.dev",
    "helm.sh",
    "kubectl.kubernetes.io",
    "kustomize.toolkit.fluxcd.io",
    "node.kubernetes.io",
    "pod-security.kubernetes.io",
    "seccomp.security.alpha.kubernetes.io",
    "topology.kubernetes.io",
)
"""Prefixes of keys by which pods are selected, run and delivered; also with more before them (`access.floe.dev`)."""

WITHOUT_PREFIX = ("controller-uid", "dagster", "job-name")
"""Keys without a prefix that Kubernetes or an orchestrator sets. (Dagster's begin with `dagster`.)"""


def prefix_of(key: str) -> str:
    """Return the prefix of a label's or annotation's key; empty if it has none."""
    return key.rpartition("/")[0]


def check_free_key(key: str) -> str:
    """Refuse a key that means something else; return the others."""
    prefix = prefix_of(key)
    if any(prefix == reserved or prefix.endswith(f".{reserved}") for reserved in RESERVED):
        raise ValueError(f"{key} is set by the compiler or by Kubernetes; use another prefix, or none")
    if not prefix and key.startswith(WITHOUT_PREFIX):
        raise ValueError(f"{key} is set by what starts the pods; use another key")
    return key


def beyond(keys: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Return the keys with a prefix that is not allowed."""
    known = {"", *allowed}
    return tuple(key for key in keys if prefix_of(key) not in known)
