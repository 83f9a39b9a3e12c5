"""Tests after each sync: what a namespace serves must answer, and its pods must reach what they are declared to call.

- `smoke`: asks each server of the namespace through its Service, so at least one of its pods is ready.
- `<caller>-probe`: a pod in the place of the caller's. The caller's own network policy selects it, too, and it has the
  caller's access labels; so both ends of each connection are tested as they are. No Service, disruption budget or
  controller selects it, as these select by component.

Callers with the same connections have the same rules, so one of them stands for all. A Job that runs in each sync has
no probe: it has used its connections. Neither have pods that an operator starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from floe_compiler.kit import network, postgresql, waits
from floe_compiler.kit.labels import COMPONENT, shortened
from floe_compiler.kit.scripts import script
from floe_compiler.kit.workloads import headless_name
from floe_compiler.model import addresses
from floe_compiler.model.annotations import AFTER_SYNC
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import ConfigFile, Container, Identity, Parts, Pod, Resources, Task
from floe_compiler.model.inputs import SyncTests
from floe_compiler.model.job_names import LONGEST_STEM, job_name
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import PLATFORM, Callers, DeclaredInstance, DeclaredUnit, Instance
from floe_compiler.model.yaml_text import sha256_of

SMOKE = "smoke"
SUFFIX = "-probe"
CONFIG = "sync-tests"
SCRIPT = "/etc/floe/probe.sh"
TESTED = "floe.dev/tested"
"""The annotation of a pod template with the digest of what is tested: a changed namespace is tested again."""

SECONDS = 180
"""How long a test tries: policies apply to a new pod only after some seconds, and another namespace may be starting."""

DEADLINE = 600
"""A test may have to wait for its image, and for room in the quota."""

NOBODY = Identity(65534, 65534, 65534)
RESOURCES = Resources(cpu="10m", memory="16Mi", cpu_limit="100m", memory_limit="64Mi")

API_SERVER = "kubernetes.default.svc"
OUTSIDE, FOREIGN, LATER = "outside", "foreign", "later"
"""Kinds of probes that are only reported: of servers outside the cluster, of those in it that others keep, and of those
that may not be there yet."""


def with_tests(unit: DeclaredUnit) -> DeclaredUnit:
    """Return the namespace with the Jobs that test it, if the platform wants them."""
    settings = unit.settings.platform.sync_tests
    if not settings.enabled or not unit.instances:
        return unit
    servers = sorted(_servers(unit))
    probed: set[object] = set()
    instances = []
    for declared in unit.instances:
        tasks = tuple(_probes(declared, servers, settings, probed))
        instances.append(replace(declared, parts=replace(declared.parts, tasks=(*declared.parts.tasks, *tasks))))
    return replace(unit, instances=(*instances, _smoke(unit, servers)))


def callers_with_tests(unit: DeclaredUnit, callers: Mapping[str, Callers]) -> Mapping[str, Callers]:
    """Return the callers of each server of the namespace, given those of other pods: the smoke test calls them all."""
    tested = {
        call.group.name: call for task in _tasks(unit) if task.name == SMOKE for call in task.pod.calls if call.group
    }
    all_callers = dict(callers)
    for name, server in tested.items():
        ports = {(port.protocol, port.number) for port in server.ports}
        own = ports.union(all_callers.get(name, {}).get(unit.namespace, ()))
        all_callers[name] = {**all_callers.get(name, {}), unit.namespace: tuple(sorted(own))}
    return all_callers


def named_by_what_they_test(objects: Iterable[Object]) -> list[Object]:
    """Return the objects of a namespace that Flux applies; each test has the digest of all others in its name.

    Flux runs a Job once, so only a Job of another name tests a change. An Argo CD hook runs in each sync.
    """
    rendered = list(objects)
    tests = [manifest for manifest in rendered if AFTER_SYNC in manifest["metadata"].get("annotations", {})]
    digest = sha256_of([manifest for manifest in rendered if manifest not in tests])[:8] if tests else ""
    return [_named(manifest, digest) if manifest in tests else manifest for manifest in rendered]


def _named(job: Object, digest: str) -> Object:
    template = job["spec"]["template"]
    metadata = template["metadata"]
    annotations = dict(sorted({**metadata.get("annotations", {}), TESTED: digest}.items()))
    spec = {**job["spec"], "template": {**template, "metadata": {**metadata, "annotations": annotations}}}
    return {**job, "metadata": {**job["metadata"], "name": job_name(job["metadata"]["name"], spec)}, "spec": spec}


def _tasks(unit: DeclaredUnit) -> Iterator[Task]:
    return (task for declared in unit.instances for task in declared.parts.tasks)


def _servers(unit: DeclaredUnit) -> Iterator[Endpoint]:
    """Yield the servers of the namespace, each with the one port that shows best whether it works."""
    domain = unit.settings.cluster.domain
    for parts in (declared.parts for declared in unit.instances):
        named = [
            service_endpoint(workload.name, unit.namespace, domain, workload.ports()) for workload in parts.workloads
        ]
        operated = [pods.endpoint(unit.namespace, domain) for pods in parts.operated]
        for server in (*named, *operated):
            served = [port for port in server.ports if port.service and port.protocol == "TCP"]
            if served:
                yield replace(server, ports=(next((port for port in served if port.health), served[0]),))


def _smoke(unit: DeclaredUnit, servers: list[Endpoint]) -> DeclaredInstance:
    """Return the test of all servers, which also shows that pods can resolve names."""
    first = unit.instances[0].instance
    instance: Instance[Any] = Instance(
        slot="sync_tests",
        type=SMOKE,
        name=SMOKE,
        scope=unit.scope,
        namespace=unit.namespace,
        config=SyncTests(),
        settings=unit.settings,
        placement=first.placement,
    )
    probes = [
        f"name {API_SERVER}.{unit.settings.cluster.domain}",
        *(_probe(server, server.port()) for server in servers),
    ]
    return DeclaredInstance(instance, Parts(tasks=(_task(SMOKE, SMOKE, probes, tuple(servers)),)))


def _probes(
    declared: DeclaredInstance, servers: Iterable[Endpoint], settings: SyncTests, probed: set[object]
) -> Iterator[Task]:
    """Yield the tests of an instance's callers. `probed` are the connections that have a test."""
    parts = declared.parts
    pods = [(workload.name, workload.pod, workload.origin) for workload in parts.workloads]
    pods += [(task.name, task.pod, task.origin) for task in parts.tasks if task.schedule]
    pods += [(launched.name, launched.pod, launched.origin) for launched in parts.launched]
    for name, pod, origin in pods:
        connections = (pod.servers(), pod.calls_kubernetes)
        if any(connections) and connections not in probed:
            probed.add(connections)
            # In a service mesh, the proxy of the probe accepts each connection, whether the server does or not.
            denied = () if declared.instance.settings.cluster.mesh else _denied(name, pod, servers, settings)
            probes = [*_allowed(pod, declared.instance, settings), *denied]
            task = _task(_name(name), name, probes, pod.servers(), _account(declared.instance, name, pod))
            yield replace(task, policy_of=name, origin=origin)


def _account(instance: Instance[Any], caller: str, pod: Pod) -> str:
    """Return the account of a probe. In a service mesh it is that of the caller, as servers know callers by it."""
    return (pod.account or caller) if instance.settings.cluster.mesh else f"{instance.name}{SUFFIX}"


def _name(caller: str) -> str:
    return f"{shortened(caller, LONGEST_STEM - len(SUFFIX))}{SUFFIX}"


def _allowed(pod: Pod, instance: Instance[Any], settings: SyncTests) -> Iterator[str]:
    """Yield a probe for each declared connection: first those inside the cluster."""
    pairs = [(server, port) for server in pod.servers() for port in server.ports if port.protocol == "TCP"]
    yield from (_probe(server, port) for server, port in pairs if server.group and not _follows(server, instance))
    for server, port in pairs:
        if _follows(server, instance):
            yield f"{LATER} {_address(server, port)}"
        elif server.namespace:
            yield f"{FOREIGN} {server.host}:{port.number}"
    if pod.calls_kubernetes:
        yield f"tcp {API_SERVER}:443"
    if settings.external != "skip":
        kind = OUTSIDE if settings.external == "report" else "tcp"
        # Servers of the node, such as one of metadata, have several addresses, of which each network knows one.
        outside = (
            pair
            for pair in pairs
            if not pair[0].group and not pair[0].namespace and not addresses.why_never(addresses.network(pair[0].cidr))
        )
        yield from (f"{kind} {server.host}:{port.number}" for server, port in outside)


def _follows(server: Endpoint, instance: Instance[Any]) -> bool:
    """Return whether a server is applied after its caller: of the namespaces, that of the platform comes first.

    So such a server may not exist yet when the caller's namespace is tested, and that of a new domain never does.
    """
    return instance.scope == PLATFORM and server.group is not None and server.group.namespace != instance.namespace


def _denied(name: str, pod: Pod, servers: Iterable[Endpoint], settings: SyncTests) -> Iterator[str]:
    """Yield a probe of a server of the namespace that the pod must not reach, if there is one."""
    called = {server.group for server in pod.servers()}
    others = (server for server in servers if server.group and server.group not in called and server.group.name != name)
    if settings.denied and (other := next(others, None)):
        yield f"denied {other.address()}"


def _address(server: Endpoint, port: Port) -> str:
    if server.group and not port.service:
        # Its Service does not have the port, so callers find the pods by the headless one.
        below = server.host.removeprefix(server.group.name)
        return f"{headless_name(server.group.name)}{below}:{port.number}"
    return f"{server.host}:{port.number}"


def _probe(server: Endpoint, port: Port) -> str:
    address = _address(server, port)
    if server.group and not port.service:
        return f"tcp {address}"
    if port.scheme == postgresql.PORT.scheme:
        return f"postgresql {address}"
    return f"http {server.url(port.name, port.health)}" if port.health and port.scheme == "http" else f"tcp {address}"


def _task(name: str, caller: str, probes: Iterable[str], calls: tuple[Endpoint, ...], account: str = "") -> Task:
    container = Container(
        name="probe",
        image=waits.IMAGE,
        resources=RESOURCES,
        command=("sh", SCRIPT),
        arguments=(caller, str(SECONDS), *dict.fromkeys(probes)),
        config=(ConfigFile(SCRIPT, script(__package__, "probe.sh"), CONFIG),),
    )
    return Task(name, Pod((container,), NOBODY, calls=calls, account=account), DEADLINE, after_sync=True)


def policies_shared(tasks: Iterable[Task]) -> Mapping[str, str]:
    """Return the names of the tests whose pods share a network policy, by the name of the pods that share it."""
    return {task.policy_of: task.name for task in tasks if task.policy_of}


def with_probe(policy: Object, probe: str) -> list[Object]:
    """Return a caller's network policy so that it also selects the pods of its probe.

    What lets others in becomes a policy of the caller only, as the probe serves nothing.
    """
    metadata, spec = policy["metadata"], policy["spec"]
    own = spec["podSelector"]["matchLabels"]
    both = {"key": COMPONENT, "operator": "In", "values": sorted((own[COMPONENT], probe))}
    others = {key: value for key, value in own.items() if key != COMPONENT}
    selector = {"matchLabels": others, "matchExpressions": [both]}
    if "ingress" not in spec:
        return [{**policy, "spec": {**spec, "podSelector": selector}}]
    way_in = {"podSelector": spec["podSelector"], "policyTypes": ["Ingress"], "ingress": spec["ingress"]}
    way_out = {"podSelector": selector, "policyTypes": ["Egress"], "egress": spec["egress"]}
    name = {**metadata, "name": f"{metadata['name']}-ingress"}
    return [
        {**policy, "metadata": network.with_own_references(metadata, spec["egress"]), "spec": way_out},
        {**policy, "metadata": network.with_own_references(name, spec["ingress"]), "spec": way_in},
    ]
