"""Renders one unit: a pure function from its plan to its objects and declared facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from floe_compiler.kit import (
    accounts,
    keda,
    labels,
    quotas,
    secret_stores,
    trust,
)
from floe_compiler.kit.csi import copied_secrets
from floe_compiler.kit.sync_tests import callers_with_tests, named_by_what_they_test, with_tests
from floe_compiler.kit.waves import start_order
from floe_compiler.model.demand import demand
from floe_compiler.model.facts import (
    Parts,
    Workload,
    named_pods,
)
from floe_compiler.model.links import NOT_LINKED
from floe_compiler.model.object_memory import same_object
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plan import PLATFORM, DeclaredInstance, DeclaredUnit, UnitPlan
from floe_compiler.model.rendered import Connection, LaunchedPods, MeshCaller, PodGroup, SecurityException
from floe_compiler.model.secrets import Secret
from floe_compiler.model.span import Span
from floe_compiler.model.workloads import workload
from floe_compiler.synthesize import plain_yaml
from floe_compiler.synthesize.addresses import with_addresses
from floe_compiler.synthesize.declared_pods import launched_pods, security_exceptions
from floe_compiler.synthesize.mesh_servers import declared_callers, mesh_callers
from floe_compiler.synthesize.origins import object_origins, read_config_maps, read_origins
from floe_compiler.synthesize.plain_yaml import Included
from floe_compiler.synthesize.policies import WaysIn, connections, ingress_groups
from floe_compiler.synthesize.unit_parts import (
    SHARED_PARTS,
    configuration,
    instance_objects,
    namespace_objects,
    own_part,
    part_of,
)
from floe_compiler.synthesize.unit_secrets import shared_store, unit_secrets

CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


class Unit(msgspec.Struct, frozen=True):
    """The result of synthesis for one namespace."""

    objects: tuple[Object, ...]
    connections: frozenset[Connection] = frozenset()
    launched: frozenset[LaunchedPods] = frozenset()
    exceptions: frozenset[SecurityException] = frozenset()
    ingress_groups: frozenset[tuple[PodGroup, int]] = frozenset()
    secrets: tuple[Secret, ...] = ()
    starts: tuple[tuple[ObjectId, ObjectId], ...] = ()
    """Which controllers start after which, as pairs."""

    waved: frozenset[ObjectId] = frozenset()
    """The objects that get a sync wave."""

    included: tuple[Included, ...] = ()
    origins: tuple[tuple[str, Span], ...] = ()
    mesh_callers: frozenset[MeshCaller] = frozenset()


def render_unit(plan: UnitPlan) -> Unit:
    """Return the objects of one namespace. The same plan always gives the same objects.

    Raises secret_stores.NotGeneratable if a secret has no source, SecretConflict if two secrets have the same name, and
    ValueError for a bug in a component.
    """
    plan, unit, ways = _prepared(plan)
    named = {name: pod for declared in unit.instances for name, pod in named_pods(declared.parts)}
    secrets = unit_secrets(unit, plan.ingress)
    objects: list[Object] = list(namespace_objects(unit))
    origins = [(f"ResourceQuota {unit.namespace}/quota", unit.quota_origin)] if unit.quota_origin else []
    included: list[Included] = []
    for declared in unit.instances:
        files = [plain_yaml.read(file, declared.instance.label()) for file in declared.parts.include]
        included += files
        own = (*instance_objects(declared.instance, declared.parts, ways), *declared.objects)
        rendered = [*map(same_object, own)]
        rendered += [from_file for file in files for from_file in file.objects]
        objects += rendered
        origins += object_origins(declared, rendered)
    maps = read_config_maps(unit)
    objects += configuration(unit, maps)
    objects += trust.config_maps(unit.settings) if named else []
    objects += trust.bundles(unit.settings) if unit.scope == PLATFORM else []
    copied = copied_secrets(unit.settings, unit.scope, named.values()) | keda.read_secrets(_servers(unit))
    objects += secret_stores.secret_objects(unit.settings, unit.namespace, secrets, unit.scope, copied)
    objects += shared_store(plan)
    objects += [manifest for reader in plan.readers for manifest in accounts.reader(unit.settings, reader)]
    origins += read_origins(unit, maps)
    launched = frozenset(launched_pods(unit))
    objects.append(_quota(unit, objects, launched))
    if unit.settings.platform.delivery == "flux":
        objects = named_by_what_they_test(objects)
    parts = [declared.parts for declared in unit.instances]
    return Unit(
        tuple(objects),
        frozenset(connections(unit, named.items())),
        launched,
        frozenset(security_exceptions(unit, parts)),
        frozenset(ingress_groups(unit, ways)),
        secrets,
        *_starts(unit, parts, objects),
        tuple(included),
        tuple(origins),
        frozenset(declared_callers(unit.namespace, ways.meshed)),
    )


def render_part(plan: UnitPlan, part: str) -> tuple[Object, ...]:
    """Return the objects of one part of a namespace, as `render_unit` does; none if there is no such part.

    A part is a component instance (`part_of`) or one of `SHARED_PARTS`.
    """
    _, unit, ways = _prepared(plan)
    return _objects_of(part, unit, ways)


def part_with(plan: UnitPlan, object_: Object) -> str:
    """Return the part of a namespace that renders just this object; empty if none does."""
    _, unit, ways = _prepared(plan)
    parts = (*SHARED_PARTS, *dict.fromkeys(part_of(declared.instance) for declared in unit.instances))
    return next((part for part in parts if object_ in _objects_of(part, unit, ways)), "")


def _objects_of(part: str, unit: DeclaredUnit, ways: WaysIn) -> tuple[Object, ...]:
    own = [declared for declared in unit.instances if part_of(declared.instance) == part]
    if not own:
        return own_part(unit, part)
    return tuple(
        manifest
        for declared in own
        for manifest in (*instance_objects(declared.instance, declared.parts, ways), *declared.objects)
    )


def _prepared(plan: UnitPlan) -> tuple[UnitPlan, DeclaredUnit, WaysIn]:
    """Return the plan with its ingress, the namespace with its tests, and who reaches its pods."""
    plan = with_ingress(plan)
    unit = with_tests(plan.unit)
    opened = plan.ingress.opened() if plan.ingress else None
    keda_ports = keda.called_ports(unit.namespace, _servers(unit))
    callers, meshed = callers_with_tests(unit, plan.callers), mesh_callers(unit, plan.mesh_callers)
    return plan, unit, WaysIn(callers, opened, plan.scraper, keda_ports, plan.linked or NOT_LINKED, meshed)


def _servers(unit: DeclaredUnit) -> Iterator[Workload]:
    yield from (server for declared in unit.instances for server in declared.parts.workloads)


def with_ingress(plan: UnitPlan) -> UnitPlan:
    """Return the plan with what the namespace renders of its environment's ingress, and the addresses that it gives."""
    plan = replace(plan, unit=with_addresses(plan.unit, plan.ingress))
    opened = plan.ingress is not None and not plan.ingress.is_empty
    if not (opened or plan.linked):
        return plan
    instances = (*plan.unit.instances, *_opening(plan))
    return replace(plan, unit=replace(plan.unit, instances=instances))


def _opening(plan: UnitPlan) -> Iterator[DeclaredInstance]:
    """Yield what a namespace renders for users and for other clusters, as if components had declared it."""
    from floe_compiler.kit.exports import linking_instance  # few namespaces render any of it
    from floe_compiler.kit.ingress import LINKS, NAME, ingress_instance

    gateway = plan.linked.gateway if plan.linked else None
    for opened, name in ((plan.ingress, NAME), (gateway, LINKS)):
        if opened and not opened.is_empty:
            yield ingress_instance(plan.unit, opened, name)
    if plan.linked and not gateway:
        yield linking_instance(plan.unit, plan.linked)


def _quota(unit: DeclaredUnit, objects: Iterable[Object], launched: Iterable[LaunchedPods]) -> Object:
    """Return the quota, given all other objects of the namespace."""
    by_id = {identify(manifest, unit.namespace): manifest for manifest in objects}
    running = [running_workload for pair in by_id.items() if (running_workload := workload(*pair))]
    needed = demand(running, by_id, launched, unit.settings.cluster.nodes)
    return quotas.quota(unit.settings, quotas.fitting(unit.quota, unit.quota_growth, needed))


def _starts(
    unit: DeclaredUnit, parts: Iterable[Parts], objects: Iterable[Object]
) -> tuple[tuple[tuple[ObjectId, ObjectId], ...], frozenset[ObjectId]]:
    """Return which controllers start after which, and which of them get a sync wave (with Flux, none)."""
    servers = [server for own in parts for server in own.workloads]
    tasks = [task for own in parts for task in own.tasks if not task.after_sync]
    names = {*(server.name for server in servers), *(task.name for task in tasks)}
    controllers = {
        manifest["metadata"]["labels"][labels.COMPONENT]: identify(manifest, unit.namespace)
        for manifest in objects
        if manifest["kind"] in CONTROLLERS and manifest["metadata"].get("labels", {}).get(labels.COMPONENT) in names
    }
    order = start_order(unit.namespace, servers, tasks, {pods.name for own in parts for pods in own.operated})
    waved = frozenset(controllers.values()) if unit.settings.platform.delivery == "argocd" else frozenset()
    return tuple((controllers[first], controllers[second]) for first, second in order), waved
