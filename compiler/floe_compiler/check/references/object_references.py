"""Volumes, headless Services and ports that objects of a namespace refer to must exist."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.references.ingresses import Backend, backends
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.hints import near
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.selectors import matches
from floe_compiler.model.workloads import Workload

HEADLESS = Rule(
    "C048",
    "StatefulSet without its headless Service",
    "A StatefulSet's serviceName must name a Service with clusterIP None that selects its pods. "
    "Otherwise, the pods have no DNS names.",
)
BACKEND = Rule(
    "C049",
    "port not found on Service",
    "An Ingress or a route forwards to a port that the Service does not have. Use one of its ports, by number or name.",
)
MOUNT = Rule(
    "C035",
    "mount of an unknown volume",
    "A container mounts a volume that its pod does not have. Correct the name, or add the volume.",
)
RULES = (HEADLESS, BACKEND, MOUNT)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the references to missing or unsuitable objects."""
    for workload in index.workloads.values():
        yield from _mounts(index, workload)
        if workload.kind == "StatefulSet":
            yield from _headless(index, workload)
    for identity, ingress in index.of("networking.k8s.io", "Ingress"):
        for backend in dict.fromkeys(backends(ingress)):
            yield from _backend(index, identity, "spec.rules", backend)
    for identity, named in index.named:
        if named.port is not None and (named.target.group, named.target.kind) == ("", "Service"):
            place = show_place(named.path, index.objects[identity])
            if named.target.namespace == identity.namespace:
                yield from _backend(index, identity, place, Backend(named.target.name, named.port))


def _mounts(index: Index, workload: Workload) -> Iterator[Diagnostic]:
    volumes = [volume.get("name", "") for volume in workload.pod.get("volumes", ())]
    claims = workload.spec.get("volumeClaimTemplates", ()) if workload.kind == "StatefulSet" else ()
    known = {*volumes, *(claim.get("metadata", {}).get("name", "") for claim in claims)}
    for container in workload.containers:
        for mount in container.data.get("volumeMounts", ()):
            name = mount.get("name", "")
            if name not in known:
                yield index.finding(MOUNT, workload.id, f"{container.place} mounts volume {name}", near(name, known))


def _headless(index: Index, workload: Workload) -> Iterator[Diagnostic]:
    name = workload.spec.get("serviceName", "")
    service = index.get("", "Service", workload.namespace, name)
    if service is None:
        message = f"spec.serviceName names Service {name}, which does not exist"
        hint = near(name, index.names("", "Service"))
        yield index.finding(HEADLESS, workload.id, message, hint)
        return
    spec = service.get("spec", {})
    if spec.get("clusterIP") != "None":
        message = f"spec.serviceName names Service {name}, which is not headless"
        yield index.finding(HEADLESS, workload.id, message, "write clusterIP: None in the Service")
    if not matches({"matchLabels": spec.get("selector", {})}, workload.labels):
        message = f"spec.serviceName names Service {name}, which does not select these pods"
        yield index.finding(HEADLESS, workload.id, message, "give the Service the selector of the StatefulSet")


def _backend(index: Index, identity: ObjectId, place: str, backend: Backend) -> Iterator[Diagnostic]:
    service = index.get("", "Service", identity.namespace, backend.service)
    if service is None:
        return
    ports = service.get("spec", {}).get("ports", ())
    known = {value for port in ports for value in (port.get("port"), port.get("name")) if value is not None}
    if backend.port not in known:
        message = f"{place} forwards to port {backend.port} of Service {backend.service}"
        yield index.finding(BACKEND, identity, message, f"it has {', '.join(sorted(map(str, known)))}")
