"""Endpoints of servers: URLs, waits and network policies are derived from them."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.hosts import SCHEMES
from floe_compiler.model.rendered import PodGroup, Protocol


class Port(msgspec.Struct, frozen=True, order=True):
    """A port of a server. `scheme` is that of its URLs. `service` is False for a port that only probes use.

    `health` is the path at which an HTTP server answers 200 without a login once it is up; empty if there is none.
    `tls` says that the server has a certificate by an authority of the environment, which clients verify. `grpc` says
    that it speaks gRPC. `mutual` says that callers in other clusters show a certificate, if links ask for it.
    """

    name: str
    number: int
    protocol: Protocol = "TCP"
    scheme: str = "http"
    service: bool = True
    health: str = ""
    tls: bool = False
    grpc: bool = False
    mutual: bool = False


class Elsewhere(msgspec.Struct, frozen=True, order=True):
    """A port of a server in another cluster of the environment, as it is there: its pods, and its host."""

    cluster: str
    group: PodGroup
    host: str
    port: Port


class Endpoint(msgspec.Struct, frozen=True, order=True):
    """A server: a Service of this platform (`group` names its pods), or another server (`group` is None).

    `host` is the full DNS name, which is the same in every namespace. `cidr` is the address range of an external host,
    for network policies. `labels` are those by which policies select the server's pods; empty for a workload of this
    platform, as its pods are labelled with its name. `namespace` is that of a Service of the cluster that others keep:
    policies then name the namespace instead of addresses. `elsewhere` are its ports as they are in another cluster, if
    it is in one: then it has no `group`, and host and ports are those at which it is reached from here. `passage` is
    the port of the gateway through which the service mesh reaches it there, whatever port is called; 0: none.
    """

    host: str
    ports: tuple[Port, ...]
    group: PodGroup | None = None
    cidr: str = ANYWHERE
    labels: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    elsewhere: tuple[Elsewhere, ...] = ()
    passage: int = 0

    @property
    def asks_certificate(self) -> bool:
        """Return whether callers must show a certificate of their own: it is reached through a Gateway that asks."""
        return bool(self.elsewhere) and all(port.mutual for port in self.ports)

    def only(self, *ports: str) -> Endpoint:
        """Return the server with only these ports; raise KeyError if it does not have one of them."""
        chosen = tuple(self.port(name) for name in ports)
        return replace(
            self, ports=chosen, elsewhere=tuple(remote for remote in self.elsewhere if remote.port.name in ports)
        )

    def port(self, name: str = "") -> Port:
        """Return the port with this name, or the first port; raise KeyError if the server does not have it."""
        for port in self.ports:
            if name in ("", port.name):
                return port
        raise KeyError(f"{self.host} has no port named {name}")

    def address(self, port: str = "") -> str:
        """Return `host:number`."""
        return f"{self.host}:{self.port(port).number}"

    def url(self, port: str = "", path: str = "") -> str:
        """Return `scheme://host:number/path`."""
        return f"{self.port(port).scheme}://{self.address(port)}{path}"


def url_endpoint(url: str, cidr: str) -> Endpoint:
    """Return the external server of a URL that `hosts.check_url` accepted."""
    parts = urlsplit(url)
    port = Port("api", parts.port or SCHEMES[parts.scheme], scheme=parts.scheme)
    return Endpoint(str(parts.hostname), (port,), cidr=cidr)


def service_endpoint(service: str, namespace: str, cluster_domain: str, ports: tuple[Port, ...]) -> Endpoint:
    """Return the endpoint of a Service that has the name of its workload."""
    return Endpoint(f"{service}.{namespace}.svc.{cluster_domain}", ports, PodGroup(namespace, service))


def foreign_endpoint(
    service: str, namespace: str, cluster_domain: str, port: Port, labels: tuple[tuple[str, str], ...] = ()
) -> Endpoint:
    """Return the endpoint of a Service of the cluster that others keep, whose pods listen on the Service's port.

    `labels` are those of its pods, if they are known.
    """
    return Endpoint(f"{service}.{namespace}.svc.{cluster_domain}", (port,), labels=labels, namespace=namespace)
