"""DeclaredUnits -> UnitPlans: what follows from the facts of several namespaces, in a module each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from floe_compiler.derive.alerts import alerts
from floe_compiler.derive.authorities import authorities
from floe_compiler.derive.backups import database_backups, volume_backups
from floe_compiler.derive.callers import callers
from floe_compiler.derive.certificates import certificates
from floe_compiler.derive.interfaces import interfaces
from floe_compiler.derive.linked import linked
from floe_compiler.derive.mesh_callers import mesh_callers
from floe_compiler.derive.namespaces import namespaces
from floe_compiler.derive.readers import readers
from floe_compiler.derive.routes import routes, with_proxies
from floe_compiler.derive.scrape_targets import scrape_targets, scraper
from floe_compiler.derive.shared_secrets import shared_secrets
from floe_compiler.model.accounts import Reader
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.ingress import EnvironmentIngress, UnitIngress
from floe_compiler.model.links import Linked, LinkedServers
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import Callers, DeclaredUnit, MeshCallers, SharedSecrets, UnitPlan
from floe_compiler.model.settings import PlatformSettings
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from floe_compiler.model.units import UnitKey

Complete = Callable[[DeclaredUnit, MeshFacts], DeclaredUnit]
"""Returns a namespace with the parts that its components add once the facts of all are known."""


class Derived(msgspec.Struct, frozen=True):
    """The facts of one namespace that are derived from those of its whole environment."""

    callers: Mapping[str, Callers] = msgspec.field(default_factory=dict)
    shared_secrets: SharedSecrets | None = None
    ingress: UnitIngress | None = None
    readers: tuple[Reader, ...] = ()
    scraper: Scraper | None = None
    linked: Linked | None = None
    mesh_callers: Mapping[str, MeshCallers] = msgspec.field(default_factory=dict)

    def plan(self, unit: DeclaredUnit) -> UnitPlan:
        """Return the plan of the namespace."""
        return UnitPlan(
            unit,
            self.callers,
            self.shared_secrets,
            self.ingress,
            self.readers,
            self.scraper,
            self.linked,
            self.mesh_callers,
        )


def derive(
    facts: Iterable[UnitFacts],
    ingress: EnvironmentIngress | None = None,
    platform: PlatformSettings | None = None,
    servers: LinkedServers | None = None,
) -> Mapping[UnitKey, Derived]:
    """Return the derived facts of each unit of one environment.

    Args:
        facts: The facts of its namespaces.
        ingress: What users open.
        platform: Its settings, which say how secrets get into a namespace (default: they are generated).
        servers: What its other clusters call.
    """
    units = sorted(facts, key=lambda unit: unit.key)
    opened: dict[str, UnitIngress] = {}
    if ingress is not None:
        opened = dict.fromkeys((unit.namespace for unit in units), UnitIngress()) | {**routes(units, ingress)}
        units = [with_proxies(unit, opened[unit.namespace]) for unit in units]
    called, shared = callers(units), shared_secrets(units, platform)
    meshed = mesh_callers(units, servers.accounts if servers else ())
    everywhere = readers(units), scraper(units)
    to_clusters = linked(servers) if servers else {}
    return {
        unit.key: Derived(
            called.get(unit.namespace, {}),
            shared.get(unit.namespace),
            opened.get(unit.namespace),
            *everywhere,
            to_clusters.get(unit.namespace),
            meshed.get(unit.namespace, {}),
        )
        for unit in units
    }


def mesh_facts(
    facts: Iterable[UnitFacts], ingress: EnvironmentIngress | None = None, servers: LinkedServers | None = None
) -> MeshFacts:
    """Return the facts of all namespaces of one environment.

    `ingress` says what users open, and `servers` what other clusters call.
    """
    units = tuple(facts)
    return MeshFacts(
        interfaces=interfaces(units),
        scrape_targets=scrape_targets(units),
        database_backups=database_backups(units),
        volume_backups=volume_backups(units),
        alerts=alerts(units),
        namespaces=namespaces(units),
        certificates=certificates(units, ingress, servers),
        authorities=authorities(units),
    )


def plan_units(
    units: Sequence[DeclaredUnit],
    complete: Complete | None = None,
    facts: Iterable[UnitFacts] | None = None,
    ingress: EnvironmentIngress | None = None,
    servers: LinkedServers | None = None,
) -> tuple[UnitPlan, ...]:
    """Return the plan of each namespace of one environment, in order.

    Args:
        units: The namespaces.
        complete: Adds the parts that depend on the facts of all to incomplete units (default: adds nothing).
        facts: What the units declare for each other, if it is known already.
        ingress: What users open of the environment.
        servers: What its other clusters call.

    Raises KeyError if a component names a port that its workload does not have.
    """
    all_facts = [unit_facts(unit) for unit in units] if facts is None else list(facts)
    mesh = mesh_facts(all_facts, ingress, servers)
    complete_units = [complete(unit, mesh) if complete and unit.incomplete else unit for unit in units]
    # Only the calls and secrets of the added parts concern other units.
    final = (unit_facts(unit) if own.incomplete else own for unit, own in zip(complete_units, all_facts, strict=True))
    platform = next((unit.settings.platform for unit in units), None)
    derived = derive(final, ingress, platform, servers)
    return tuple(derived[unit.key].plan(unit) for unit in complete_units)
