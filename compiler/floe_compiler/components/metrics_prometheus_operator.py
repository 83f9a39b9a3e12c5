"""Metrics for a Prometheus that the Prometheus Operator runs: monitors and rules, for the operator to find.

The operator reads these objects in the platform's namespace, and scrapes pods in all namespaces of the platform. A
monitor or rule without the labels that it selects is ignored without a word: `labels` are those of the Helm chart
kube-prometheus-stack, whose release is named so.

Sources: prometheus-operator/prometheus-operator, `Documentation/api-reference/api.md` (ServiceMonitor: the name of a
port of the Service; PodMonitor: that of the container's port); prometheus-community/helm-charts, kube-prometheus-stack
(`serviceMonitorSelectorNilUsesHelmValues` and its siblings: only objects with the label `release`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest
from floe_compiler.kit.monitoring.object_metrics import object_metrics
from floe_compiler.kit.monitoring.rules import RUNBOOKS, rule_groups
from floe_compiler.model.alerts import MetricsSource, Scraper
from floe_compiler.model.capabilities import Monitoring
from floe_compiler.model.facts import Parts, Workload
from floe_compiler.model.fields import LabelKey, LabelValue, NamespaceName, Timeout
from floe_compiler.model.inputs import Input
from floe_compiler.model.mesh_facts import MeshFacts, ScrapeTarget
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Component, Context, Instance

API = "monitoring.coreos.com/v1"


class OperatorConfig(Input):
    """A Prometheus of the Prometheus Operator, which somebody else runs in the cluster."""

    type: Literal["prometheus-operator"] = "prometheus-operator"
    """The kind of metrics store."""
    namespace: NamespaceName = "monitoring"
    """The namespace of the Prometheus, which network policies let in."""
    labels: dict[LabelKey, LabelValue] = Field(default_factory=lambda: {"release": "kube-prometheus-stack"})
    """The labels by which the operator finds monitors and rules."""
    interval: Timeout = "30s"
    """How often metrics are collected."""
    object_metrics: bool = True
    """Whether to run a kube-state-metrics for the platform's namespaces. Without it, the cluster's own must have the
    option `--metric-labels-allowlist=cronjobs=[floe.dev/backup]`."""
    container_metrics: bool = True
    """Whether the Prometheus has the metrics of the kubelets: memory of containers, and how full volumes are."""
    runbooks: Annotated[str, Field(min_length=1, examples=["https://wiki.example.com/runbooks"])] = RUNBOOKS
    """The address of the page with a section for each alert. Each alert has it, with the section's anchor."""


def provides(instance: Instance[OperatorConfig]) -> tuple[Monitoring, ...]:
    """Return that metrics are collected."""
    return (Monitoring(instance.name),)


def build(context: Context[OperatorConfig]) -> Parts:
    """Return the metrics of objects, and what may collect all metrics."""
    return Parts(workloads=_workloads(context, ()), scraper=Scraper(namespace=context.config.namespace))


def completes(context: Context[OperatorConfig], mesh: MeshFacts) -> Parts:
    """Return a monitor for each target, and the rules of each namespace."""
    config = context.config
    sources: set[MetricsSource] = {"objects"}
    if config.container_metrics:
        sources.add("containers")
    groups = rule_groups(mesh, sources, config.runbooks)
    return Parts(
        workloads=_workloads(context, (one.name for one in mesh.namespaces)),
        objects=(
            *(monitor for target in mesh.scrape_targets for monitor in _monitor(context, target)),
            *(
                manifest(API, "PrometheusRule", namespace, _labels(context, namespace), spec={"groups": [*rules]})
                for namespace, rules in groups.items()
            ),
        ),
    )


def _workloads(context: Context[OperatorConfig], namespaces: Iterable[str]) -> tuple[Workload, ...]:
    return (object_metrics(namespaces),) if context.config.object_metrics else ()


def _labels(context: Context[OperatorConfig], component: str) -> labels.Labels:
    return {**labels.selector(context.instance, component), **context.config.labels}


def _monitor(context: Context[OperatorConfig], target: ScrapeTarget) -> Iterator[Object]:
    """Yield the monitor of a target: of its Service, if that has the port, or else of its pods."""
    port, group = target.endpoint.port(), target.endpoint.group
    if group is None:
        return
    pods = dict(target.endpoint.labels)
    common: dict[str, Any] = {
        "port": port.name,
        "path": target.path,
        "interval": context.config.interval,
        "honorLabels": target.own_labels,
        "relabelings": [{"targetLabel": "job", "replacement": target.job, "action": "replace"}],
    }
    name = f"{target.namespace}.{target.job}"
    metadata = _labels(context, group.name)
    places = {"namespaceSelector": {"matchNames": [target.namespace]}}
    if port.service and not pods:
        # A StatefulSet has two Services, and each pod must be scraped once.
        one = {"sourceLabels": ["__meta_kubernetes_service_name"], "regex": group.name, "action": "keep"}
        spec = {"endpoints": [{**common, "relabelings": [one, *common["relabelings"]]}]}
        selector = {"matchLabels": {labels.COMPONENT: group.name}}
        yield manifest(API, "ServiceMonitor", name, metadata, spec={"selector": selector, **places, **spec})
    else:
        selector = {"matchLabels": pods or {labels.COMPONENT: group.name}}
        yield manifest(
            API, "PodMonitor", name, metadata, spec={"selector": selector, **places, "podMetricsEndpoints": [common]}
        )


COMPONENT = Component(
    slot="observability.metrics",
    type="prometheus-operator",
    summary="Monitors and rules for a Prometheus that the Prometheus Operator runs",
    config=OperatorConfig,
    build=build,
    provides=provides,
    completes=completes,
    scope="platform",
)
