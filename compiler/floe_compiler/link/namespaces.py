"""Namespaces of objects must be rendered."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.hints import near

UNRENDERED = Rule(
    "C013",
    "Namespace not found",
    "An object is in a namespace that the environment does not render, so it cannot be applied. "
    "Add the Namespace, or correct the name.",
)
RULES = (UNRENDERED,)


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the objects in namespaces that the environment does not render."""
    for name, unit in environment.units.items():
        for subject in unit.stray:
            if subject.namespace not in environment.known_namespaces:
                message = f"metadata.namespace: there is no Namespace {subject.namespace} in this environment"
                hint = near(subject.namespace, environment.namespaces)
                yield Finding(UNRENDERED, name, subject.about, message, hint)
