"""Referenced objects outside the namespace must exist: accounts, roles, priority classes and others."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.annotations import EXTERNAL_REFERENCES
from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.hints import near
from floe_compiler.model.summary import Reference

ACCOUNT = Rule(
    "C044",
    "ServiceAccount not found",
    "A pod or a role binding names a ServiceAccount that the environment does not render. Correct the name, or, if it "
    'is created outside the output, set the annotation "floe.dev/external-references: ServiceAccount/<name>".',
)
ROLE = Rule(
    "C045",
    "Role not found",
    "A binding names a Role or ClusterRole that neither the environment nor Kubernetes has. Correct the name.",
)
MISSING = Rule(
    "C047",
    "referenced object not found",
    "An object names another object that the environment does not render. Correct the name, or, if it is created "
    'outside the output, set the annotation "floe.dev/external-references: <kind>/<name>".',
)
RULES = (ACCOUNT, ROLE, MISSING)

_RULES = {"ClusterRole": ROLE, "Role": ROLE, "ServiceAccount": ACCOUNT}


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the unresolved references."""
    for name, unit in environment.units.items():
        for reference in unit.references:
            known = environment.names(reference.group, reference.kind, reference.namespace)
            if reference.name not in known:
                rule = _RULES.get(reference.kind, MISSING)
                hint = _hint(reference, known)
                for subject, place in reference.named_by:
                    message = f"{place} names {reference.kind} {_shown(reference)}, which does not exist"
                    yield Finding(rule, name, subject.about, message, hint)


def _hint(reference: Reference, known: Collection[str]) -> str:
    similar = near(reference.name, known)
    if similar.startswith("did you mean"):
        return similar
    outside = (
        f'if it is created outside the output, annotate: "{EXTERNAL_REFERENCES}: {reference.kind}/{reference.name}"'
    )
    return f"{similar}; {outside}" if similar else outside


def _shown(reference: Reference) -> str:
    """Return the name, for an account with its namespace, which may be a different one."""
    return f"{reference.namespace}/{reference.name}" if reference.kind == "ServiceAccount" else reference.name
