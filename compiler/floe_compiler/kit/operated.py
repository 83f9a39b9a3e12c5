"""Pods that an operator starts: the Service and the policy that select them, and the labels that they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.kit import labels, network
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import OperatedPods
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Callers, Instance
from floe_compiler.model.rendered import LaunchedPods, PodGroup


def pod_labels(declared: OperatedPods) -> labels.Labels:
    """Return the labels that the pods must have: those of the operator, and those that let them call others."""
    return labels.access_labels(declared.calls) | dict(declared.labels)


def operated_objects(
    instance: Instance[Any],
    declared: OperatedPods,
    callers: Callers,
    scraper: Scraper | None = None,
    asked: tuple[Port, ...] = (),
    opened: tuple[Port, ...] = (),
) -> list[Object]:
    """Return the Services and the network policy of such pods.

    KEDA may reach the ports that are `asked`, and the ingress controller those that are `opened`.
    """
    cluster = instance.settings.cluster
    headless = bool(declared.metrics and scraper and scraper.headless)
    openings = (
        *_openings(instance, declared, scraper),
        network.Opening(cluster.keda_namespace, asked),
        network.Opening(cluster.ingress_namespace, opened, cluster.ingress_addresses, declared=True),
    )
    return [*_services(instance, declared, headless=headless), _policy(instance, declared, callers, openings)]


def operated_group(namespace: str, declared: OperatedPods) -> LaunchedPods:
    """Return the pods as launched pods for the checks, as no rendered object has their template."""
    resources = declared.resources
    storage = (("storage", declared.storage),) if declared.storage else ()
    return LaunchedPods(
        PodGroup(namespace, declared.name),
        tuple(sorted(pod_labels(declared).items())),
        requests=(("cpu", resources.cpu), ("memory", resources.memory), *storage),
        limits=(("cpu", resources.cpu_limit), ("memory", resources.memory_limit)),
        count=declared.count,
        queue=f"pods of {declared.name}",
    )


def _services(instance: Instance[Any], declared: OperatedPods, *, headless: bool) -> list[Object]:
    # By number, as the operator sets the names of the containers' ports.
    ports = [
        {"name": port.name, "port": port.number, "targetPort": port.number, "protocol": port.protocol}
        for port in declared.ports
        if port.service
    ]
    selector = dict((*declared.labels, *declared.serving))
    spec = {"type": "ClusterIP", "selector": selector, **present(ports=ports)}
    by_name = {"selector": dict(declared.labels), "clusterIP": "None", "publishNotReadyAddresses": True}
    specs = {
        **({declared.service or declared.name: spec} if ports else {}),
        **({headless_name(declared.name): spec | by_name} if headless else {}),
    }
    return [
        manifest("v1", "Service", name, labels.selector(instance, declared.name), spec=spec)
        for name, spec in specs.items()
    ]


def _policy(
    instance: Instance[Any], declared: OperatedPods, callers: Callers, openings: Iterable[network.Opening]
) -> Object:
    return network.policy(
        instance,
        declared.name,
        declared.calls,
        selector=dict(declared.labels),
        served=declared.ports,
        callers=callers,
        openings=openings,
        kubernetes_api=declared.kubernetes_api,
    )


def _openings(instance: Instance[Any], declared: OperatedPods, scraper: Scraper | None) -> Iterator[network.Opening]:
    """Yield what the operator, the ingress controller, and a scraper outside the platform may reach."""
    yield network.Opening(declared.operator, declared.ports)
    cluster = instance.settings.cluster
    if declared.opened:
        yield network.Opening(cluster.ingress_namespace, declared.ports, cluster.ingress_addresses, declared=True)
    if scraper:
        measured = {metrics.port for metrics in declared.metrics}
        yield network.Opening(scraper.namespace, tuple(port for port in declared.ports if port.name in measured))
