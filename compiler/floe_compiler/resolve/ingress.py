"""What an environment opens must exist, have one host each, be reachable, and ask for a login.

This is checked when the interfaces of all namespaces are known, over all environments, as some share a cluster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath
from floe_compiler.model.hints import some
from floe_compiler.model.ingress import (
    MOST_LISTENERS,
    OpenedHost,
    interface_name,
    is_for_people,
    listeners_of,
    open_reasons,
    opened_hosts,
)
from floe_compiler.model.inputs import GeneratedSecrets, Ingress, NoLogin, OidcLogin
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.names import check_dns_subdomain
from floe_compiler.model.span import Span
from floe_compiler.resolve.environment import Frame
from floe_compiler.resolve.rules import (
    HOST_OF_TWO,
    HOST_OUTSIDE,
    NO_LOGIN,
    NO_SECRET_STORE,
    NO_TLS,
    NO_WAY_IN,
    NOT_ROUTED,
    TOO_MANY_HOSTS,
    UNKNOWN_INTERFACE,
    WRONG_ADDRESS,
)

INGRESS: DataPath = ("ingress",)


class _Opened(msgspec.Struct, frozen=True):
    """The ingress of an environment, with the interfaces of its namespaces and those that it opens."""

    frame: Frame
    settings: Ingress
    interfaces: Mapping[str, OpenInterface]
    hosts: tuple[OpenedHost, ...]

    def span(self, *path: str | int) -> Span | None:
        """Return the location of a value below `ingress`, or that of the nearest value above it."""
        return self.frame.document.span((*INGRESS, *path))

    def span_of(self, opened: OpenedHost) -> Span | None:
        """Return the location of a host: its own, or that of the domain."""
        return self.span("hosts", opened.name) if opened.name in self.settings.hosts else self.span("domain")

    @property
    def namespaces(self) -> set[str]:
        """Return the namespaces that have interfaces, and that of the shared services."""
        found = {one.namespace for one in self.interfaces.values()}
        return found | {self.frame.settings.environment.platform_namespace}

    @property
    def name(self) -> str:
        """Return the name of the environment."""
        return self.frame.settings.environment.name


def check_ingress(
    frames: Mapping[str, Frame],
    interfaces: Mapping[str, Iterable[OpenInterface]],
    findings: Findings,
    omitted_domains: Collection[str] = (),
) -> None:
    """Report what is wrong with the `ingress` of environments.

    Args:
        frames: The environments by name.
        interfaces: The interfaces of all namespaces of each of them.
        findings: What is found is added here.
        omitted_domains: Domains that are left out, whose interfaces are not known.
    """
    opened = [
        _Opened(
            frame,
            frame.environment.ingress,
            {interface_name(one): one for one in interfaces.get(name, ())},
            tuple(opened_hosts(interfaces.get(name, ()), frame.environment.ingress)),
        )
        for name, frame in frames.items()
        if frame.environment.ingress
    ]
    for one in opened:
        _check_names(one, omitted_domains, findings)
        _check_hosts(one, findings)
        _check_addresses(one, findings)
        _check_ways(one, findings)
        _check_login(one, findings)
        _check_secrets(one, findings)
    _check_claims(opened, findings)


def _check_names(opened: _Opened, omitted_domains: Collection[str], findings: Findings) -> None:
    """Report names of interfaces that no component declares."""
    without = opened.settings.auth.without if isinstance(opened.settings.auth, OidcLogin) else {}
    paths: list[DataPath] = [("hosts", name) for name in opened.settings.hosts]
    paths += [("auth", "without", name) for name in without]
    for path in paths:
        name = str(path[-1])
        if name not in opened.interfaces and not name.endswith(tuple(f"-{domain}" for domain in omitted_domains)):
            findings.add(
                UNKNOWN_INTERFACE,
                f'environment "{opened.name}" has no interface "{name}"',
                opened.frame.document.key_span((*INGRESS, *path)),
                hint=did_you_mean(name, opened.interfaces) or "no component that it uses declares an interface",
            )


def _check_hosts(opened: _Opened, findings: Findings) -> None:
    """Report hosts that are not below the domain, and usual hosts that are no host names."""
    domain = opened.settings.domain
    for one in opened.hosts:
        if domain and one.host != domain and not one.host.endswith(f".{domain}"):
            findings.add(
                HOST_OUTSIDE,
                f'host "{one.host}" of {one.name} is not below the domain {domain}',
                opened.span_of(one),
                hint=f"write a host below it (`{one.name}.{domain}`), or a wider domain",
                related=_related(opened.span("domain"), "the domain"),
            )
        elif problem := _not_a_host(one.host):
            findings.add(
                HOST_OUTSIDE,
                f'the usual host of {one.name}, "{one.host}", is no host name: {problem}',
                opened.span_of(one),
                hint=f"give it one: hosts: {{{one.name}: <host>}}",
            )


def _check_addresses(opened: _Opened, findings: Findings) -> None:
    """Report programs whose own address is not the one at which they are opened."""
    scheme = "http" if opened.settings.tls is None else "https"
    merged = opened.frame.platform.merged
    for one in opened.hosts:
        setting, address = one.interface.address_setting, one.interface.address.rstrip("/")
        expected = f"{scheme}://{one.host}"
        if setting and address != expected:
            said = f"takes itself to be at {address}" if address else "does not know its address"
            findings.add(
                WRONG_ADDRESS,
                f'{one.name} of environment "{opened.name}" {said}, but is opened at {expected}',
                (merged.span(setting) if address else None) or opened.span_of(one),
                hint=f"write {'.'.join(setting)}: {expected}" + ("" if address else ", under `platform` here"),
                related=_related(opened.span_of(one), "the host") if address else (),
            )


def _related(span: Span | None, what: str) -> tuple[Related, ...]:
    return (Related(span, what),) if span else ()


def _not_a_host(host: str) -> str:
    try:
        check_dns_subdomain(host)
    except ValueError as error:
        return str(error).partition(";")[0]
    long = next((label for label in host.split(".") if len(label) > 63), "")
    return f"{long} is longer than 63 characters" if long else ""


def _check_ways(opened: _Opened, findings: Findings) -> None:
    """Report an ingress that no controller reaches, without certificates, or for more hosts than it can have."""
    cluster, settings = opened.frame.settings.cluster, opened.settings
    if not cluster.ingress_namespace and not cluster.ingress_addresses:
        findings.add(
            NO_WAY_IN,
            f'environment "{opened.name}" opens interfaces, but its policies let no ingress controller in',
            opened.frame.document.key_span(INGRESS),
            hint="write where its pods run: cluster: {ingress_namespace: ...}, or the addresses from which it sends: "
            "cluster: {ingress_addresses: [...]}",
        )
    own = {cluster.ingress_namespace} & opened.namespaces
    if own:
        findings.add(
            NO_WAY_IN,
            f'"{cluster.ingress_namespace}" is a namespace of the environment, whose pods reach only what is declared',
            opened.frame.document.span(("cluster", "ingress_namespace")),
            hint="let it run in a namespace of its own; if it runs beside its Gateway, name one that is there: "
            "ingress: {gateway: {name: ..., namespace: ...}}",
        )
    if opened.frame.settings.environment.production and settings.tls is None and settings.gateway is None:
        findings.add(
            NO_TLS,
            f'environment "{opened.name}" is production, but its hosts have no certificates',
            opened.frame.document.key_span(INGRESS),
            hint="write where they come from: tls: {issuer: <ClusterIssuer>}",
        )
    rendered = settings.type == "gateway" and settings.gateway is None
    needed = len(listeners_of(opened.hosts, settings)) if rendered else 0
    if needed > MOST_LISTENERS:
        findings.add(
            TOO_MANY_HOSTS,
            f"{len(opened.hosts)} hosts need {needed} listeners, but a Gateway has {MOST_LISTENERS} at most",
            opened.span("domain"),
            hint="one certificate for all needs one listener: tls: {issuer: <ClusterIssuer>, wildcard: true}",
        )
    for one in opened.hosts:
        if settings.type == "ingress" and one.interface.protocol == "grpc":
            findings.add(
                NOT_ROUTED,
                f"{one.name} speaks gRPC, which an Ingress cannot say",
                opened.span_of(one),
                hint="use Gateway API: type: gateway",
            )


def _check_login(opened: _Opened, findings: Findings) -> None:
    """Report interfaces that nobody would ask for a login, without a reason or in production."""
    production = opened.frame.settings.environment.production
    bare = [one for one in opened.hosts if not one.interface.authenticates and not one.login]
    if production:
        _check_production(opened, bare, findings)
    reasons = open_reasons(opened.settings, (one.name for one in bare))
    missing = [one for one in bare if one.name not in reasons]
    if people := [one.name for one in missing if is_for_people(one.interface)]:
        instead = "" if production else "; or say why not: auth: {type: none, reason: ...}"
        findings.add(
            NO_LOGIN,
            f"{some(people)} would be open to everyone: {'it does' if len(people) == 1 else 'they do'} not ask for a"
            " login",
            opened.frame.document.key_span(INGRESS),
            hint=f"put one in front: auth: {{type: oidc, ...}}{instead}",
        )
    for one in (one for one in missing if not is_for_people(one.interface)):
        instead = "" if production else f", or say why it needs no login: auth: {{without: {{{one.name}: ...}}}}"
        findings.add(
            NO_LOGIN,
            f"{one.name} would be open to everyone: programs use it, which no login proxy lets in",
            opened.span_of(one),
            hint=f"do not open it{instead}",
        )


def _check_production(opened: _Opened, bare: Sequence[OpenedHost], findings: Findings) -> None:
    """Report what production opens without a login for a reason: none is good enough."""
    auth = opened.settings.auth
    for one in bare:
        if isinstance(auth, OidcLogin) and one.name in auth.without:
            findings.add(
                NO_LOGIN,
                f'environment "{opened.name}" is production, but opens {one.name} without a login',
                opened.frame.document.key_span((*INGRESS, "auth", "without", one.name)),
                hint=f"remove it, or do not open it: hosts: {{{one.name}: false}}",
            )
    if isinstance(auth, NoLogin) and bare:
        findings.add(
            NO_LOGIN,
            f'environment "{opened.name}" is production, but opens {some(one.name for one in bare)} without a login',
            opened.span("auth", "type"),
            hint="put one in front: auth: {type: oidc, ...}",
        )


def _check_secrets(opened: _Opened, findings: Findings) -> None:
    """Report secrets that can only come from a store, in an environment that generates its secrets."""
    if not isinstance(opened.frame.settings.platform.secrets, GeneratedSecrets):
        return
    tls, wanted = opened.settings.tls, list[tuple[str, Span | None, str]]()
    if any(one.login for one in opened.hosts):
        wanted.append(("the secret of the login's client", opened.span("auth", "type"), "auth: {type: none, ...}"))
    if tls and tls.secret and not tls.existing:
        wanted.append(("a certificate", opened.span("tls", "secret"), "tls: {issuer: ...}"))
    for what, span, instead in wanted:
        findings.add(
            NO_SECRET_STORE,
            f'{what} can only come from a store, but environment "{opened.name}" generates its secrets',
            span,
            hint="give it a store: `platform: {secrets: {type: external-secrets, store: <name>}}`, or write "
            f"`{instead}`",
        )


def _check_claims(opened: Sequence[_Opened], findings: Findings) -> None:
    """Report hosts that two interfaces of one cluster would have."""
    claims: dict[tuple[str, str], list[tuple[_Opened, OpenedHost]]] = defaultdict(list)
    for environment in opened:
        cluster = cluster_identity(environment.frame.environment.cluster)
        for one in environment.hosts:
            claims[cluster, one.host].append((environment, one))
    reported: set[tuple[str, str, Span | None]] = set()
    for (_, host), (first, *others) in claims.items():
        for other in others:
            # Two environments with the same domain share all of their usual hosts: that is one mistake.
            span = other[0].span_of(other[1])
            mistake = (first[0].name, other[0].name, span)
            if mistake not in reported:
                reported.add(mistake)
                _report_claim(host, first, other, findings)


def _report_claim(
    host: str, first: tuple[_Opened, OpenedHost], other: tuple[_Opened, OpenedHost], findings: Findings
) -> None:
    same = first[0] is other[0]
    whose = first[1].name if same else f'{first[1].name} of environment "{first[0].name}" in the same cluster'
    hint = (
        f"give one of them another host: hosts: {{{other[1].name}: <host>}}"
        if same
        else "give each environment a domain of its own, or the interface another host"
    )
    findings.add(
        HOST_OF_TWO,
        f'host "{host}" of {other[1].name} is also that of {whose}',
        other[0].span_of(other[1]),
        subject=f"{other[0].name}{ENVIRONMENT_END}{other[1].name}",
        hint=hint,
        related=_related(first[0].span_of(first[1]), "the other one"),
    )
