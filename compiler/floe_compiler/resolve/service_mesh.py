"""The service mesh of an environment's cluster: from the document to settings, and why it could not work."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Environment, IstioMesh, LinkerdMesh
from floe_compiler.model.service_mesh import ServiceMesh
from floe_compiler.model.span import Span
from floe_compiler.resolve.namespaces import is_namespace
from floe_compiler.resolve.rules import WRONG_VALUE

NO_CNI = Rule(
    "R130",
    "service mesh without its CNI plugin",
    "All namespaces enforce the restricted pod security standard. Without the CNI plugin of the mesh, each pod would "
    "get an init container that changes the network as root, and no pod would be created. Install istio-cni or "
    "linkerd-cni, and say so: `mesh: {cni: true}`. Istio's ambient mode always has it.",
)
OLD_KUBERNETES = Rule(
    "R131",
    "service mesh for a version of Kubernetes without sidecars",
    "The proxy of a pod is a sidecar as Kubernetes knows it (an init container that keeps running), so that Jobs end "
    "and init containers reach others. Clusters have that since Kubernetes 1.29.",
)
TLS_INSIDE = Rule(
    "R132",
    "servers with TLS inside Linkerd",
    "Linkerd lets probes of the kubelet in by their path, which it cannot read if the server speaks TLS itself: no pod "
    "with an HTTPS probe would be ready. The mesh encrypts, so servers need no certificates.",
)

SIDECARS = 29
"""The minor version of Kubernetes 1 that has sidecars."""

_MESH = ("cluster", "mesh")


def service_mesh(declared: IstioMesh | LinkerdMesh | None, gateways: Iterable[str] = ()) -> ServiceMesh | None:
    """Return the settings of the mesh that an environment declares; None if it declares none.

    `gateways` are the namespaces of those through which other clusters call, if they are in the mesh.
    """
    if declared is None:
        return None
    resources = {"requests": declared.proxy.requests, "limits": declared.proxy.limits}
    amounts = {
        f"{bound}.{name}": getattr(quantities, name)
        for bound, quantities in resources.items()
        for name in ("cpu", "memory")
    }
    istio = declared if isinstance(declared, IstioMesh) else None
    return ServiceMesh(
        kind=istio.mode if istio else "linkerd",
        namespace=declared.namespace,
        members=tuple(sorted({*declared.namespaces, *gateways})),
        revision=(istio.revision or "") if istio else "",
        trust_domain=(istio.trust_domain or "") if istio else "",
        proxy=tuple(sorted(amounts.items())),
        node_networks=declared.node_networks if isinstance(declared, LinkerdMesh) else (),
    )


def check_service_mesh(
    environment: Environment, kubernetes: str, version: Span | None, document: Document, findings: Findings
) -> None:
    """Report a mesh whose proxies could not run in the namespaces of the environment.

    Args:
        environment: The environment.
        kubernetes: The version of Kubernetes.
        version: Where it is written.
        document: The environment's document.
        findings: Takes the findings.
    """
    declared, mesh = environment.cluster.mesh, service_mesh(environment.cluster.mesh)
    if declared is None or mesh is None:
        return
    for index, namespace in enumerate(declared.namespaces):
        if is_namespace(environment, namespace):
            message = f'cluster.mesh.namespaces[{index}]: "{namespace}" is a namespace of the environment'
            hint = "leave it out: those of the environment are in the mesh, and who may call whom is declared"
            findings.add(WRONG_VALUE, message, document.span((*_MESH, "namespaces", index)), hint=hint)
    if mesh.in_pods and not declared.cni:
        message = f"pods could not join {declared.type}: their namespaces enforce the restricted pod security standard"
        hint = f"install {declared.type}-cni, and write cni: true here"
        if declared.type == "istio":
            hint += "; or use mode: ambient"
        place = document.span((*_MESH, "cni")) or document.key_span(_MESH)
        findings.add(NO_CNI, message, place, hint=hint)
    if mesh.in_pods and int(kubernetes.partition(".")[2]) < SIDECARS:
        message = f"Kubernetes {kubernetes} has no sidecars, which the proxies of {declared.type} are"
        hint = f"use Kubernetes 1.{SIDECARS} or newer" + (", or mode: ambient" if declared.type == "istio" else "")
        findings.add(OLD_KUBERNETES, message, version or document.key_span(_MESH), hint=hint)
    if mesh.kind == "linkerd" and environment.tls is not None and environment.tls.issuer:
        message = "servers would speak TLS inside Linkerd, which then cannot let probes in"
        hint = "leave tls out: the mesh encrypts"
        findings.add(TLS_INSIDE, message, document.span(("tls", "issuer")), hint=hint)
