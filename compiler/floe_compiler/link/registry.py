"""The rules of this stage: a rule that is not listed here does not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from floe_compiler.link import (
    between_environments,
    connections,
    delivery,
    hosts,
    ignored_files,
    ingresses,
    logins,
    monitors,
    namespaces,
    references,
    routed_hosts,
    selectors,
    tokens,
    undeclared_peers,
)
from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.diagnostics import Rule


class RuleModule(Protocol):
    """A module with rules about the units of one environment."""

    @property
    def RULES(self) -> tuple[Rule, ...]:  # noqa: N802 - a constant of each module
        """Return the rules that it checks."""

    def check(self, environment: Environment) -> Iterable[Finding]:
        """Yield the findings about the units of an environment."""


MODULES: tuple[RuleModule, ...] = (
    connections,
    delivery,
    hosts,
    ingresses,
    logins,
    monitors,
    namespaces,
    references,
    selectors,
    undeclared_peers,
    tokens,
)
RULES: tuple[Rule, ...] = (
    *(rule for module in MODULES for rule in module.RULES),
    between_environments.SHARED,
    routed_hosts.TWICE,
    ignored_files.STORED_OTHERWISE,
    ignored_files.NOT_COMMITTED,
    ignored_files.OTHER_REPOSITORY,
)
