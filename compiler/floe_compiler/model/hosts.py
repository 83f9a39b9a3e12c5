"""Host names of servers outside the cluster, and which of them are not allowed."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from floe_compiler.model.addresses import Network, why_never
from floe_compiler.model.names import check_dns_subdomain

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:[^/@\s]*@)?(?P<host>[^/:@\s]+)(?::(?P<port>[0-9]+))?(?:/\S*)?"
)
# An IPv6 address as URLs have it, with or without the rest of one.
_BRACKETED = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?(?:/\S*)?")
_LOCAL = (".svc", ".cluster.local")
_API_SERVER = "kubernetes"
SYSTEM_NAMESPACES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""The namespaces of every cluster, which are not top-level domains."""
_OF_THE_POD = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
_METADATA = ("metadata", "metadata.goog", "metadata.google.internal", "instance-data", "instance-data.ec2.internal")
_LAST_BITS = {1: 32, 2: 24, 3: 16, 4: 8}
"""The bits of the last part of an IPv4 address, by how many parts it is written in."""
_LONGEST_HOST = 253
_NUMBER = re.compile(r"0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SCHEMES = {"https": 443, "http": 80}
"""The URL schemes of servers with their default ports."""


def check_server(text: str) -> str:
    """Accept the DNS name or IPv4 address of a server, unless it is the pod itself or a server of its node."""
    if (meant := host_and_port(text)) != f"host: {text}":
        raise ValueError(f'"{text}" is not a host name alone; write {meant}')
    bracketed = _BRACKETED.fullmatch(text)
    if address := numeric(bracketed[1] if bracketed else text) or respelt(text):
        _check_address(text, address)
    check_dns_subdomain(text)
    if text in _OF_THE_POD or text.endswith(".localhost"):
        raise ValueError(f'"{text}" is the pod itself; write the DNS name of the server')
    if text in _METADATA:
        raise ValueError(f'"{text}" serves the credentials of the node; use a secret or a workload identity instead')
    return text


def host_and_port(text: str) -> str:
    """Return how the server of a URL, or of a host with a port, is written in an input: `host: a.example, port: 8443`.

    Text that is neither is taken for a host.
    """
    match = _URL.fullmatch(text)
    if match is None:
        return f"host: {text}"
    port = match["port"] or ("80" if match["scheme"] == "http" else "")
    return f"host: {match['host']}{f', port: {port}' if port else ''}"


def _check_address(text: str, address: Address) -> None:
    """Accept the IPv4 address of a server outside, in its usual notation."""
    own = ipaddress.ip_network(address)
    meant = "" if text == str(address) or address.version == 6 else f"({address}) "
    if why := why_never(own):
        raise ValueError(f'"{text}" {meant}{why}; {instead_of(own)}')
    if address.version == 6:
        raise ValueError(
            f'"{text}" is an IPv6 address; write its DNS name (and where it is a setting, cidr: {address}/128)'
        )
    if meant:
        raise ValueError(f'"{text}" is an unusual notation of the address {address}; write {address}')


def instead_of(range_: Network) -> str:
    """Return what to write instead of a range that no server outside has."""
    if "credentials" in why_never(range_):
        return "use a secret or a workload identity instead"
    if "notation" in why_never(range_) and isinstance(range_, ipaddress.IPv6Network):
        return f"write its IPv4 range, {range_.network_address.ipv4_mapped}/{range_.prefixlen - 96}"
    return "write the DNS name of the server" if range_.num_addresses == 1 else "write the addresses of the server"


def check_outside_server(text: str) -> str:
    """Accept an external server; refuse a Service of the cluster, as an address range does not allow access to it."""
    if is_in_cluster(text):
        raise ValueError(
            f'"{text}" is a Service of the cluster, not an external server; leave it out: steps can already reach what '
            "they need of the platform; for any other Service, add a NetworkPolicy in base/"
        )
    return check_server(text)


def is_in_cluster(host: str, domain: str = "cluster.local") -> bool:
    """Return whether a host is a Service or pod of the cluster with this domain.

    That is by its full name or, for the namespaces that every cluster has, by `<service>.<namespace>`.
    """
    named = host.endswith((*_LOCAL, f".{domain}")) or host == _API_SERVER
    return named or host.partition(".")[2] in SYSTEM_NAMESPACES


def check_url(text: str, example: str, *, path: bool = False) -> str:
    """Accept the URL of a server: scheme, host, an optional port, and a path if `path` allows it."""
    try:
        parts = urlsplit(text)
        complete = parts.scheme in SCHEMES and parts.port != 0 and bool(_PATH.fullmatch(parts.path if path else ""))
    except ValueError:
        complete = False
    if (
        not complete
        or not parts.hostname
        or text != f"{parts.scheme}://{parts.netloc}{parts.path * path}"
        or "@" in text
    ):
        raise ValueError(f'"{text}" is not the URL of a server; write, for example, {example}')
    check_server(parts.hostname)
    return text


def numeric(host: str) -> Address | None:
    """Return the IP address if the host is one, else None."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def respelt(host: str) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that programs read in other notations than the usual one, else None.

    `inet_aton` of POSIX takes one to four parts, each in decimal, octal (`0251`) or hexadecimal digits (`0xa9`); the
    last one stands for all remaining bytes (`169.254.43518`).
    """
    parts = host.lower().split(".")
    if len(parts) not in _LAST_BITS or len(host) > _LONGEST_HOST or not all(map(_NUMBER.fullmatch, parts)):
        return None
    *first, last = (int(part, 16 if part.startswith("0x") else 8 if part.startswith("0") else 10) for part in parts)
    width = _LAST_BITS[len(parts)]
    if any(part > 255 for part in first) or last >= 1 << width:
        return None
    high = sum(part << 8 * (3 - position) for position, part in enumerate(first))
    return ipaddress.IPv4Address(high + last)


def host_of(server: str) -> str:
    """Return the host of a server that is written as a host or as a URL."""
    return str(urlsplit(server).hostname) if "://" in server else server
