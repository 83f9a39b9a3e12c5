"""The rules that say how single secrets get into the cluster must match some, and the CSI driver must be able to.

This is checked when the secrets of all namespaces are known, over all environments, as these share a manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from floe_compiler.model.diagnostics import Findings, did_you_mean
from floe_compiler.model.document import DataPath
from floe_compiler.model.inputs import CsiSecrets, GeneratedSecrets, OidcLogin
from floe_compiler.model.secret_ways import rule_of, way_of_name
from floe_compiler.model.span import Span
from floe_compiler.model.unit_facts import SecretRead, UnitFacts
from floe_compiler.model.unit_scopes import PLATFORM, SHARED
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.rules import NO_SECRET_STORE, NOT_MOUNTED, UNKNOWN_SCOPE, USELESS_RULE

RULES: DataPath = ("secret_rules",)
IMAGES = "images.pull_secret"
CERTIFICATE = "the certificate of hosts"


def check_secret_rules(
    frames: Mapping[str, Frame],
    units: Callable[[str], Collection[UnitFacts]],
    findings: Findings,
    omitted_domains: Collection[str] = (),
) -> None:
    """Report what is wrong with `secret_rules` of environments, and what no pod can get from the CSI driver.

    Args:
        frames: The environments by name.
        units: Returns the facts of the namespaces of one of them.
        findings: What is found is added here.
        omitted_domains: Domains that are left out, whose secrets are not known.
    """
    used: set[Span | None] = set()
    for name, frame in frames.items():
        _check_scopes(frame, omitted_domains, findings)
        _check_production(frame, findings)
        platform = frame.settings.platform
        if not platform.secret_rules and not isinstance(platform.secrets, CsiSecrets):
            continue
        own = units(name)
        reads = [*(read for unit in own for read in _reads(frame, unit)), *_copies(frame, own)]
        for scope, read in reads:
            position = rule_of(platform.secret_rules, scope, read.name)
            if position is not None:
                used.add(_span(frame, position))
        _check_mounted(frame, reads, findings)
    if omitted_domains:
        return
    for name, frame in frames.items():
        sources = frame.inputs.sources
        is_complete = not sources.omitted_environments and frames.keys() == sources.environments.keys()
        for position in range(len(frame.settings.platform.secret_rules)):
            span = _span(frame, position)
            if span not in used and (is_complete or (span and span.file == frame.document.file)):
                used.add(span)  # told once for all environments that share it
                _tell_useless(name, frame, position, span, findings)


def _span(frame: Frame, position: int) -> Span | None:
    return frame.platform.merged.span((*RULES, position))


def _reads(frame: Frame, unit: UnitFacts) -> Iterator[tuple[str, SecretRead]]:
    """Yield the secrets that a namespace reads, or may read for its images and hosts, with its scope."""
    yield from ((unit.scope, read) for read in unit.reads)
    if pull_secret := frame.settings.platform.pull_secret:
        yield unit.scope, SecretRead(pull_secret, IMAGES)
    if ingress := frame.environment.ingress:
        here = ingress.type == "ingress" or unit.scope == PLATFORM
        if here and ingress.tls and ingress.tls.secret and not ingress.tls.existing:
            yield unit.scope, SecretRead(ingress.tls.secret, CERTIFICATE)
        if isinstance(ingress.auth, OidcLogin):
            yield from ((unit.scope, SecretRead(name)) for name in (ingress.auth.secret, "oauth2-proxy-cookie"))


def _copies(frame: Frame, units: Collection[UnitFacts]) -> Iterator[tuple[str, SecretRead]]:
    """Yield the secrets that other namespaces copy, as they are generated there, with the scope that has them."""
    platform, scopes = frame.settings.platform, {unit.namespace: unit.scope for unit in units}
    for unit in units:
        for use in unit.secrets:
            if use.owner in scopes and isinstance(way_of_name(platform, unit.scope, use.secret), GeneratedSecrets):
                yield scopes[use.owner], SecretRead(use.secret, unit.namespace)


def _check_scopes(frame: Frame, omitted_domains: Collection[str], findings: Findings) -> None:
    """Report scopes that are neither a domain nor one of the platform's."""
    known = {*frame.inputs.sources.domains, *omitted_domains, *SHARED.values()}
    for position, rule in enumerate(frame.settings.platform.secret_rules):
        for index, scope in enumerate(rule.scopes or ()):
            if scope not in known:
                findings.add(
                    UNKNOWN_SCOPE,
                    f'there is no domain "{scope}" whose pods could read secrets',
                    frame.platform.merged.span((*RULES, position, "scopes", index)),
                    hint=did_you_mean(scope, known),
                )


def _check_production(frame: Frame, findings: Findings) -> None:
    """Report rules that would generate secrets in production."""
    for position, rule in enumerate(frame.settings.platform.secret_rules):
        if frame.settings.environment.production and isinstance(rule.use, GeneratedSecrets):
            findings.add(
                NO_SECRET_STORE,
                f'environment "{frame.settings.environment.name}" is production, but a rule generates secrets',
                frame.platform.merged.span((*RULES, position, "use", "type")),
                hint="give them a store: `use: {type: external-secrets, store: {name: <name>}}`",
            )


def _check_mounted(frame: Frame, reads: Iterable[tuple[str, SecretRead]], findings: Findings) -> None:
    """Report secrets of the CSI driver that no pod mounts: it brings them to pods only."""
    platform, reported = frame.settings.platform, set[str]()
    for scope, read in reads:
        if (
            read.named_by
            and isinstance(way_of_name(platform, scope, read.name), CsiSecrets)
            and read.name not in reported
        ):
            reported.add(read.name)
            position = rule_of(platform.secret_rules, scope, read.name)
            path: DataPath = ("secrets", "type") if position is None else (*RULES, position, "use", "type")
            findings.add(
                NOT_MOUNTED,
                f"the CSI driver only brings secrets to pods that mount them, but {read.named_by} needs {read.name}",
                frame.platform.merged.span(path),
                hint=f"let it come from elsewhere: secret_rules: [{{names: [{read.name}], use: {{type: ...}}}}]"
                + (", before this rule" if position is not None else ""),
            )


def _tell_useless(name: str, frame: Frame, position: int, span: Span | None, findings: Findings) -> None:
    rule = frame.settings.platform.secret_rules[position]
    whose = f" of {', '.join(rule.scopes)}" if rule.scopes else ""
    findings.add(
        USELESS_RULE,
        f"no secret{whose} is called {' or '.join(rule.names)}, or an earlier rule has it",
        span,
        hint=f"remove the rule, or correct it; `floe-compile secrets --env {name}` lists the names",
    )
