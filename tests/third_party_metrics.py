"""A component as another package would bring it: a store of metrics."""

from __future__ import annotations

from typing import Literal

from floe_compiler.model.capabilities import MetricsStore, Monitoring
from floe_compiler.model.endpoint import Port, service_endpoint
from floe_compiler.model.facts import Container, Identity, Parts, Pod, Probe, Resources, Workload
from floe_compiler.model.inputs import Input
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import Component, Context, Instance

NAME = "metrics-store"
HTTP = Port("http", 9090)


class StoreConfig(Input):
    """A store of metrics."""

    type: Literal["store"] = "store"
    """The kind of store."""


def provides(instance: Instance[StoreConfig]) -> tuple[MetricsStore | Monitoring, ...]:
    """Return the server, and that it collects metrics."""
    server = service_endpoint(NAME, instance.namespace, instance.settings.cluster.domain, (HTTP,))
    return (MetricsStore(NAME, server), Monitoring(NAME))


def build(context: Context[StoreConfig]) -> Parts:
    """Return the server without anything to measure."""
    return completes(context, MeshFacts())


def completes(_context: Context[StoreConfig], mesh: MeshFacts) -> Parts:
    """Return the server, which calls all that there is to measure."""
    container = Container(
        NAME,
        "docker.io/acme/store:1.0.0",
        Resources("100m", "128Mi", "500m", "256Mi"),
        ports=(HTTP,),
        liveness=Probe(HTTP.name, "/"),
        readiness=Probe(HTTP.name, "/"),
    )
    called = tuple(target.endpoint for target in mesh.scrape_targets)
    return Parts(
        (
            Workload(
                NAME,
                Pod((container,), Identity(1000, 1000, 1000), calls=called),
                awaited=False,
                single="Its disk is its own.",
            ),
        )
    )


COMPONENT = Component(
    slot="observability.metrics",
    type="store",
    name=NAME,
    summary="A store of metrics",
    config=StoreConfig,
    build=build,
    provides=provides,
    completes=completes,
    scope="platform",
)
