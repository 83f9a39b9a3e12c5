"""Labels that others give to pods and Services: what they select is not rendered, or not labelled in this way."""

from __future__ import annotations

from collections.abc import Iterable

OPERATED = ("cnpg.io/", "serving.knative.dev/", "spark-role", "sparkoperator.k8s.io/", "strimzi.io/")
"""How labels begin that only operators give to the pods and Services that they create."""

SET_BY_KUBERNETES = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""The labels that Kubernetes' controllers give to the pods that they create."""


def may_select_more(keys: Iterable[str]) -> bool:
    """Return whether a selector with these keys may select pods or Services that are not rendered in this way."""
    return any(key in SET_BY_KUBERNETES or key.startswith(OPERATED) for key in keys)
