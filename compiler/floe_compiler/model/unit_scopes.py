"""Whose a namespace is: the platform's, that of the nodes, or a domain's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

ComponentScope = Literal["platform", "domain", "each", "nodes"]
"""Where a component runs: in the platform's namespace, in that of each domain, in both, or in that of the nodes."""

PLATFORM: Final = "platform"
"""The scope of the shared services."""

NODES: Final = "platform.nodes"
"""The scope of what needs access to the nodes, such as their logs: its namespace is privileged, and nothing else is in
it. All other scopes are names of domains, which have no dot."""

SHARED: Mapping[str, str] = {PLATFORM: "platform", NODES: "nodes"}
"""The scopes that are not of a domain, with their words in names."""


def scope_name(scope: str) -> str:
    """Return the word for a scope in names: `platform`, `nodes`, or `<domain>-domain`."""
    return SHARED.get(scope) or f"{scope}-domain"
