"""Labels that others give to pods and Services: what they select is not rendered, or not labelled in this way."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.custom_resources import PROMETHEUS
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.selectors import Labels

OPERATED = (
    "cnpg.io/",
    "common.k8s.elastic.co/",
    "elasticsearch.k8s.elastic.co/",
    "operated-",
    "operator.prometheus.io/",
    "postgres-operator.crunchydata.com/",
    "ray.io/",
    "serving.knative.dev/",
    "spark-role",
    "sparkoperator.k8s.io/",
    "strimzi.io/",
    "v1.min.io/",
)
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

_PROGRAMS = {
    "Alertmanager": "alertmanager",
    "Prometheus": "prometheus",
    "PrometheusAgent": "prometheus-agent",
    "ThanosRuler": "thanos-ruler",
}
"""The programs of Prometheus' operator, by the kind of object that it starts them for."""


def may_select_more(keys: Iterable[str]) -> bool:
    """Return whether a selector with these keys may select pods or Services that are not rendered in this way."""
    return any(key in SET_BY_KUBERNETES or key.startswith(OPERATED) for key in keys)


def operated_labels(identity: ObjectId, manifest: Object) -> Labels | None:
    """Return the labels of the pods that Prometheus' operator starts for an object; None for any other object.

    Source: github.com/prometheus-operator/prometheus-operator, `makeStatefulSetSpec` of each kind.
    """
    program = _PROGRAMS.get(identity.kind)
    if identity.group != PROMETHEUS or program is None:
        return None
    return {
        **mapping(manifest, ("spec", "podMetadata", "labels")),
        program: identity.name,
        "app.kubernetes.io/instance": identity.name,
        "app.kubernetes.io/managed-by": "prometheus-operator",
        "app.kubernetes.io/name": program,
    }
