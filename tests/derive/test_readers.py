"""Accounts with rights in every namespace."""

from __future__ import annotations

from floe_compiler.derive import derive
from floe_compiler.derive.readers import readers
from floe_compiler.model.accounts import PolicyRule, Reader
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.units import UnitKey

WATCH = PolicyRule(("",), ("pods",), ("list",))
ONE, TWO = Reader("platform", "exporter", (WATCH,)), Reader("platform", "state", (WATCH,))


def facts(namespace: str, *readers_: Reader, scraper: Scraper | None = None) -> UnitFacts:
    return UnitFacts(UnitKey("dev", "acme-dev", namespace), readers=readers_, scraper=scraper)


def test_every_namespace_has_the_same_readers_and_the_same_scraper() -> None:
    units = [facts("sales"), facts("platform", TWO, ONE, scraper=Scraper(headless=True))]
    assert readers(units) == (ONE, TWO)
    for unit in derive(units).values():
        assert (unit.readers, unit.scraper) == ((ONE, TWO), Scraper(headless=True))


def test_without_readers_the_list_is_empty() -> None:
    (unit,) = derive([facts("sales")]).values()
    assert (unit.readers, unit.scraper) == ((), None)
