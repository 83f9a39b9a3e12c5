"""What domain teams keep among their secrets: encrypted files for their own namespaces, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.layout import secret_place
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.secret_ways import way_of_name
from floe_compiler.model.span import Span
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.namespaces import namespace_name
from floe_compiler.resolve.rules import DOMAIN_SECRET

WAYS = {
    ("", "Secret"): "sops",
    ("isindir.github.com", "SopsSecret"): "sops",
    ("bitnami.com", "SealedSecret"): "sealed-secrets",
}
"""The kinds of objects that a domain may have, and the way in which each brings a secret."""

TOKENS = ("bootstrap.kubernetes.io/token", "kubernetes.io/service-account-token")
"""The types of Secrets that Kubernetes fills with, or takes as, the rights of others."""


class DomainSecret(msgspec.Struct, frozen=True):
    """An object that a domain has written: without values, and whether SOPS has encrypted it."""

    domain: str
    identity: ObjectId
    manifest: Object
    span: Span
    encrypted: bool


def check_domain_secrets(
    frame: Frame, files: Iterable[str], written: Iterable[DomainSecret], findings: Findings
) -> None:
    """Report what the domains of an environment may not have among their secrets.

    Args:
        frame: The environment.
        files: The paths of files among the secrets of domains.
        written: The objects in the files of its domains.
        findings: What is found is added here.
    """
    name = frame.settings.environment.name
    places = [(file, place) for file in files if (place := secret_place(file)) and place.environment == name]
    absent = frame.inputs.sources.domains.keys() - {*frame.all_domains} if places else ()
    for file, place in places:
        if place.domain in absent:
            message = f'the domain {place.domain} is not in environment "{name}", so nothing reads its secrets'
            findings.add(DOMAIN_SECRET, message, Span(file), hint="remove the file", secret=True)
    for secret in written:
        if problem := _problem(frame, secret):
            message, hint = problem
            findings.add(DOMAIN_SECRET, message, secret.span, hint=hint, secret=True)


def _problem(frame: Frame, secret: DomainSecret) -> tuple[str, str] | None:
    """Return what is wrong with an object, and the fix; None if nothing is."""
    kind, way = secret.identity.kind, WAYS.get((secret.identity.group, secret.identity.kind))
    own = namespace_name(frame.environment, secret.domain)
    if way is None:
        return f"a domain may have no {kind} among its secrets", "ask the platform team to write it in overlays/"
    if way == "sops" and not secret.encrypted:
        return f"the {kind} is not encrypted", "encrypt it with SOPS, and renew its values if they were ever committed"
    if secret.identity.namespace != own:
        namespace = secret.identity.namespace or "none"
        return (
            f"its namespace is {namespace}, but that of the domain {secret.domain} is {own}",
            f"write namespace: {own}, and encrypt it again",
        )
    problems = (_problem_of(frame, secret.domain, name, type_, way) for name, type_ in _brought(secret.manifest))
    return next(filter(None, problems), None)


def _problem_of(frame: Frame, domain: str, name: str, type_: str, way: str) -> tuple[str, str] | None:
    """Return what is wrong with a secret that an object brings, and the fix; None if nothing is."""
    if type_ in TOKENS:
        return f"a domain may have no Secret of type {type_}, which has the rights of others", "use another type"
    from_rules = way_of_name(frame.settings.platform, domain, name).type
    if from_rules == way:
        return None
    rule = f"{{names: [{name}], scopes: [{domain}], use: {{type: {way}}}}}"
    return (
        f"the secret {name} of the domain {domain} comes from {from_rules}, not from {way}",
        f"remove the file, or ask the platform team for a rule: secret_rules: [{rule}]",
    )


def _brought(manifest: Object) -> Iterator[tuple[str, str]]:
    """Yield name and type of each secret that an object brings to its namespace."""
    templates = [manifest]
    if manifest["kind"] == "SopsSecret":
        templates = mappings(manifest, ("spec", "secretTemplates"))
    for template in templates:
        name = at(template, ("metadata", "name")) or template.get("name") or ""
        type_ = template.get("type") or mapping(template, ("spec", "template")).get("type") or "Opaque"
        yield str(name), str(type_)
