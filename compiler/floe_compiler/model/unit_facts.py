"""What a namespace declares that concerns others: all that `derive` has to know of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import named_pods, pod_secrets
from floe_compiler.model.objects import identify
from floe_compiler.model.plan import DeclaredUnit
from floe_compiler.model.rendered import Protocol
from floe_compiler.model.units import UnitKey
from floe_compiler.model.yaml_text import to_yaml

DEFINITION = "CustomResourceDefinition"


class Call(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Pods of a namespace connect to a server of the platform, by the name of its workload, on one container port."""

    namespace: str
    server: str
    protocol: Protocol
    port: int


class SecretUse(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Pods of a namespace read a secret that belongs to another one, and that the compiler provides there."""

    owner: str
    secret: str


class UnitFacts(msgspec.Struct, frozen=True, array_like=True):
    """One namespace as the others see it. All lists are sorted."""

    key: UnitKey
    calls: tuple[Call, ...] = ()
    secrets: tuple[SecretUse, ...] = ()
    definitions: tuple[str, ...] = ()
    """The CustomResourceDefinitions that its components render, as YAML."""

    cluster_scoped: bool = False
    """Whether its components render objects that may lie outside of its namespace."""

    @property
    def namespace(self) -> str:
        """Return the namespace's name."""
        return self.key.namespace


def unit_facts(unit: DeclaredUnit) -> UnitFacts:
    """Return the facts of a namespace that concern others."""
    pods = [pod for one in unit.instances for _, pod in named_pods(one.parts)]
    foreign = {
        SecretUse(one.owner, one.name) for one in pod_secrets(pods) if one.owner != unit.namespace and not one.existing
    }
    pull_secret, owner = unit.settings.platform.pull_secret, unit.settings.environment.platform_namespace
    if pull_secret and owner != unit.namespace:
        foreign.add(SecretUse(owner, pull_secret))
    calls = {call for pod in pods for endpoint in pod.calls for call in _calls(endpoint)}
    own = [manifest for one in unit.instances for manifest in (*one.parts.objects, *one.objects)]
    definitions = sorted(to_yaml(manifest) for manifest in own if identify(manifest).kind == DEFINITION)
    return UnitFacts(
        key=unit.key,
        calls=tuple(sorted(calls)),
        secrets=tuple(sorted(foreign)),
        definitions=tuple(definitions),
        cluster_scoped=any(identify(manifest).namespace != unit.namespace for manifest in own)
        or any(one.parts.include for one in unit.instances),
    )


def _calls(endpoint: Endpoint) -> Iterator[Call]:
    if endpoint.group:
        for port in endpoint.ports:
            yield Call(endpoint.group.namespace, endpoint.group.name, port.protocol, port.number)
