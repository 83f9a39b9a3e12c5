"""Namespaces: their names, and that no two environments of one cluster share one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Environment
from floe_compiler.model.plan import PLATFORM
from floe_compiler.resolve.rules import NAMESPACE_CLASH, WRONG_VALUE

MAXIMUM_LENGTH = 63


def namespace_name(environment: Environment, scope: str) -> str:
    """Return the name of a scope's namespace: of the shared services, or of a domain."""
    return environment.namespaces.pattern.replace("{scope}", scope if scope == PLATFORM else f"{scope}-domain")


def check_namespaces(
    environments: Mapping[str, Environment],
    documents: Mapping[str, Document],
    scopes: Iterable[str],
    findings: Findings,
) -> None:
    """Complain of namespaces that two environments of one cluster would share, and of names that are too long."""
    taken: dict[tuple[str, str], str] = {}
    for name, environment in environments.items():
        for scope in scopes:
            namespace = namespace_name(environment, scope)
            span = documents[name].span(("namespaces", "pattern"))
            if len(namespace) > MAXIMUM_LENGTH:
                message = f'namespace "{namespace}" is longer than {MAXIMUM_LENGTH} characters'
                findings.add(WRONG_VALUE, message, span, hint="shorten the pattern or the domain's name")
            other = taken.setdefault((environment.cluster.name, namespace), name)
            if other != name:
                findings.add(
                    NAMESPACE_CLASH,
                    f'environments "{other}" and "{name}" would share the namespace "{namespace}" '
                    f'of cluster "{environment.cluster.name}"',
                    span,
                    hint=f'let one be called otherwise: namespaces: {{pattern: "floe-{{scope}}-{name}"}}',
                    related=[Related(documents[other].span(("cluster", "name")), "the other environment")],
                )
                break
