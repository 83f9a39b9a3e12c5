"""KEDA: the ScaledObject of a workload that it scales, with the login to what it looks at, and its way there.

Sources: keda.sh/docs/2.21 (`reference/scaledobject-spec`, `concepts/authentication`, `scalers/postgresql`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.kit import labels
from floe_compiler.kit.delivery import last
from floe_compiler.kit.meta import manifest
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Port
from floe_compiler.model.facts import Workload
from floe_compiler.model.objects import Object
from floe_compiler.model.operations import EventScaling, Trigger
from floe_compiler.model.plan import Instance
from floe_compiler.model.refusal import Refusal
from floe_compiler.model.settings import Settings

API = "keda.sh/v1alpha1"
POLLING = 15
"""Seconds between two looks of KEDA."""


def refusal(settings: Settings, scaled: str, path: tuple[str, ...]) -> tuple[Refusal, ...]:
    """Return why KEDA cannot scale something: the environment does not say that it has KEDA.

    Args:
        settings: The settings of the environment.
        scaled: What is to be scaled, in the plural (`workers`).
        path: The setting of the component that asks for it.
    """
    if settings.cluster.keda_namespace:
        return ()
    return (
        Refusal(
            f"lets KEDA scale its {scaled}, but the environment does not say where KEDA runs",
            hint="write the namespace of its operator into environment.yaml, as cluster: {keda_namespace: keda}, or "
            f"write a number of {scaled}",
            path=path,
        ),
    )


def called_ports(namespace: str, workloads: Iterable[Workload]) -> Mapping[str, tuple[Port, ...]]:
    """Return the ports that KEDA connects to, by the server in the namespace of these workloads.

    Raises ValueError for a server in another namespace, which would not let it in.
    """
    ports: dict[str, tuple[Port, ...]] = {}
    for workload in workloads:
        server = workload.trigger.server if workload.trigger else None
        if server is None or server.group is None:
            continue
        if server.group.namespace != namespace:
            raise ValueError(f"KEDA scales {workload.name} by {server.host}, which is in another namespace")
        ports[server.group.name] = tuple(dict.fromkeys((*ports.get(server.group.name, ()), *server.ports)))
    return ports


def read_secrets(workloads: Iterable[Workload]) -> frozenset[str]:
    """Return the names of the secrets that KEDA reads, which must be there as Secrets."""
    return frozenset(
        key.secret.name for workload in workloads if workload.trigger for _, key in workload.trigger.secrets
    )


def rows(database: Database, query: str) -> Trigger:
    """Return the trigger of a query of a PostgreSQL database, whose only number is how many replicas are needed."""
    server = database.endpoint
    metadata = {
        "host": server.host,
        "port": str(server.port().number),
        "dbName": database.database,
        # KEDA has no authorities of the mesh, so it can encrypt, but not verify.
        "sslmode": "require" if database.ssl_mode.startswith("verify") else database.ssl_mode or "prefer",
        "query": query,
        "targetQueryValue": "1",
        **({} if database.user_key else {"userName": database.user}),
    }
    user = (("userName", database.user_key),) if database.user_key else ()
    return Trigger("postgresql", tuple(metadata.items()), (*user, ("password", database.password)), server)


def scaled_object(instance: Instance[Any], declared: Workload) -> list[Object]:
    """Return the ScaledObject of a workload that KEDA scales, and the TriggerAuthentication that it needs, if any."""
    scaling = declared.replicas
    if not isinstance(scaling, EventScaling):
        return []
    trigger, metadata = scaling.trigger, labels.selector(instance, declared.name)
    login = {"authenticationRef": {"name": declared.name}} if trigger.secrets else {}
    fewer = {"scaleDown": {"stabilizationWindowSeconds": scaling.cooldown}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": declared.kind, "name": declared.name},
        "minReplicaCount": scaling.minimum,
        "maxReplicaCount": scaling.maximum,
        "pollingInterval": POLLING,
        # KEDA takes away the last replica itself, and its HorizontalPodAutoscaler the others.
        "cooldownPeriod": scaling.cooldown,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": fewer}},
        "triggers": [{"type": trigger.type, "metadata": dict(trigger.metadata), **login}],
    }
    # Without its target it would not be ready, and so end the sync that is to create the target.
    order = last(instance.settings)
    return [
        manifest(API, "ScaledObject", declared.name, metadata, order, spec=spec),
        *_login(instance, declared.name, trigger),
    ]


def _login(instance: Instance[Any], name: str, trigger: Trigger) -> list[Object]:
    if not trigger.secrets:
        return []
    keys = [
        {"parameter": parameter, "name": key.secret.name, "key": key.key} for parameter, key in sorted(trigger.secrets)
    ]
    spec = {"secretTargetRef": keys}
    return [manifest(API, "TriggerAuthentication", name, labels.selector(instance, name), spec=spec)]
