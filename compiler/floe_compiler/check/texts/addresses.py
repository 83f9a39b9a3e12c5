"""Server addresses in free text: URLs, `host:port` and names of Services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_LABEL = r"[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?"
HOST = rf"{_LABEL}(?:\.{_LABEL})*"
"""The pattern of a host name."""

DEFAULT_PORTS: Mapping[str, int] = {
    "amqp": 5672,
    "amqps": 5671,
    "grpc": 0,
    "grpcs": 443,
    "http": 80,
    "https": 443,
    "kafka": 9092,
    "ldap": 389,
    "ldaps": 636,
    "mongodb": 27017,
    "mysql": 3306,
    "nats": 4222,
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "smtp": 25,
    "snowflake": 443,
    "sqlserver": 1433,
    "tcp": 0,
    "thrift": 9083,
    "trino": 8080,
    "ws": 80,
    "wss": 443,
}
"""The URL schemes that name a server, and their default ports (0: none). `s3://` is not one, as it names a bucket."""

# `scheme://user:password@host:port`; a `+driver` behind the scheme is SQLAlchemy's.
_URL = re.compile(
    rf"\b([a-z][a-z0-9]*)(?:\+[a-z0-9]+)?://(?:[^\s/@\"']*@)?({HOST})(?::([0-9]{{1,5}})\b)?(?![-\w$%{{(])"
)
# Not after a word, path, e-mail address or template, and not inside a longer name, version or image tag.
_BEFORE = r"(?<![-\w./:@$%}){])"
_SERVICE = re.compile(rf"{_BEFORE}({_LABEL}(?:\.{_LABEL})+\.svc(?:\.{HOST})?)(?::([0-9]{{1,5}})\b)?(?![-\w])")
_PAIR = re.compile(rf"{_BEFORE}({HOST}):([0-9]{{1,5}})(?![-\w.:@])")


class Address(NamedTuple):
    """A server's address; `port` is 0 if it has none.

    `certain` says that it can only be an address, as in a URL. `beside` is the setting that the port comes from.
    """

    host: str
    port: int
    certain: bool = False
    beside: str = ""


def addresses(text: str) -> tuple[Address, ...]:
    """Return each address in a text once. Hosts that come from a template or variable are left out."""
    if ":" not in text and ".svc" not in text:
        return ()
    ranked = [pair for line in text.split("\n") for pair in _in_line(line)]
    by_server: dict[tuple[str, int], Address] = {}
    for _, address in sorted(ranked, key=lambda pair: pair[0]):
        by_server.setdefault((address.host, address.port), address)
    return tuple(by_server.values())


@lru_cache(maxsize=16384)  # the same lines are in every domain's objects, and most are as they were before an edit
def _in_line(line: str) -> tuple[tuple[int, Address], ...]:
    """Return the addresses in a line, each with the rank of its form: an address in a URL comes first."""
    ranked = []
    if ":" in line or ".svc" in line:
        for scheme, host, port in _URL.findall(line):
            if scheme in DEFAULT_PORTS:
                ranked.append((0, Address(host.lower(), int(port or DEFAULT_PORTS[scheme]), certain=True)))
        rest = _URL.sub(" ", line)
        for host, port in _SERVICE.findall(rest):
            ranked.append((1, Address(host.lower(), int(port or 0))))
        for host, port in _PAIR.findall(_SERVICE.sub(" ", rest)):
            if 0 < int(port) < 65536:
                ranked.append((2, Address(host.lower(), int(port))))
    return tuple(ranked)
