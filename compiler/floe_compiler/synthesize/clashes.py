"""Names in one namespace that two parts of it use for different things."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from floe_compiler.model.diagnostics import ENVIRONMENT_END, Diagnostic, Findings, Related, Rule
from floe_compiler.model.facts import named_pods, pod_secrets
from floe_compiler.model.hints import some
from floe_compiler.model.objects import ObjectId, identify
from floe_compiler.model.plan import DeclaredUnit
from floe_compiler.model.span import Span
from floe_compiler.synthesize.unit import Unit

TWICE = Rule(
    "S002",
    "object rendered twice",
    "Two parts of a namespace render the same object, but a cluster keeps only one. Usually a data product or a server "
    "has a name that is already used: give it another name.",
)
NOT_FOR_STEPS = Rule(
    "S004",
    "step reads a secret of the platform",
    "A step of a data product names a secret that belongs to a component of its namespace, such as the password of the "
    "orchestrator's database. Steps get what they need of the platform as variables; for an outside source, give the "
    "secret a name of its own.",
)


def check_twice(declared: DeclaredUnit, unit: Unit, findings: Findings) -> None:
    """Report objects that are rendered twice: one finding for a name and those who use it."""
    times = Counter(identify(manifest, declared.namespace) for manifest in unit.objects)
    clashes: dict[tuple[str, tuple[Span, ...]], list[ObjectId]] = defaultdict(list)
    for identity in sorted(identity for identity, count in times.items() if count > 1):
        places = sorted({place for name, place in unit.origins if name == str(identity)})
        clashes[identity.name, tuple(places)].append(identity)
    for (name, spans), identities in clashes.items():
        first, *others = identities
        also = f", and so {'is' if len(others) == 1 else 'are'} its {some(sorted(other.kind for other in others))}"
        findings.add(
            TWICE,
            f"{first} is rendered twice{also if others else ''}",
            spans[0] if spans else None,
            subject=f"{declared.settings.site}{ENVIRONMENT_END}{first}",
            hint=f'rename the data product or the server: "{name}" is taken',
            related=[Related(place, "and for this") for place in spans[1:]],
        )


def secrets_not_for_steps(unit: DeclaredUnit) -> Iterator[Diagnostic]:
    """Yield the secrets of components that steps name."""
    owners = dict(_owned_secrets(unit))
    for product in (product for declared in unit.instances for product in declared.instance.products):
        for name, place in product.secret_origins:
            if name in owners:
                yield Diagnostic(
                    NOT_FOR_STEPS,
                    f'a step may not read the secret "{name}", which belongs to {owners[name]}',
                    place,
                    f"{unit.settings.site}{ENVIRONMENT_END}{unit.namespace}",
                    "name a secret that only data products use",
                )


def _owned_secrets(unit: DeclaredUnit) -> Iterator[tuple[str, str]]:
    """Yield each secret that steps may not name, with its owner; last comes who declares it, not who only reads it."""
    used = [
        (declared.instance, pod_secrets(pod for _, pod in named_pods(declared.parts))) for declared in unit.instances
    ]
    for instance, secrets in (*used, *((declared.instance, declared.secrets) for declared in unit.instances)):
        for secret in secrets:
            if not secret.of_steps:
                yield secret.name, f"the {instance.slot} {instance.type}"
    if unit.settings.platform.pull_secret:
        yield unit.settings.platform.pull_secret, "images.pull_secret"
