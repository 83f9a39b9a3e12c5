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
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.kit import labels
from floe_compiler.kit.meta import manifest
from floe_compiler.kit.monitoring.object_metrics import object_metrics
from floe_compiler.kit.monitoring.rules import rule_groups
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.alerts import MetricsSource, Scraper, check_runbooks
from floe_compiler.model.capabilities import Capability, MetricsStore, Monitoring
from floe_compiler.model.endpoint import Endpoint, Port, foreign_endpoint, url_endpoint
from floe_compiler.model.facts import Parts, Workload
from floe_compiler.model.fields import Cidr, LabelKey, LabelValue, Name, NamespaceName, PortNumber, Timeout
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import Input, Reached
from floe_compiler.model.mesh_facts import MeshFacts, ScrapeTarget
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.trust import Trust

API = "monitoring.coreos.com/v1"


def check_address(text: str) -> str:
    """Accept the address of an HTTP API."""
    return check_url(text, "https://metrics.example.com")


class Store(Reached):
    """The HTTP API of the Prometheus, or of what has its metrics (Thanos): `service` or `url`, without a login."""

    named_by = "url"

    service: Name | None = None
    """A Service in its namespace. Its pods must listen on the same port."""
    port: PortNumber = 9090
    """The port of the Service."""
    url: Annotated[str, AfterValidator(check_address)] | None = None
    """The URL of a server outside the cluster."""
    cidr: Cidr = ANYWHERE
    """The server's address range, for network policies."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.service is None) == (self.url is None):
            raise ValueError("write the service in the cluster, or the url of a server outside, one of the two")
        if self.url is None and self.cidr != ANYWHERE:
            raise ValueError("cidr is for a url, as the policy for a service names its namespace; leave cidr out")
        if self.url is not None and "port" in self.model_fields_set:
            raise ValueError("port is that of a service; write the port into the url")
        return self


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
    certificate_metrics: bool = True
    """Whether the Prometheus has the metrics of cert-manager, for alerts on the certificates of the `ingress`."""
    store: Store | None = None
    """Where metrics can be queried. Dashboards need it."""
    runbooks: Annotated[str, AfterValidator(check_runbooks), Field(examples=["https://wiki.example.com/runbooks"])]
    """The URL of the page with a section for each alert (`docs/runbooks.md` of this compiler, published where those can
    read it who are told). Each alert has it, with the section's anchor."""


def provides(instance: Instance[OperatorConfig]) -> tuple[Capability, ...]:
    """Return that metrics are collected, and where they can be queried, if that is known."""
    store = instance.config.store
    stores = (MetricsStore(instance.name, endpoint(store, instance)),) if store else ()
    return (*stores, Monitoring(instance.name))


def endpoint(store: Store, instance: Instance[OperatorConfig]) -> Endpoint:
    """Return the server of the HTTP API."""
    if store.url:
        return url_endpoint(store.url, store.cidr)
    domain, port = instance.settings.cluster.domain, Port("http", store.port)
    return foreign_endpoint(store.service or "", instance.config.namespace, domain, port)


def build(context: Context[OperatorConfig]) -> Parts:
    """Return the metrics of objects, and what may collect all metrics."""
    return Parts(workloads=_workloads(context, ()), scraper=Scraper(namespace=context.config.namespace))


def completes(context: Context[OperatorConfig], mesh: MeshFacts) -> Parts:
    """Return a monitor for each target, and the rules of each namespace."""
    config = context.config
    sources: set[MetricsSource] = {"objects"}
    if config.container_metrics:
        sources.add("containers")
    if config.certificate_metrics:
        sources.add("certificates")
    groups = rule_groups(mesh, sources, config.runbooks)
    return Parts(
        workloads=_workloads(context, (namespace.name for namespace in mesh.namespaces)),
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
        **_secured(target.endpoint, context.settings.trust),
        "relabelings": [{"targetLabel": "job", "replacement": target.job, "action": "replace"}],
    }
    name = f"{target.namespace}.{target.job}"
    metadata = _labels(context, group.name)
    places = {"namespaceSelector": {"matchNames": [target.namespace]}}
    if port.service and not pods:
        # A StatefulSet has two Services, and each pod must be scraped once.
        of_service = {"sourceLabels": ["__meta_kubernetes_service_name"], "regex": group.name, "action": "keep"}
        spec = {"endpoints": [{**common, "relabelings": [of_service, *common["relabelings"]]}]}
        selector = {"matchLabels": {labels.COMPONENT: group.name}}
        yield manifest(API, "ServiceMonitor", name, metadata, spec={"selector": selector, **places, **spec})
    else:
        selector = {"matchLabels": pods or {labels.COMPONENT: group.name}}
        yield manifest(
            API, "PodMonitor", name, metadata, spec={"selector": selector, **places, "podMetricsEndpoints": [common]}
        )


def _secured(server: Endpoint, trust: Trust | None) -> Object:
    """Return how a server with a certificate is asked: by pods that others keep, which have none of our files."""
    if not server.port().tls or trust is None:
        return {}
    authorities = {"configMap": {"name": trust.config_map, "key": trust.certificates}}
    return {"scheme": "https", "tlsConfig": {"ca": authorities, "serverName": server.host}}


COMPONENT = Component(
    slot="observability.metrics",
    type="prometheus-operator",
    summary="Monitors and rules for a Prometheus that the Prometheus Operator runs",
    config=OperatorConfig,
    build=build,
    provides=provides,
    completes=completes,
    unprovided={MetricsStore: "say where its HTTP API is: store: {service: kube-prometheus-stack-prometheus}"},
    scope="platform",
    in_each_cluster=True,
)
