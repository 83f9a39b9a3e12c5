"""kube-state-metrics: metrics of the objects in the platform's namespaces, without rights to the whole cluster.

It lists and watches objects with a Role in each namespace. It has no rights to Secrets or ConfigMaps.

Sources: kubernetes/kube-state-metrics 2.20, `docs/developer/cli-arguments.md` (options), `pkg/app/server.go` (`/livez`
is at the port of the metrics, `/readyz` at the other one). Version 2.20.0 was run with the rendered arguments against
kube-apiserver 1.34, where it may do only what the rendered Roles allow: it logs no error, and alerts find their series.
"""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.kit.labels import BACKUP
from floe_compiler.model.accounts import PolicyRule
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Container, Identity, Pod, Probe, Resources, Workload
from floe_compiler.model.operations import Metrics

IMAGE = "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0"
NAME = "kube-state-metrics"
IDENTITY = Identity(65534, 65534, 65534)
METRICS = Port("metrics", 8080)
OWN = Port("telemetry", 8081, service=False)
RESOURCES = Resources("20m", "64Mi", "200m", "256Mi")

WATCHED = {
    "": ("persistentvolumeclaims", "pods", "resourcequotas"),
    "apps": ("daemonsets", "deployments", "statefulsets"),
    "batch": ("cronjobs", "jobs"),
}
"""The resources that alerts are about, by API group."""


def object_metrics(namespaces: Iterable[str]) -> Workload:
    """Return kube-state-metrics for these namespaces."""
    resources = sorted(resource for group in WATCHED.values() for resource in group)
    container = Container(
        NAME,
        IMAGE,
        RESOURCES,
        arguments=(
            f"--port={METRICS.number}",
            f"--telemetry-port={OWN.number}",
            f"--resources={','.join(resources)}",
            f"--namespaces={','.join(namespaces)}",
            f"--metric-labels-allowlist=cronjobs=[{BACKUP}]",
        ),
        ports=(METRICS, OWN),
        liveness=Probe(METRICS.name, "/livez", delay=5, timeout=5),
        readiness=Probe(OWN.name, "/readyz", delay=5, timeout=5),
    )
    rules = tuple(PolicyRule((group,), names, ("list", "watch")) for group, names in WATCHED.items())
    return Workload(
        NAME,
        Pod((container,), IDENTITY, kubernetes_api_everywhere=rules),
        awaited=False,
        single="It keeps nothing, and two would report everything twice.",
        metrics=(Metrics(METRICS.name, own_labels=True),),
    )
