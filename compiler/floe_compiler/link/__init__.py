"""Summaries -> findings: what is wrong between the units of an environment, and between environments."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.link.across import link_across
from floe_compiler.link.environment import Environment, Facts
from floe_compiler.link.finding import Finding, placed
from floe_compiler.link.registry import MODULES, RULES
from floe_compiler.model.summary import Summary

__all__ = ["RULES", "Environment", "Facts", "Finding", "link", "link_across", "placed"]


def link(facts: Facts, summaries: Iterable[Summary]) -> tuple[Finding, ...]:
    """Return what is wrong between the units of one environment; `placed` makes diagnostics of it.

    Args:
        facts: What holds for the whole environment.
        summaries: The summaries of all its units, in any order.
    """
    environment = Environment.of(facts, summaries)
    return tuple(finding for module in MODULES for finding in module.check(environment))
