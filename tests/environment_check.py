"""Whole rendered environments for tests of checks: each unit checked, and all of them linked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from floe_compiler.check import check_unit
from floe_compiler.link import Environment, duplicate_objects, link, placed, routed_twice
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.environment_facts import EnvironmentFacts
from floe_compiler.model.objects import ObjectId, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import DELIVERY_UNIT, Rendered
from floe_compiler.model.summary import Summary

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class CheckedEnvironment:
    """The findings and summaries of an environment's units, and their places."""

    facts: EnvironmentFacts
    findings: tuple[Diagnostic, ...]
    summaries: tuple[Summary, ...]
    units: Mapping[str, Rendered]

    def places(self, unit: str) -> Places:
        """Return the places of a unit, of which there may be no object."""
        checked = self.units.get(unit)
        return Places.of(checked) if checked else Places(self.facts.environment)


def run_checks(rendered: Rendered) -> tuple[Diagnostic, ...]:
    """Return the warnings about a rendered environment, in order.

    Raises:
        StageFailed: There are errors; it carries all findings, warnings included.
    """
    return run_all_checks((rendered,))


def run_all_checks(environments: Iterable[Rendered]) -> tuple[Diagnostic, ...]:
    """Return the warnings about environments and about what they share, in order; raise as `run_checks` does."""
    checked = {environment.environment: _checked(environment) for environment in environments}
    findings = Findings()
    for environment_ in checked.values():
        findings.extend(environment_.findings)
        findings.extend(placed(link(environment_.facts, environment_.summaries), environment_.places))
    linked = [Environment.of(environment.facts, environment.summaries) for environment in checked.values()]
    for between in (duplicate_objects, routed_twice):
        findings.extend(between(linked, lambda environment, unit: checked[environment].places(unit)))
    return findings.finish()


def facts_of(rendered: Rendered) -> EnvironmentFacts:
    """Return what the link has to know of an environment."""
    return EnvironmentFacts(
        rendered.environment,
        rendered.cluster,
        rendered.cluster_name,
        rendered.cluster_domain,
        rendered.ingress_namespace,
        dns=rendered.dns,
        production=rendered.production,
    )


def split(rendered: Rendered) -> dict[str, Rendered]:
    """Return the units of an environment by name, in order: every namespace, the delivery, and "" for the rest."""
    objects = _grouped(rendered.objects.by_id, lambda identity: _unit_of(rendered, identity))
    removed = _grouped(rendered.removed, lambda identity: _unit_of(rendered, identity))
    connections = _grouped(rendered.connections, lambda item: item.source.namespace)
    launched = _grouped(rendered.launched, lambda item: item.group.namespace)
    exceptions = _grouped(rendered.exceptions, lambda item: item.group.namespace)
    ingress_groups = _grouped(rendered.ingress_groups, lambda item: item[0].namespace)
    open_servers = _grouped(rendered.open_servers, lambda item: item.group.namespace)
    existing_secrets = _grouped(rendered.existing_secrets, lambda item: item.namespace)
    encrypted_secrets = _grouped(rendered.encrypted_secrets, lambda item: item.namespace)
    return {
        name: replace(
            rendered,
            namespace=name,
            objects=ObjectSet({identity: rendered.objects.by_id[identity] for identity in objects.get(name, ())}),
            connections=frozenset(connections.get(name, ())),
            launched=frozenset(launched.get(name, ())),
            exceptions=frozenset(exceptions.get(name, ())),
            ingress_groups=frozenset(ingress_groups.get(name, ())),
            open_servers=frozenset(open_servers.get(name, ())),
            existing_secrets=frozenset(existing_secrets.get(name, ())),
            encrypted_secrets=frozenset(encrypted_secrets.get(name, ())),
            removed={identity: rendered.removed[identity] for identity in removed.get(name, ())},
        )
        for name in sorted({*objects, *connections, *launched, *exceptions, ""})
    }


def _grouped(items: Iterable[Item], unit_of: Callable[[Item], str]) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(unit_of(item), []).append(item)
    return groups


def _checked(rendered: Rendered) -> CheckedEnvironment:
    units = split(rendered)
    definitions = tuple(rendered.objects.of_kind("CustomResourceDefinition"))
    checked = [check_unit(unit, definitions) for unit in units.values()]
    findings = tuple(finding for unit in checked for finding in unit.findings)
    return CheckedEnvironment(facts_of(rendered), findings, tuple(unit.summary for unit in checked), units)


def _unit_of(rendered: Rendered, identity: ObjectId) -> str:
    if identity in rendered.delivery:
        return DELIVERY_UNIT
    is_namespace = (identity.group, identity.kind, identity.namespace) == ("", "Namespace", "")
    return identity.name if is_namespace else identity.namespace
