"""The ingress controller must be able to reach the pods of Ingresses and routes."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.link.environment import Environment
from floe_compiler.link.finding import Finding
from floe_compiler.model.diagnostics import Rule
from floe_compiler.model.rendered import PodGroup

INGRESS = Rule(
    "C065",
    "Ingress with unreachable pods",
    "An Ingress or a route of Gateway API leads to pods, but no NetworkPolicy lets the ingress controller's namespace "
    "reach them. Allow ingress from it on the pods' port. An interface of a component is allowed if the environment's "
    "`ingress` opens it.",
)
RULES = (INGRESS,)


def check(environment: Environment) -> Iterator[Finding]:
    """Yield the Ingresses and routes to pods that the ingress controller cannot reach."""
    for name, unit in environment.units.items():
        # A policy would not make them right: what is wrong is that they lead past the login.
        wrong = {lead.subject for lead in environment.past_login(name) if environment.facts.production}
        for door in (door for door in unit.network.doors if door.route not in wrong):
            if environment.namespaces.issuperset(door.namespaces):
                about = door.route.about
                target = PodGroup(name, door.group)
                message = f"no policy lets the ingress controller reach {target} on port {door.port}"
                controller = environment.facts.ingress_namespace or "<namespace of the ingress controller>"
                hint = f"write a NetworkPolicy for these pods: {_rule(controller, door.port)}"
                yield Finding(INGRESS, name, about, message, hint)


def _rule(namespace: str, port: int) -> str:
    """Return the rule of a NetworkPolicy that lets a namespace reach pods on a port."""
    selector = f"{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}}}"
    return f"ingress: [{{from: [{selector}], ports: [{{port: {port}}}]}}]"
