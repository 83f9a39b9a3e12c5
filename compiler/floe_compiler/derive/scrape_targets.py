"""The metrics of all namespaces, from which a scrape configuration is derived."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.alerts import Scraper
from floe_compiler.model.mesh_facts import ScrapeTarget
from floe_compiler.model.unit_facts import UnitFacts


def scrape_targets(units: Iterable[UnitFacts]) -> tuple[ScrapeTarget, ...]:
    """Return the scrape targets of all namespaces, sorted."""
    return tuple(sorted(target for unit in units for target in unit.scrape_targets))


def scraper(units: Iterable[UnitFacts]) -> Scraper | None:
    """Return the server that collects the metrics of all namespaces, if there is one."""
    return next((unit.scraper for unit in units if unit.scraper), None)
