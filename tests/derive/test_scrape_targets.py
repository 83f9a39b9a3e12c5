"""The metrics of all namespaces."""

from __future__ import annotations

from floe_compiler.derive.scrape_targets import scrape_targets
from floe_compiler.model.mesh_facts import ScrapeTarget
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey
from kit.samples import OUTSIDE

FINANCE = ScrapeTarget("finance", "web", OUTSIDE, "/metrics")
SALES = ScrapeTarget("sales", "api", OUTSIDE, "/metrics")


def key(namespace: str) -> UnitKey:
    return UnitKey("dev", "acme-dev", namespace)


def test_scrape_targets_are_gathered_in_one_order() -> None:
    units = [UnitFacts(key("sales"), scrape_targets=(SALES,)), UnitFacts(key("finance"), scrape_targets=(FINANCE,))]
    assert scrape_targets(units) == scrape_targets(units[::-1]) == (FINANCE, SALES)
