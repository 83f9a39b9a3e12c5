"""The objects of the parts of a unit: what surrounds its pods, each component instance, and its ConfigMaps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.kit import (
    accounts,
    certificates,
    keda,
    labels,
    namespaces,
    network,
    operated,
    service_mesh,
    services,
    workloads,
)
from floe_compiler.kit.config_maps import linked_hosts
from floe_compiler.kit.meta import manifest, present
from floe_compiler.model.annotations import EXTERNAL_HOSTS
from floe_compiler.model.facts import Parts, Task, Workload, named_pods
from floe_compiler.model.links import Linked
from floe_compiler.model.object_memory import remembered_from_facts
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeclaredUnit, Instance
from floe_compiler.synthesize.mesh_servers import mesh_objects
from floe_compiler.synthesize.origins import ConfigMapData, read_config_maps
from floe_compiler.synthesize.policies import NOBODY, WaysIn, opened_ports, policies

NAMESPACE, CONFIGURATION = SHARED_PARTS = ("namespace", "configuration")
"""The parts of a namespace that follow from several instances and from nothing else: its Namespace, with limits and
common network policies, and its ConfigMaps."""


def part_of(instance: Instance[Any]) -> str:
    """Return the name of the part that a component instance renders."""
    return f"{instance.slot} {instance.type} {instance.name}"


def own_part(unit: DeclaredUnit, part: str) -> tuple[Object, ...]:
    """Return the objects of one part of a namespace that follow from what it declares itself, whoever calls it.

    Those of a component instance are without its Services and network policies. If it asks for the addresses of
    interfaces, they are without these (`asks_for_addresses`). A part is a component instance (`part_of`) or one of
    `SHARED_PARTS`.
    """
    if part == NAMESPACE:
        return tuple(namespace_objects(unit))
    if part == CONFIGURATION:
        return tuple(configuration(unit, read_config_maps(unit)))
    return tuple(
        rendered
        for declared in unit.instances
        if part_of(declared.instance) == part
        for rendered in (*instance_objects(declared.instance, declared.parts, None), *declared.objects)
    )


def namespace_objects(unit: DeclaredUnit) -> list[Object]:
    """Return the Namespace and its namespace-wide objects, except its quota."""
    settings, name = unit.settings, unit.namespace
    return [
        namespaces.namespace(settings, name, unit.scope, unit.owner),
        namespaces.limits(settings),
        *network.namespace_policies(settings),
        *service_mesh.namespace_objects(settings),
    ]


def instance_objects(instance: Instance[Any], parts: Parts, ways: WaysIn | None = NOBODY) -> list[Object]:
    """Return the objects of one component instance, except its ConfigMaps and secrets.

    Without `ways`, they are those that are the same whoever reaches its pods: no Services and network policies.
    """
    instance = instance.as_rendered()
    objects: list[Object] = list(parts.objects)
    scraper = ways.scraper if ways else None
    for server in parts.workloads:
        found_by_name = bool(server.metrics and scraper and scraper.headless)
        objects += _server_objects(instance, server, ways.linked if ways else None, found_by_name=found_by_name)
    objects += [_task(instance, task) for task in parts.tasks]
    if ways:
        objects += policies(instance, parts, ways)
        for pods in parts.operated:
            keda_ports = ways.keda_ports.get(pods.name, ())
            callers, opened = ways.callers.get(pods.name, {}), opened_ports(pods, ways)
            objects += operated.operated_objects(instance, pods, callers, scraper, keda_ports, opened)
        objects += mesh_objects(instance, parts, ways)
    objects += accounts.accounts(instance, named_pods(parts))
    return objects


@remembered_from_facts
def _server_objects(
    instance: Instance[Any], server: Workload, linked: Linked | None, *, found_by_name: bool
) -> tuple[Object, ...]:
    """Return the objects of a server; without what other clusters call (`linked`), no Services."""
    called = services.services(instance, server, linked, found_by_name=found_by_name) if linked is not None else ()
    return (
        workloads.workload(instance, server, instance.placement.services),
        *called,
        *services.disruption_budget(instance, server),
        *services.autoscaler(instance, server),
        *keda.scaled_object(instance, server),
        *certificates.certificates(instance, server),
    )


@remembered_from_facts
def _task(instance: Instance[Any], task: Task) -> Object:
    return workloads.task(instance, task, instance.placement.jobs)


def configuration(unit: DeclaredUnit, maps: Iterable[ConfigMapData]) -> list[Object]:
    """Return the ConfigMaps of the namespace."""
    common = labels.common_labels(unit.settings, "configuration")
    pods = (pod for declared in unit.instances for _, pod in named_pods(declared.parts))
    links = linked_hosts(pods)
    return [
        manifest(
            "v1",
            "ConfigMap",
            name,
            common,
            present(**{EXTERNAL_HOSTS: ", ".join(links.get(name, ()))}),
            data=dict(data),
        )
        for name, data in maps
    ]
