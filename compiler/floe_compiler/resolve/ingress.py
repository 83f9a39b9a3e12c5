"""What an environment opens must exist, have one host each, be reachable, and ask for a login.

This is checked when the interfaces of all namespaces are known, over all environments, as some share a cluster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from floe_compiler.model.clusters import cluster_identity
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Findings, Related, did_you_mean
from floe_compiler.model.document import DataPath
from floe_compiler.model.ingress import (
    MOST_LISTENERS,
    OpenedHost,
    interface_name,
    is_secure,
    listeners_of,
    opened_hosts,
)
from floe_compiler.model.inputs import OidcLogin
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.names import check_dns_subdomain
from floe_compiler.model.span import Span
from floe_compiler.resolve.cluster_hosts import check_cluster_hosts
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.ingress_backends import check_backends
from floe_compiler.resolve.ingress_login import check_login, check_secrets
from floe_compiler.resolve.opened import INGRESS, Opened
from floe_compiler.resolve.rules import (
    HOST_OF_TWO,
    HOST_OUTSIDE,
    NO_TLS,
    NO_WAY_IN,
    NOT_ROUTED,
    TOO_MANY_HOSTS,
    UNKNOWN_INTERFACE,
    WRONG_ADDRESS,
)


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
        Opened(
            frame,
            frame.environment.ingress,
            {interface_name(interface): interface for interface in interfaces.get(name, ())},
            tuple(opened_hosts(interfaces.get(name, ()), frame.environment.ingress)),
        )
        for name, frame in frames.items()
        if frame.environment.ingress
    ]
    for environment in opened:
        _check_names(environment, omitted_domains, findings)
        _check_hosts(environment, findings)
        _check_addresses(environment, findings)
        _check_ways(environment, findings)
        check_login(environment, findings)
        check_secrets(environment, findings)
        check_backends(environment, findings)
    _check_claims(opened, findings)
    check_cluster_hosts(opened, findings)


def _check_names(opened: Opened, omitted_domains: Collection[str], findings: Findings) -> None:
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


def _check_hosts(opened: Opened, findings: Findings) -> None:
    """Report hosts that are not below the domain, and usual hosts that are not valid host names."""
    domain = opened.settings.domain
    for host in opened.hosts:
        if domain and host.host != domain and not host.host.endswith(f".{domain}"):
            findings.add(
                HOST_OUTSIDE,
                f'host "{host.host}" of {host.name} is not below the domain {domain}',
                opened.span_of(host),
                hint=_host_below(host, domain),
                related=_related(opened.span("domain"), "the domain"),
            )
        elif problem := _not_a_host(host.host):
            findings.add(
                HOST_OUTSIDE,
                f'the usual host of {host.name}, "{host.host}", is not a valid host name: {problem}',
                opened.span_of(host),
                hint=f"give it one: hosts: {{{host.name}: <host>}}",
            )


def _host_below(host: OpenedHost, domain: str) -> str:
    if host.host in ("true", "false"):
        return f"write it without quotes, if it is not a host: {host.host}"
    return f"write a host below it (`{host.name}.{domain}`), or a wider domain"


def _check_addresses(opened: Opened, findings: Findings) -> None:
    """Report programs whose own address is not the one at which they are opened."""
    # Production needs certificates: what would be at http without any is reported as that.
    is_https = is_secure(opened.settings) or opened.frame.settings.environment.production
    scheme = "https" if is_https else "http"
    merged = opened.frame.platform.merged
    for host in opened.hosts:
        setting, address = host.interface.address_setting, host.interface.address.rstrip("/")
        expected = f"{scheme}://{host.host}"
        if setting and address != expected:
            configured = f"takes itself to be at {address}" if address else "does not know its address"
            findings.add(
                WRONG_ADDRESS,
                f'{host.name} of environment "{opened.name}" {configured}, but is opened at {expected}',
                (merged.span(setting) if address else None) or opened.span_of(host),
                hint=f"write {'.'.join(setting)}: {expected}" + ("" if address else ", under `platform` here"),
                related=_related(opened.span_of(host), "the host") if address else (),
            )


def _related(span: Span | None, text: str) -> tuple[Related, ...]:
    return (Related(span, text),) if span else ()


def _not_a_host(host: str) -> str:
    try:
        check_dns_subdomain(host)
    except ValueError as error:
        return str(error).partition(";")[0]
    long = next((label for label in host.split(".") if len(label) > 63), "")
    return f"{long} is longer than 63 characters" if long else ""


def _check_ways(opened: Opened, findings: Findings) -> None:
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
    for host in opened.hosts:
        if settings.type == "ingress" and host.interface.protocol == "grpc":
            findings.add(
                NOT_ROUTED,
                f"{host.name} speaks gRPC, which an Ingress cannot say",
                opened.span_of(host),
                hint="use Gateway API: type: gateway",
            )


def _check_claims(opened: Sequence[Opened], findings: Findings) -> None:
    """Report hosts that two interfaces of one cluster would have."""
    claims: dict[tuple[str, str], list[tuple[Opened, OpenedHost]]] = defaultdict(list)
    for environment in opened:
        cluster = cluster_identity(environment.frame.environment.cluster)
        for opened_host in environment.hosts:
            claims[cluster, opened_host.host].append((environment, opened_host))
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
    host: str, first: tuple[Opened, OpenedHost], other: tuple[Opened, OpenedHost], findings: Findings
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
