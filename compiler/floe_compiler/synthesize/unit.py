"""One (environment, namespace): a pure function from its plan to its objects and declared facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from floe_compiler.kit import accounts, config_maps, labels, namespaces, network, secret_stores, services, workloads
from floe_compiler.kit.meta import manifest
from floe_compiler.kit.pods import pod_labels
from floe_compiler.kit.volumes import containers_of
from floe_compiler.kit.waves import start_order
from floe_compiler.model.facts import Launched, Parts, Pod, Task, Workload
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plan import Callers, Component, Context, Instance, UnitPlan
from floe_compiler.model.rendered import Connection, LaunchedPods, PodGroup, SecurityException, launched_id
from floe_compiler.model.secrets import Secret, SecretKey, merged
from floe_compiler.model.span import Span
from floe_compiler.synthesize import plain_yaml
from floe_compiler.synthesize.plain_yaml import Included

CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
EXTERNAL_SECRET = "ExternalSecret.external-secrets.io"  # noqa: S105 - a kind of object
PULL_SECRET_TYPE = "kubernetes.io/dockerconfigjson"  # noqa: S105 - a type of Secret, not one


@dataclass(frozen=True, slots=True)
class Unit:
    """What synthesis yields for one namespace."""

    plan: UnitPlan
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


def render_unit(plan: UnitPlan) -> Unit:
    """Return the objects of one namespace. The same plan always gives the same objects, whatever else is compiled.

    Raises secret_stores.NotGeneratable where a secret has no source, ValueError for a component's mistake.
    """
    parts = [(context, component.build(context)) for component, context in plan.contexts]
    pods = {name: pod for _, one in parts for name, pod in named_pods(one)}
    callers = _callers(plan, pods.values())
    secrets = unit_secrets(plan, pods.values())
    objects: list[Object] = list(namespace_objects(plan))
    origins = [(f"ResourceQuota {plan.namespace}/quota", plan.quota_origin)] if plan.quota_origin else []
    included: list[Included] = []
    for (component, context), (_, one) in zip(plan.contexts, parts, strict=True):
        files = [plain_yaml.read(file, context.instance.label()) for file in one.include]
        included += files
        own = [*instance_objects(context.instance, one, callers), *constructs(component, context)]
        own += [from_file for file in files for from_file in file.objects]
        objects += own
        origins += _origins(context.instance, one, own)
    objects += configuration(plan, pods.values())
    objects += secret_stores.secret_objects(plan.settings, plan.namespace, secrets)
    origins += _read_origins(
        plan.namespace, [(context.instance, one) for (_, context), (_, one) in zip(plan.contexts, parts, strict=True)]
    )
    return Unit(
        plan,
        tuple(objects),
        frozenset().union(*(_connections(plan.namespace, name, pod) for name, pod in pods.items())),
        frozenset(_launched(context.instance, pods) for context, one in parts for pods in one.launched),
        frozenset(_exceptions(plan.namespace, [one for _, one in parts])),
        frozenset(_ingress_groups(plan, [one for _, one in parts])),
        secrets,
        *_starts(plan, [one for _, one in parts], objects),
        tuple(included),
        tuple(origins),
    )


def _origins(instance: Instance[Any], parts: Parts, objects: Iterable[Object]) -> list[tuple[str, Span]]:
    """Return the authored place that each object is due to: its workload's own, or the choice of the component."""
    special = _special_origins(parts)
    found = []
    for manifest_ in objects:
        name = (manifest_["metadata"].get("labels") or {}).get(labels.COMPONENT, "")
        origin = special.get(name, instance.origin)
        found += [(str(identify(manifest_, instance.namespace)), origin)] if origin else []
    for one in parts.launched:
        if one.origin:
            found.append((str(launched_id(PodGroup(instance.namespace, one.name))), one.origin))
    return found


def _special_origins(parts: Parts) -> Mapping[str, Span]:
    """Return the authored places of workloads that are not due to the choice of the component."""
    every: tuple[Workload | Task | Launched, ...] = (*parts.workloads, *parts.tasks, *parts.launched)
    return {one.name: one.origin for one in every if one.origin}


def _read_origins(namespace: str, parts: Iterable[tuple[Instance[Any], Parts]]) -> Iterator[tuple[str, Span]]:
    """Yield the authored place of what pods read, where all that read it are due to the same place."""
    places: dict[str, set[Span | None]] = {}
    for instance, one in parts:
        special = _special_origins(one)
        for name, pod in named_pods(one):
            files = [file for container in containers_of(pod) for file in container.config]
            read = [f"ConfigMap {namespace}/{file.config_map}" for file in files]
            read += [f"{EXTERNAL_SECRET} {namespace}/{secret.name}" for secret in pod_secrets([pod])]
            for what in read:
                places.setdefault(what, set()).add(special.get(name, instance.origin))
    for what, found in places.items():
        if len(found) == 1 and (place := found.pop()):
            yield what, place


def _starts(
    plan: UnitPlan, parts: Iterable[Parts], objects: Iterable[Object]
) -> tuple[tuple[tuple[ObjectId, ObjectId], ...], frozenset[ObjectId]]:
    """Return which controllers start after which, and which of them get a sync wave: none with Flux."""
    servers = [server for one in parts for server in one.workloads]
    tasks = [task for one in parts for task in one.tasks]
    names = {*(server.name for server in servers), *(task.name for task in tasks)}
    controllers = {
        one["metadata"]["labels"][labels.COMPONENT]: identify(one, plan.namespace)
        for one in objects
        if one["kind"] in CONTROLLERS and one["metadata"].get("labels", {}).get(labels.COMPONENT) in names
    }
    order = start_order(plan.namespace, servers, tasks)
    waved = frozenset(controllers.values()) if plan.settings.delivery == "argocd" else frozenset()
    return tuple((controllers[first], controllers[second]) for first, second in order), waved


def secret_user(plan: UnitPlan, secret: Secret) -> Instance[Any] | None:
    """Return the first instance of the namespace whose pods read the secret."""
    for component, context in plan.contexts:
        pods = [pod for _, pod in named_pods(component.build(context))]
        if secret.name in {one.name for one in pod_secrets(pods)}:  # `secret` may have been merged with others'
            return context.instance
    return None


def named_pods(parts: Parts) -> list[tuple[str, Pod]]:
    """Return the pods of an instance's workloads, tasks and launched pods, by the name that labels them."""
    return [
        *((one.name, one.pod) for one in parts.workloads),
        *((one.name, one.pod) for one in parts.tasks),
        *((one.name, one.pod) for one in parts.launched),
    ]


def _callers(plan: UnitPlan, pods: Iterable[Pod]) -> Mapping[str, Callers]:
    """Return who calls each server of the namespace: other namespaces, by plan, and its own pods."""
    local = network.called_ports((call for pod in pods for call in pod.calls), plan.namespace)
    # What the plan says of its own namespace is what components require, of which its pods may call less.
    names = sorted({*plan.callers, *local})
    return {name: {**plan.callers.get(name, {}), plan.namespace: local.get(name, ())} for name in names}


def namespace_objects(plan: UnitPlan) -> list[Object]:
    """Return the Namespace and what holds for all of it."""
    settings, name = plan.settings, plan.namespace
    return [
        namespaces.namespace(settings, name, plan.scope, plan.owner),
        namespaces.quota(settings, plan.quota),
        namespaces.limits(settings),
        *network.namespace_policies(settings),
    ]


def instance_objects(instance: Instance[Any], parts: Parts, callers: Mapping[str, Callers]) -> list[Object]:
    """Return the objects of one component instance, all but its configuration and secrets."""
    objects: list[Object] = list(parts.objects)
    for server in parts.workloads:
        objects.append(workloads.workload(instance, server, instance.placement.services))
        objects += services.services(instance, server)
        objects += services.disruption_budget(instance, server)
    objects += [workloads.task(instance, task, instance.placement.jobs) for task in parts.tasks]
    servers = {server.name: server for server in parts.workloads}
    for name, pod in named_pods(parts):
        objects.append(_policy(instance, name, pod, servers.get(name), callers.get(name, {})))
    objects += accounts.accounts(instance, named_pods(parts))
    return objects


def _policy(instance: Instance[Any], name: str, pod: Pod, server: Workload | None, callers: Callers) -> Object:
    return network.policy(
        instance,
        name,
        pod.calls,
        served=services.served_ports(server) if server else (),
        callers=callers,
        ingress_ports=server.open_to_ingress if server else (),
        kubernetes_api=bool(pod.kubernetes_api),
    )


def constructs(component: Component[Any], context: Context[Any]) -> tuple[Object, ...]:
    """Return the objects that a component made with cdk8s constructs in Python; only those who use it pay for it."""
    if component.constructs is None:
        return ()
    from floe_compiler.synthesize.python_constructs import objects_of

    build = component.constructs
    return objects_of(lambda chart: build(chart, context), context.instance.namespace, context.instance.label())


def configuration(plan: UnitPlan, pods: Iterable[Pod]) -> list[Object]:
    """Return the ConfigMaps of all pods of the namespace."""
    common = labels.common_labels(plan.settings, "configuration")
    return [
        manifest("v1", "ConfigMap", name, common, data=dict(data))
        for name, data in config_maps.config_data(pods).items()
    ]


def unit_secrets(plan: UnitPlan, pods: Iterable[Pod]) -> tuple[Secret, ...]:
    """Return every secret that a pod of the namespace reads, and the one with which images are pulled."""
    found = set(pod_secrets(pods))
    if plan.settings.pull_secret:
        settings = plan.settings
        # Some stores take a dot in the name of a property for a way into its value.
        keys = (SecretKey(".dockerconfigjson", remote="dockerconfigjson"),)
        found.add(Secret(settings.pull_secret, settings.platform_namespace, keys, PULL_SECRET_TYPE))
    return merged(found)


def pod_secrets(pods: Iterable[Pod]) -> frozenset[Secret]:
    """Return the secrets that pods read, from files and variables."""
    containers = [container for pod in pods for container in containers_of(pod)]
    references = [file.secret for container in containers for file in container.secret_files]
    references += [one.secret for container in containers for one in container.variables if one.secret]
    return frozenset(reference.secret for reference in references)


def _connections(namespace: str, name: str, pod: Pod) -> frozenset[Connection]:
    return network.connections(
        PodGroup(namespace, name), (*pod.calls, *pod.waits_for), kubernetes_api=bool(pod.kubernetes_api)
    )


def _launched(instance: Instance[Any], declared: Launched) -> LaunchedPods:
    asked = declared.pod.containers[0].resources
    return LaunchedPods(
        PodGroup(instance.namespace, declared.name),
        tuple(sorted(pod_labels(instance, declared.name, declared.pod).items())),
        requests=(("cpu", asked.cpu), ("memory", asked.memory)),
        limits=(("cpu", asked.cpu_limit), ("memory", asked.memory_limit)),
        count=declared.count,
        queue=f"runs of {instance.type}",
        at_once=declared.at_once,
        description=declared.description,
    )


def _exceptions(namespace: str, parts: Iterable[Parts]) -> list[SecurityException]:
    found = []
    for one in parts:
        for name, pod in named_pods(one):
            reasons = [container.writable_root for container in containers_of(pod) if container.writable_root]
            if reasons:
                reason = "; ".join(dict.fromkeys(reasons))
                found.append(SecurityException(PodGroup(namespace, name), "readOnlyRootFilesystem", reason))
        found += [
            SecurityException(PodGroup(namespace, server.name), "singleReplica", server.single)
            for server in one.workloads
            if server.single
        ]
    return found


def _ingress_groups(plan: UnitPlan, parts: Iterable[Parts]) -> list[tuple[PodGroup, int]]:
    if not plan.settings.ingress_namespace:
        return []
    return [
        (PodGroup(plan.namespace, server.name), port.number)
        for one in parts
        for server in one.workloads
        for port in services.served_ports(server)
        if port.name in server.open_to_ingress
    ]
