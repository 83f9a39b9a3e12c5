"""What users open of an environment: the interfaces with their hosts, and what each namespace renders for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.inputs import Ingress, IngressTls, NoLogin, OidcLogin
from floe_compiler.model.joined_names import joined
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.secrets import Secret
from floe_compiler.model.span import Span

IngressType = Literal["gateway", "ingress"]

PROXY_PREFIX = "oauth2-proxy-"
PROXY = Port("http", 4180, health="/ping")
"""The port of each login proxy."""

GATEWAY = "gateway"
"""The name of the Gateway that is rendered."""

HTTP, HTTPS = "http", "https"
"""The Gateway's listeners for all hosts; one for a single host is called `https-<name>`."""

MOST_LISTENERS = 64
"""The most listeners that Gateway API allows a Gateway to have."""


class EnvironmentIngress(msgspec.Struct, frozen=True):
    """The `ingress` of an environment, and what it depends on. `origin` is its location in the inputs."""

    settings: Ingress
    platform_namespace: str
    scale: str
    origin: Span | None = None


class OpenedHost(msgspec.Struct, frozen=True):
    """An interface that is opened. `name` is unique in the environment."""

    name: str
    host: str
    interface: OpenInterface
    login: bool
    """Whether a login proxy is in front of it."""


class Route(msgspec.Struct, frozen=True, array_like=True):
    """An interface of a namespace, the host at which users open it, and the Gateway's listener for that."""

    host: str
    interface: OpenInterface
    login: bool
    listener: str = ""
    """Empty for Ingresses, and for all listeners that have the host."""

    secret: str = ""
    """For Ingresses: the Secret with the host's certificate; empty: no TLS."""

    why_open: str = ""
    """Why nobody is asked for a login; empty: everybody is."""

    @property
    def name(self) -> str:
        """Return the name of its objects, which is that of the interface."""
        return self.interface.name

    @property
    def server(self) -> str:
        """Return the Service that it leads to."""
        endpoint = self.interface.endpoint
        return f"{PROXY_PREFIX}{self.name}" if self.login or endpoint.group is None else endpoint.host.split(".")[0]

    @property
    def pods(self) -> str:
        """Return the workload that it leads to."""
        group = self.interface.endpoint.group
        return self.server if self.login or group is None else group.name

    @property
    def port(self) -> Port:
        """Return the port of that Service."""
        return PROXY if self.login else self.interface.endpoint.port()

    @property
    def backend(self) -> Endpoint | None:
        """Return the server that the ingress controller must verify, if it speaks TLS and no login proxy is between."""
        return self.interface.endpoint if not self.login and self.port.tls else None

    @property
    def health(self) -> Port:
        """Return the port of that workload whose health path tells whether it works."""
        return PROXY if self.login else self.interface.health or self.port


class Listener(msgspec.Struct, frozen=True, array_like=True):
    """A listener of the Gateway: for a host (empty: any), for the routes of some namespaces.

    `secret` has its certificate; empty: it speaks HTTP. `port` is its port, if that is not the usual one. `clients` is
    the ConfigMap with the authority of the certificates that it asks clients for; empty: it asks for none.
    """

    name: str
    host: str
    namespaces: tuple[str, ...]
    secret: str = ""
    port: int = 0
    clients: str = ""


class Certificate(msgspec.Struct, frozen=True, array_like=True):
    """A certificate that cert-manager issues into the Secret with its name."""

    name: str
    hosts: tuple[str, ...]
    issuer: str


class Gateway(msgspec.Struct, frozen=True, array_like=True):
    """A Gateway of an environment: the one for users is in the namespace of the shared services.

    It redirects from HTTP to HTTPS if it says so.
    """

    gateway_class: str
    listeners: tuple[Listener, ...]
    annotations: tuple[tuple[str, str], ...] = ()
    redirects: bool = False
    name: str = GATEWAY


class Login(msgspec.Struct, frozen=True, array_like=True):
    """How login proxies work. `secure` says that users come by https."""

    issuer: str
    client: str
    secret: Secret
    servers: tuple[Endpoint, ...]
    replicas: int
    secure: bool
    session: str
    email_domains: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class UnitIngress(msgspec.Struct, frozen=True, array_like=True):
    """All that a namespace renders of its environment's ingress: nothing, if it has no interface that is opened."""

    type: IngressType = "gateway"
    routes: tuple[Route, ...] = ()
    gateway: Gateway | None = None
    parent: tuple[str, str] = ("", GATEWAY)
    """The namespace (empty: its own) and the name of the Gateway that routes are attached to."""

    ingress_class: str = ""
    annotations: tuple[tuple[str, str], ...] = ()
    """Those of each Ingress."""

    server_tls_annotations: tuple[tuple[str, str], ...] = ()
    """Those of each Ingress to a server with TLS."""

    certificates: tuple[Certificate, ...] = ()
    solvers: int = 0
    """How many pods may solve HTTP-01 challenges at once."""

    tls_secret: Secret | None = None
    """The secret with a certificate for all hosts, if this namespace needs it."""

    login: Login | None = None
    secure: bool = False
    """Whether users come by https."""

    origin: Span | None = None
    health_checks: str = ""
    """Whose load balancer is told what to ask servers; empty: none."""

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is rendered for it."""
        return not self.routes and self.gateway is None

    def opened(self) -> dict[str, frozenset[int]]:
        """Return the ports that the ingress controller may reach, by workload."""
        ports: dict[str, set[int]] = {}
        for route in self.routes:
            probed = {route.health.number} if self.health_checks else set()
            ports.setdefault(route.pods, set()).update({route.port.number, *probed})
        return {server: frozenset(numbers) for server, numbers in ports.items()}


def interface_name(interface: OpenInterface) -> str:
    """Return the name of an interface in its environment: `jaeger`, or `dagster-sales` for that of a domain."""
    return interface.name if interface.scope == "platform" else joined(interface.name, interface.scope)


def opened_hosts(interfaces: Iterable[OpenInterface], ingress: Ingress) -> Iterator[OpenedHost]:
    """Yield the interfaces that an environment opens, in the order of `interfaces`."""
    for interface in interfaces:
        name = interface_name(interface)
        configured = ingress.hosts.get(name)
        usual = ingress.domain is not None and not interface.for_programs
        if configured or (configured is None and usual):
            host = configured if isinstance(configured, str) else f"{name}.{ingress.domain}"
            yield OpenedHost(name, host, interface, has_proxy(name, interface, ingress))


def has_proxy(name: str, interface: OpenInterface, ingress: Ingress) -> bool:
    """Return whether a login proxy is in front of an interface: people log in, programs cannot."""
    if interface.authenticates or not is_for_people(interface):
        return False
    return isinstance(ingress.auth, OidcLogin) and name not in ingress.auth.without


def is_for_people(interface: OpenInterface) -> bool:
    """Return whether people use an interface, with a browser."""
    return interface.protocol == "http" and not interface.for_programs


def has_tls(tls: IngressTls | None) -> bool:
    """Return whether the ingress controller has certificates of the environment."""
    return tls is not None and tls.elsewhere is None


def is_secure(ingress: Ingress) -> bool:
    """Return whether users come by https: a Gateway that others keep is assumed to have certificates."""
    return ingress.tls is not None or ingress.gateway is not None


def verifies_servers(ingress: Ingress) -> bool:
    """Return whether the ingress controller speaks TLS to servers that have certificates."""
    return ingress.server_tls and (ingress.type == "gateway" or bool(ingress.server_tls_annotations))


def is_covered(host: str, ingress: Ingress) -> bool:
    """Return whether a host has the certificate of all hosts right below the domain."""
    tls = ingress.tls
    covers = tls is not None and (tls.wildcard or tls.secret is not None)
    return covers and host.partition(".")[2] == ingress.domain


def listener_of(opened: OpenedHost, ingress: Ingress) -> str:
    """Return the name of the Gateway's listener for a host."""
    if ingress.gateway is not None:
        return ingress.gateway.listener or ""
    if not has_tls(ingress.tls):
        return HTTP
    return HTTPS if is_covered(opened.host, ingress) else f"{HTTPS}-{opened.name}"


def listeners_of(hosts: Iterable[OpenedHost], ingress: Ingress) -> dict[str, list[OpenedHost]]:
    """Return the hosts of each listener of the Gateway, sorted by name; one for HTTP is always there."""
    listeners: dict[str, list[OpenedHost]] = {HTTP: []}
    for opened in sorted(hosts, key=lambda opened: opened.name):
        listeners.setdefault(listener_of(opened, ingress), []).append(opened)
    return listeners


def open_reasons(ingress: Ingress, names: Iterable[str]) -> dict[str, str]:
    """Return the reasons why interfaces, of these names, need no login."""
    if isinstance(ingress.auth, NoLogin):
        return dict.fromkeys(names, ingress.auth.reason)
    return dict(ingress.auth.without) if ingress.auth else {}
