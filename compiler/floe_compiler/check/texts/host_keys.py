"""Hosts under configuration keys: `hostname: db` in a document, a variable `MARQUEZ_HOST`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from floe_compiler.check.texts.addresses import HOST, Address

# Without a prefix, such variables are usually a program's own listen address or the name of its machine.
_KEY = re.compile(r"host(?:name)?|(PG|[A-Z0-9_]+_)HOST(?:NAME)?")
_NAME = re.compile(HOST)
_NO_NAMES = frozenset({"false", "no", "none", "null", "off", "on", "true", "yes"})
_MAY_NAME = re.compile(r"(?:host|hostname|HOST|HOSTNAME)[\"']?\s*:")
# Values under these keys are descriptions, such as an HTTP header or an attribute of a span.
_DESCRIPTIONS = ("annotations", "attributes", "headers", "labels", "tags")


def hosts_in(settings: Mapping[Any, Any]) -> Iterator[tuple[str, Address]]:
    """Yield the key of each host in settings, and its address, with the port from the key next to it, if any.

    `host` goes with `port`, `PGHOST` with `PGPORT`, `X_HOST` and `X_HOSTNAME` with `X_PORT`.
    """
    for key, value in settings.items():
        if not (isinstance(key, str) and ("host" in key or "HOST" in key)):
            continue
        if (match := _KEY.fullmatch(key)) and isinstance(value, str) and _is_host(value):
            beside = f"{match[1]}PORT" if match[1] else "port"
            yield key, Address(value.lower(), _port(settings.get(beside)), certain=True, beside=beside)


def document_addresses(text: str) -> tuple[Address, ...]:
    """Return the hosts under the keys of a text in YAML or JSON; empty for other text."""
    if not _MAY_NAME.search(text):
        return ()
    hosts = (address for mapping in _mappings(_read(text)) for _, address in hosts_in(mapping))
    return tuple(dict.fromkeys(hosts))


def _read(text: str) -> list[Any]:
    """Return the documents of a text, with all their scalars as text."""
    import yaml

    try:
        return list(yaml.load_all(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))  # both return plain data
    except (yaml.YAMLError, RecursionError):
        return []


def _mappings(documents: list[Any]) -> Iterator[dict[Any, Any]]:
    """Yield the mappings in documents, each once, even if it has several aliases."""
    nodes, seen = list(documents), set[int]()
    for node in nodes:
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            yield node
            nodes += [value for key, value in node.items() if not str(key).lower().endswith(_DESCRIPTIONS)]
        elif isinstance(node, list):
            nodes += node


def _is_host(value: str) -> bool:
    if _NAME.fullmatch(value):
        return value.lower() not in _NO_NAMES
    try:
        return ":" in value and bool(ip_address(value))
    except ValueError:
        return False


def _port(value: object) -> int:
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value) else 0
