"""Hand-written Ingresses and routes must not lead past the login proxy to servers that ask nobody for a login."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.annotations import EXCEPTION, LOGIN
from floe_compiler.model.diagnostics import Rule

_PAST = (
    "An Ingress or a route that is written by hand, or patched, leads to a server of the platform that asks nobody for "
    "a login, such as Jaeger. Remove it, and let the environment open the server behind a login proxy: `ingress: "
    "{hosts: {<interface>: <host>}, auth: {type: oidc, ...}}`. If something else asks for the login, such as a policy "
    f'of the Gateway, say so on the object: "{EXCEPTION}{LOGIN}: <reason>".'
)
IN_PRODUCTION = Rule("C191", "route past the login in production", _PAST)
ELSEWHERE = Rule("C192", "route past the login", _PAST, severity="warning")
RULES = (IN_PRODUCTION, ELSEWHERE)


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the Ingresses and routes that lead to servers of the platform without a login."""
    rule = IN_PRODUCTION if environment.facts.production else ELSEWHERE
    for name in environment.units:
        for lead in environment.past_login(name):
            server = f"{lead.namespace}/{lead.service}"
            message = f"{lead.field} leads to {server} on port {lead.port}, which asks nobody for a login"
            hint = (
                "remove it, and open the server with the environment's `ingress`, behind its login; or annotate the "
                f'object: "{EXCEPTION}{LOGIN}: <reason>"'
            )
            yield Finding(rule, name, lead.subject.about, message, hint)
