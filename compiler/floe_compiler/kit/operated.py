"""Pods that an operator starts: the Service and the policy that select them, and the labels that they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.kit import labels, network, service_mesh
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import OperatedPods
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Callers, Instance
from floe_compiler.model.rendered import LaunchedPods, PodGroup
from floe_compiler.model.settings import Settings


def pod_labels(declared: OperatedPods) -> labels.Labels:
    """Return the labels that the pods must have: those of the operator, and those that let them call others."""
    return labels.access_labels(declared.calls) | dict(declared.labels)


def operated_objects(
    instance: Instance[Any],
    declared: OperatedPods,
    callers: Callers,
    scraper: Scraper | None = None,
    keda_ports: tuple[Port, ...] = (),
    opened: tuple[Port, ...] = (),
) -> list[Object]:
    """Return the Services and the network policy of such pods.

    KEDA may reach the ports that are `keda_ports`, and the ingress controller those that are `opened`.
    """
    headless = bool(declared.metrics and scraper and scraper.headless)
    openings = tuple(ways_in(instance, declared, scraper, keda_ports, opened))
    return [*_services(instance, declared, headless=headless), _policy(instance, declared, callers, openings)]


def operated_group(settings: Settings, namespace: str, declared: OperatedPods) -> LaunchedPods:
    """Return the pods as launched pods for the checks, as no rendered object has their template."""
    resources = declared.resources
    storage = (("storage", declared.storage),) if declared.storage else ()
    return LaunchedPods(
        PodGroup(namespace, declared.name),
        tuple(sorted(pod_labels(declared).items())),
        requests=(*service_mesh.with_proxy(settings, "requests", resources), *storage),
        limits=service_mesh.with_proxy(settings, "limits", resources),
        count=declared.count,
        queue=f"pods of {declared.name}",
    )


def _services(instance: Instance[Any], declared: OperatedPods, *, headless: bool) -> list[Object]:
    # By number, as the operator sets the names of the containers' ports.
    settings = instance.settings
    served = tuple(port for port in declared.ports if port.service)
    headless_ports = declared.ports if service_mesh.finds_by_address(settings) else served
    ports = [_service_port(settings, port) for port in served]
    selector = dict((*declared.labels, *declared.serving))
    spec = {"type": "ClusterIP", "selector": selector, **present(ports=ports)}
    service_ports = [_service_port(settings, port, headless=True) for port in headless_ports]
    by_name = {
        "selector": dict(declared.labels),
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        **present(ports=service_ports),
    }
    specs = {
        **({declared.service or declared.name: spec} if ports else {}),
        **({headless_name(declared.name): spec | by_name} if headless else {}),
    }
    return [
        manifest("v1", "Service", name, labels.selector(instance, declared.name), spec=spec)
        for name, spec in specs.items()
    ]


def _service_port(settings: Settings, port: Port, *, headless: bool = False) -> Object:
    return {
        "name": port.name,
        "port": port.number,
        "targetPort": port.number,
        "protocol": port.protocol,
        **service_mesh.service_port(settings, port, headless=headless),
    }


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


def ways_in(
    instance: Instance[Any],
    declared: OperatedPods,
    scraper: Scraper | None = None,
    keda_ports: tuple[Port, ...] = (),
    opened: tuple[Port, ...] = (),
) -> Iterator[network.Opening]:
    """Yield what the operator, the ingress controller, a scraper outside the platform, and KEDA may reach."""
    yield network.Opening(declared.operator, declared.ports)
    cluster = instance.settings.cluster
    open_ports = declared.ports if declared.opened else opened
    yield network.Opening(cluster.ingress_namespace, open_ports, cluster.ingress_addresses, declared=True)
    if scraper:
        measured = {metrics.port for metrics in declared.metrics}
        yield network.Opening(scraper.namespace, tuple(port for port in declared.ports if port.name in measured))
    yield network.Opening(cluster.keda_namespace, keda_ports)
