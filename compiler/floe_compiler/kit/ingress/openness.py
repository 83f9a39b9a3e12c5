"""Routes to interfaces that ask nobody for a login say so, with the reason, where reviewers and `diff` see it."""

from __future__ import annotations

from floe_compiler.model.annotations import EXCEPTION, LOGIN
from floe_compiler.model.ingress import Route


def why_open(route: Route) -> dict[str, str]:
    """Return the annotation of a route without a login; none if there is one."""
    return {f"{EXCEPTION}{LOGIN}": route.why_open} if route.why_open else {}
