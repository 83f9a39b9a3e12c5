"""Host names of servers outside the cluster, and which of them are not allowed."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from floe_compiler.model.names import check_dns_subdomain

_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/@\s]*@)?(?P<host>[^/:@\s]+)(?::(?P<port>[0-9]+))?(?:/\S*)?")
_LOCAL = (".svc", ".cluster.local")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")

SCHEMES = {"https": 443, "http": 80}
"""The URL schemes of servers with their default ports."""


def check_server(text: str) -> str:
    """Accept the DNS name or IPv4 address of a server, unless it is the pod itself or the node's metadata server."""
    match = _URL.fullmatch(text)
    if match and match["host"] != text:
        port = f", port: {match['port']}" if match["port"] else ""
        raise ValueError(f'"{text}" is not a host name alone; write host: {match["host"]}{port}')
    address = numeric(text)
    if address and address.version == 6:
        raise ValueError(f'"{text}" is an IPv6 address; write host: with its DNS name, and cidr: {text}/128')
    check_dns_subdomain(text)
    if text == "localhost" or (address and (address.is_loopback or address.is_unspecified)):
        raise ValueError(f'"{text}" is the pod itself; write the DNS name of the server')
    if text == "metadata.google.internal" or (address and address.is_link_local):
        raise ValueError(f'"{text}" serves the credentials of the node; use a secret or a workload identity instead')
    return text


def check_outside_server(text: str) -> str:
    """Accept an external server; refuse a Service of the cluster, as an address range does not allow access to it."""
    if text.endswith(_LOCAL):
        raise ValueError(
            f'"{text}" is a Service of the cluster, not an external server; leave it out: steps can already reach what '
            "they need of the platform; for any other Service, add a NetworkPolicy in base/"
        )
    return check_server(text)


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


def numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address if the host is one, else None."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
