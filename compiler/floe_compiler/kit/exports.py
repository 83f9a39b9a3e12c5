"""What links clusters beside Services and policies: exports of Services, or their names in other clusters.

Services are exported by the Multi-Cluster Services API (multicluster.x-k8s.io).
Source: kubernetes-sigs/mcs-api 0.5, `pkg/apis/v1alpha1/serviceexport.go`. Its definition serves v1alpha1, as all
before it did, and v1beta1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.ingress import LINKS
from floe_compiler.kit.meta import manifest
from floe_compiler.kit.service_mesh import service_port
from floe_compiler.model.endpoint import Elsewhere, Port
from floe_compiler.model.facts import Parts
from floe_compiler.model.links import Linked, name_elsewhere
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit, Instance

API = "multicluster.x-k8s.io/v1alpha1"


def linking_instance(unit: DeclaredUnit, linked: Linked) -> DeclaredInstance:
    """Return the exports of the Services that other clusters call, as if a component had declared them.

    In a service mesh, they are the names of the Services that this cluster calls in others.
    """
    instance: Instance[Any] = Instance(
        slot=LINKS,
        type=linked.mesh.kind if linked.mesh else "mcs",
        name=LINKS,
        scope=unit.scope,
        namespace=unit.namespace,
        config=None,
        settings=unit.settings,
        origin=linked.origin,
    )
    objects = _names(instance, linked.named) if linked.mesh else _exports(instance, linked)
    return DeclaredInstance(instance, Parts(objects=tuple(objects)))


def _exports(instance: Instance[Any], linked: Linked) -> Iterator[Object]:
    for server, _ in linked.ports:
        yield manifest(API, "ServiceExport", server, labels.selector(instance, server))


def _names(instance: Instance[Any], named: Iterable[Elsewhere]) -> Iterator[Object]:
    """Yield a Service without pods for each server in another cluster: a name must exist where it is looked up.

    Istio adds the pods that the Service of this name has there.
    """
    servers: dict[str, list[Port]] = {}
    for server in named:
        servers.setdefault(name_elsewhere(server.group.name, server.cluster), []).append(server.port)
    for name, ports in sorted(servers.items()):
        spec = {
            "type": "ClusterIP",
            "ports": [
                {
                    "name": port.name,
                    "port": port.number,
                    "protocol": port.protocol,
                    **service_port(instance.settings, port),
                }
                for port in ports
            ],
        }
        yield manifest("v1", "Service", name, labels.selector(instance, name), spec=spec)
