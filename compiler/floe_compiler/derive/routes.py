"""Routes: what each namespace renders so that users reach its interfaces, and who gets in through a login proxy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from floe_compiler.derive.interfaces import interfaces
from floe_compiler.model.durations import go_duration
from floe_compiler.model.endpoint import Endpoint, Port, url_endpoint
from floe_compiler.model.ingress import (
    GATEWAY,
    HTTP,
    HTTPS,
    Certificate,
    EnvironmentIngress,
    Gateway,
    Listener,
    Login,
    OpenedHost,
    Route,
    UnitIngress,
    has_tls,
    is_covered,
    is_secure,
    listener_of,
    listeners_of,
    open_reasons,
    opened_hosts,
)
from floe_compiler.model.inputs import IngressTls, OidcLogin
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.unit_facts import Call, SecretUse, UnitFacts

WILDCARD = "wildcard"
TLS_TYPE = "kubernetes.io/tls"
MOST_SOLVERS = 4
"""cert-manager tries again if the quota has no room for more solver pods."""


def routes(units: Iterable[UnitFacts], ingress: EnvironmentIngress) -> Mapping[str, UnitIngress]:
    """Return what each namespace renders of the environment's ingress, by namespace."""
    by_namespace: dict[str, list[OpenedHost]] = defaultdict(list)
    opened = tuple(opened_hosts(interfaces(units), ingress.settings))
    for host in opened:
        by_namespace[host.interface.namespace].append(host)
    by_unit = {namespace: _of_unit(own, namespace, ingress) for namespace, own in by_namespace.items()}
    if opened and ingress.settings.type == "gateway" and ingress.settings.gateway is None:
        platform = ingress.platform_namespace
        by_unit[platform] = _with_gateway(by_unit.get(platform, UnitIngress(origin=ingress.origin)), opened, ingress)
    return by_unit


def with_proxies(unit: UnitFacts, ingress: UnitIngress) -> UnitFacts:
    """Return the facts of a namespace with the calls of its login proxies, and the secrets that these read."""
    behind = [route.interface.endpoint for route in ingress.routes if route.login]
    calls = {
        Call(endpoint.group.namespace, endpoint.group.name, endpoint.port().protocol, endpoint.port().number)
        for endpoint in behind
        if endpoint.group
    }
    login = ingress.login
    foreign = {SecretUse(login.secret.owner, login.secret.name)} if login else set()
    if (secret := ingress.tls_secret) and not secret.existing:
        foreign.add(SecretUse(secret.owner, secret.name))
    uses = {use for use in foreign if use.owner != unit.namespace}
    return replace(unit, calls=tuple(sorted({*unit.calls, *calls})), secrets=tuple(sorted({*unit.secrets, *uses})))


def _of_unit(opened: Sequence[OpenedHost], namespace: str, ingress: EnvironmentIngress) -> UnitIngress:
    settings, platform, secure = ingress.settings, ingress.platform_namespace, is_secure(ingress.settings)
    without = open_reasons(settings, (host.name for host in opened))
    why = {
        host.name: without.get(host.name, "") for host in opened if not host.interface.authenticates and not host.login
    }
    login = _login(ingress) if any(host.login for host in opened) else None
    if settings.type == "gateway":
        own = tuple(
            Route(host.host, host.interface, host.login, listener_of(host, settings), why_open=why.get(host.name, ""))
            for host in opened
        )
        existing, here = settings.gateway, namespace == platform
        parent = (existing.namespace, existing.name) if existing else ("" if here else platform, GATEWAY)
        checks = settings.health_checks or ""
        return UnitIngress(
            "gateway", own, None, parent, login=login, secure=secure, origin=ingress.origin, health_checks=checks
        )
    own = tuple(
        Route(
            host.host,
            host.interface,
            host.login,
            secret=_secret(host.interface.name, host.host, ingress),
            why_open=why.get(host.name, ""),
        )
        for host in opened
    )
    certificates = _certificates(((route.name, route.host) for route in own), ingress)
    return UnitIngress(
        "ingress",
        own,
        ingress_class=settings.class_ or "",
        annotations=tuple(sorted(settings.annotations.items())),
        server_tls_annotations=tuple(sorted(settings.server_tls_annotations.items())),
        certificates=certificates,
        solvers=_solvers(certificates, settings.tls),
        tls_secret=_tls_secret(ingress),
        login=login,
        secure=secure,
        origin=ingress.origin,
    )


def _with_gateway(unit: UnitIngress, opened: Sequence[OpenedHost], ingress: EnvironmentIngress) -> UnitIngress:
    settings, with_tls = ingress.settings, has_tls(ingress.settings.tls)
    listeners = [_listener(name, hosts, ingress) for name, hosts in listeners_of(opened, settings).items()]
    certificates = _certificates(((host.name, host.host) for host in opened), ingress)
    return replace(
        unit,
        gateway=Gateway(settings.class_ or "", tuple(listeners), tuple(sorted(settings.annotations.items())), with_tls),
        certificates=certificates,
        solvers=_solvers(certificates, settings.tls),
        tls_secret=_tls_secret(ingress),
    )


def _listener(name: str, hosts: Sequence[OpenedHost], ingress: EnvironmentIngress) -> Listener:
    """Return a listener. That for HTTP is for the redirect and for solvers of HTTP-01 if others have TLS."""
    namespaces = {host.interface.namespace for host in hosts} or {ingress.platform_namespace}
    host = {HTTP: "", HTTPS: f"*.{ingress.settings.domain}"}.get(name, hosts[0].host if hosts else "")
    secret = "" if name == HTTP else _secret(hosts[0].name, hosts[0].host, ingress)
    return Listener(name, host, tuple(sorted(namespaces)), secret)


def _secret(name: str, host: str, ingress: EnvironmentIngress) -> str:
    """Return the name of the Secret with the certificate of a host; empty if there is none."""
    tls = ingress.settings.tls
    if tls is None or not has_tls(tls):
        return ""
    return tls.secret or f"{WILDCARD if is_covered(host, ingress.settings) else name}-tls"


def _certificates(hosts: Iterable[tuple[str, str]], ingress: EnvironmentIngress) -> tuple[Certificate, ...]:
    """Return the certificates to issue for the hosts, each with a name, of one namespace."""
    tls, domain = ingress.settings.tls, ingress.settings.domain
    if tls is None or tls.issuer is None:
        return ()
    by_secret: dict[str, Certificate] = {}
    for name, host in sorted(hosts):
        secret, is_shared = _secret(name, host, ingress), is_covered(host, ingress.settings)
        by_secret[secret] = Certificate(secret, (f"*.{domain}" if is_shared else host,), tls.issuer)
    return tuple(by_secret.values())


def _solvers(certificates: Sequence[Certificate], tls: IngressTls | None) -> int:
    return min(len(certificates), MOST_SOLVERS) if tls is not None and tls.http01 else 0


def _tls_secret(ingress: EnvironmentIngress) -> Secret | None:
    tls = ingress.settings.tls
    if tls is None or tls.secret is None:
        return None
    # Some stores take a dot in a property's name for a path into its value.
    keys = (SecretKey("tls.crt", remote="certificate"), SecretKey("tls.key", remote="private-key"))
    return Secret(tls.secret, ingress.platform_namespace, keys, TLS_TYPE, existing=tls.existing)


def _login(ingress: EnvironmentIngress) -> Login | None:
    login = ingress.settings.auth
    if not isinstance(login, OidcLogin):
        return None
    further = (
        Endpoint(server.host, (Port("https", server.port, scheme="https"),), cidr=server.cidr)
        for server in login.servers
    )
    return Login(
        login.issuer,
        login.client,
        Secret(login.secret, ingress.platform_namespace, (SecretKey("client-secret"),)),
        tuple(sorted({url_endpoint(login.issuer, login.cidr), *further})),
        login.replicas or (1 if ingress.scale == "light" else 2),
        secure=is_secure(ingress.settings),
        session=go_duration(login.session),
        email_domains=login.email_domains,
        groups=login.groups,
    )
