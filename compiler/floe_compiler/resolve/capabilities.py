"""Matches the requirements of components with the capabilities that others provide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from floe_compiler.model.capabilities import Capability, Database
from floe_compiler.model.component_faults import blaming
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.plan import PLATFORM, Component, Context, Instance, Requirement
from floe_compiler.resolve.rules import NO_PROVIDER
from floe_compiler.resolve.triggers import of_triggers

Placed = tuple[Component[Any], Instance[Any]]
"""A component and one use of it."""


def provided(placed: Iterable[Placed]) -> tuple[Capability, ...]:
    """Return the capabilities that these instances provide."""
    capabilities: list[Capability] = []
    for component, instance in placed:
        with blaming(component, instance):
            capabilities += component.provides(instance)
    return tuple(capabilities)


def context(
    placed: Placed,
    own: tuple[Capability, ...],
    platform: tuple[Capability, ...],
    elsewhere: tuple[Capability, ...] = (),
) -> tuple[Context[Any], tuple[Requirement, ...]]:
    """Return the instance with the capabilities that it requires, and its unmet requirements.

    Requirements are looked up in the instance's own namespace first and then in the platform's. `elsewhere` is what the
    platform provides from another cluster.
    """
    component, instance = placed
    with blaming(component, instance):
        required = component.requires(instance)
    databases = tuple(Requirement(Database, name) for name in instance.databases)
    capabilities: list[Capability] = []
    unmet: list[Requirement] = []
    for requirement in (*databases, *required, *of_triggers(component, instance)):
        offers = (elsewhere,) if requirement.elsewhere else (own, platform)
        matches = next(filter(None, (_matches(requirement, offered) for offered in offers)), [])
        capabilities += matches if requirement.many else matches[:1]
        unmet += [] if matches else [requirement]
    if instance.scope != PLATFORM:
        capabilities = [capability.about(instance.scope) for capability in capabilities]
    return Context(instance, tuple(capabilities)), tuple(unmet)


def check_provided(
    instance: Instance[Any], unmet: Iterable[Requirement], placed: Iterable[Placed], findings: Findings
) -> None:
    """Report the unmet requirements of an instance. `placed` are the components that it can require something of."""
    by_slot = {component.slot: component for component, _ in placed}
    for requirement in unmet:
        who = f'product "{requirement.product}"' if requirement.product else f"{instance.slot} {instance.type}"
        places = "of the domain or in platform-manifest.yaml" if requirement.product else "in platform-manifest.yaml"
        whose, hint = "no component provides", f"fill the slot {_slot(requirement)} {places}"
        near = by_slot.get(requirement.kind.slot)
        if near and (fix := near.unprovided.get(requirement.kind)):
            whose, hint = f"{near.slot} {near.type} does not provide as it is", fix
        findings.add(
            NO_PROVIDER,
            f"{who} needs {_in_words(requirement)}, which {whose}",
            requirement.origin or instance.origin,
            hint=hint,
        )


def _slot(requirement: Requirement) -> str:
    """Return the slot whose components provide the required kind of capability, if it is known."""
    return f"`{requirement.kind.slot}`" if requirement.kind.slot else "that provides it"


def _in_words(requirement: Requirement) -> str:
    """Return a requirement in words: `an object store`."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", requirement.kind.__name__).lower()
    article = "an" if words[0] in "aeiou" else "a"
    return f"{article} {words}{f' named {requirement.name}' if requirement.name else ''}"


def _matches(requirement: Requirement, offered: Iterable[Capability]) -> list[Capability]:
    return [
        capability
        for capability in offered
        if isinstance(capability, requirement.kind) and requirement.name in ("", capability.name)
    ]
