"""Checks the summaries of all units: errors between the units of an environment, and between environments."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.link.between_environments import duplicate_objects
from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding, placed
from floe_compiler.link.ignored_files import undelivered
from floe_compiler.link.registry import MODULES, RULES
from floe_compiler.link.routed_hosts import routed_twice
from floe_compiler.model.environment_facts import EnvironmentFacts
from floe_compiler.model.summary import Summary

__all__ = [
    "RULES",
    "Environment",
    "Finding",
    "duplicate_objects",
    "ignored_files",
    "link",
    "placed",
    "routed_twice",
    "undelivered",
]


def link(facts: EnvironmentFacts, summaries: Iterable[Summary]) -> tuple[Finding, ...]:
    """Return the findings about the units of one environment; `placed` turns them into diagnostics.

    Args:
        facts: The facts of the whole environment.
        summaries: The summaries of all its units, in any order.
    """
    environment = Environment.of(facts, summaries)
    return tuple(finding for module in MODULES for finding in module.check(environment))
