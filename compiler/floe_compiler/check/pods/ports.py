"""Containers must declare the ports of Services and probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.pod_index import Pods
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import PROBE_ACTIONS, PROBES, Container, Workload

TARGET = Rule(
    "C030",
    "Service port that no container listens on",
    "A Service forwards to a port that its pods do not declare. Use one of the containers' ports, by name or number.",
)
PROBE = Rule(
    "C031",
    "probe of an undeclared port",
    "A health check uses a port that its container does not declare, so it always fails. Use a declared port.",
)
PRIVILEGED = Rule(
    "C032",
    "port below 1024",
    "A container that is not root and has no capabilities may not be able to listen on this port. Use 1024 or higher.",
)
TWICE = Rule(
    "C033",
    "port declared twice",
    "Two containers of a pod cannot listen on the same port, and port names must be unique in a pod.",
)
RULES = (TARGET, PROBE, PRIVILEGED, TWICE)
_FIRST = 1024


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield undeclared ports, privileged ports, and duplicate ports."""
    for identity, service in index.of("", "Service"):
        yield from _service(index, identity, service.get("spec", {}))
    for workload in index.workloads.values():
        yield from _duplicates(index, workload)
        for container in workload.containers:
            yield from _container(index, workload.id, container)


def _service(index: Index, identity: ObjectId, service: Object) -> Iterator[Diagnostic]:
    selector = service.get("selector")
    if not selector or identity in index.shapes.violations:
        return  # without a malformed port, it would seem to forward to another one
    for pods in index.pods.select({"matchLabels": selector}):
        for port in service.get("ports", ()):
            target = port.get("targetPort", port.get("port"))
            if pods.workload is None or pods.workload.is_completed:
                continue
            if not listens(pods.workload, target, port.get("protocol", "TCP")):
                message = f"spec.ports[{port.get('name', port.get('port'))}] forwards to {target}, which {pods} lacks"
                yield index.finding(TARGET, identity, message, _known(pods))


def listens(workload: Workload, target: int | str, protocol: str) -> bool:
    """Return whether a container of the workload declares this port, by number or name."""
    return any(
        target in (port.get("containerPort"), port.get("name")) and port.get("protocol", "TCP") == protocol
        for container in workload.containers
        if container.runs
        for port in container.ports
    )


def _ports(container: Container) -> str:
    """Return the hint for a probe: the ports that its container declares."""
    ports = [str(port.get("name") or port.get("containerPort")) for port in container.ports]
    return f"its container declares {', '.join(ports)}" if ports else "its container declares no ports"


def _known(pods: Pods) -> str:
    containers = pods.workload.containers if pods.workload else ()
    ports = [
        f"{port.get('name', '')} {port.get('containerPort')}/{port.get('protocol', 'TCP')}".strip()
        for container in containers
        if container.runs
        for port in container.ports
    ]
    return f"its containers declare {', '.join(ports)}" if ports else "its containers declare no ports"


def _container(index: Index, identity: ObjectId, container: Container) -> Iterator[Diagnostic]:
    declared = {value for port in container.ports for value in (port.get("containerPort"), port.get("name"))}
    for field in PROBES:
        probe = container.data.get(field, {})
        for action in PROBE_ACTIONS:
            port = probe.get(action, {}).get("port")
            if port is not None and port not in declared:
                message = f"{container.place}.{field}.{action}.port is {port}, which the container does not declare"
                yield index.finding(PROBE, identity, message, _ports(container))
    for port in container.ports:
        if port.get("containerPort", _FIRST) < _FIRST:
            message = f"{container.place}.ports has {port['containerPort']}"
            yield index.finding(PRIVILEGED, identity, message, "let the program listen on a port of 1024 or higher")


def _duplicates(index: Index, workload: Workload) -> Iterator[Diagnostic]:
    ports = [port for container in workload.containers if container.runs for port in container.ports]
    numbers = Counter(f"{port.get('containerPort')}/{port.get('protocol', 'TCP')}" for port in ports)
    names = Counter(str(port["name"]) for port in ports if "name" in port)
    for value, times in sorted((numbers + names).items()):
        if times > 1:
            message = f"{workload.at('spec')} declares port {value} {times} times"
            yield index.finding(TWICE, workload.id, message, "remove one, or give it another number and name")
