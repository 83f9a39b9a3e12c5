"""Pods with a token for the API server whose account has no role."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.diagnostics import Rule

TOKEN = Rule(
    "C071",
    "unneeded API token",
    "A pod gets a token for the API server although its ServiceAccount has no role. Only an attacker could use it. "
    "Set automountServiceAccountToken to false.",
)
RULES = (TOKEN,)


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the pods with a token whose account has no role, by the bindings of all units."""
    bound = {account for unit in environment.units.values() for account in unit.bound}
    for name, unit in environment.units.items():
        for token in unit.tokens:
            if (name, token.account) not in bound:
                yield Finding(TOKEN, name, token.subject.about, token.message, token.hint)
