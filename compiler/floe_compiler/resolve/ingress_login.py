"""Every interface that an environment opens must ask for a login, and the login must have its secrets."""

from __future__ import annotations

from collections.abc import Sequence

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.hints import some
from floe_compiler.model.ingress import OpenedHost, is_for_people, open_reasons
from floe_compiler.model.inputs import GeneratedSecrets, NoLogin, OidcLogin
from floe_compiler.model.secret_ways import way_of_name
from floe_compiler.model.span import Span
from floe_compiler.model.unit_scopes import PLATFORM
from floe_compiler.resolve.opened import INGRESS, Opened
from floe_compiler.resolve.rules import NO_LOGIN, NO_SECRET_STORE


def check_login(opened: Opened, findings: Findings) -> None:
    """Report interfaces that nobody would ask for a login, without a reason or in production."""
    production = opened.frame.settings.environment.production
    bare = [host for host in opened.hosts if not host.interface.authenticates and not host.login]
    if production:
        _check_production(opened, bare, findings)
    reasons = open_reasons(opened.settings, (host.name for host in bare))
    missing = [host for host in bare if host.name not in reasons]
    if people := [host.name for host in missing if is_for_people(host.interface)]:
        instead = "" if production else "; or say why not: auth: {type: none, reason: ...}"
        findings.add(
            NO_LOGIN,
            f"{some(people)} would be open to everyone: {'it does' if len(people) == 1 else 'they do'} not ask for a"
            " login",
            opened.frame.document.key_span(INGRESS),
            hint=f"put one in front: auth: {{type: oidc, ...}}{instead}",
        )
    for host in (host for host in missing if not is_for_people(host.interface)):
        instead = "" if production else f", or say why it needs no login: auth: {{without: {{{host.name}: ...}}}}"
        findings.add(
            NO_LOGIN,
            f"{host.name} would be open to everyone: programs use it, which no login proxy lets in",
            opened.span_of(host),
            hint=f"do not open it{instead}",
        )


def _check_production(opened: Opened, bare: Sequence[OpenedHost], findings: Findings) -> None:
    """Report what production opens without a login: no reason permits it there."""
    auth = opened.settings.auth
    for host in bare:
        if isinstance(auth, OidcLogin) and host.name in auth.without:
            findings.add(
                NO_LOGIN,
                f'environment "{opened.name}" is production, but opens {host.name} without a login',
                opened.frame.document.key_span((*INGRESS, "auth", "without", host.name)),
                hint=f"remove it, or do not open it: hosts: {{{host.name}: false}}",
            )
    if isinstance(auth, NoLogin) and bare:
        findings.add(
            NO_LOGIN,
            f'environment "{opened.name}" is production, but opens {some(host.name for host in bare)} without a login',
            opened.span("auth", "type"),
            hint="put one in front: auth: {type: oidc, ...}",
        )


def check_secrets(opened: Opened, findings: Findings) -> None:
    """Report secrets that can only come from a store, in an environment that generates its secrets."""
    tls, auth, wanted = opened.settings.tls, opened.settings.auth, list[tuple[str, Span | None, str]]()
    if any(host.login for host in opened.hosts) and isinstance(auth, OidcLogin) and _is_generated(opened, auth.secret):
        wanted.append(("the secret of the login's client", opened.span("auth", "type"), "auth: {type: none, ...}"))
    if tls and tls.secret and not tls.existing and _is_generated(opened, tls.secret):
        wanted.append(("a certificate", opened.span("tls", "secret"), "tls: {issuer: ...}"))
    for secret, span, instead in wanted:
        findings.add(
            NO_SECRET_STORE,
            f'{secret} can only come from a store, but environment "{opened.name}" generates its secrets',
            span,
            hint="give it a store: `platform: {secrets: {type: external-secrets, store: <name>}}`, or write "
            f"`{instead}`",
        )


def _is_generated(opened: Opened, name: str) -> bool:
    """Return whether a secret of the shared services is generated."""
    return isinstance(way_of_name(opened.frame.settings.platform, PLATFORM, name), GeneratedSecrets)
