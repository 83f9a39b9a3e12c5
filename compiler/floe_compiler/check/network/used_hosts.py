"""The servers that the programs of a unit are configured with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from floe_compiler.check.texts.addresses import Address
from floe_compiler.check.texts.texts import Text
from floe_compiler.model.annotations import EXTERNAL_HOSTS, listed
from floe_compiler.model.objects import Object, ObjectId

_LOCAL = frozenset(
    {"localhost", "127.0.0.1", "0.0.0.0", "::", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}  # noqa: S104
)


def used_hosts(
    addresses: Iterable[tuple[Text, Address]], manifest: Callable[[ObjectId], Object]
) -> Iterator[tuple[Text, Address]]:
    """Yield the addresses of servers, except localhost, the API server, and hosts that an annotation declares.

    Args:
        addresses: All addresses in the objects of a unit, each with its text.
        manifest: Returns the object in which a text is.
    """
    declared: dict[ObjectId, frozenset[str]] = {}
    for text, address in addresses:
        if address.host in _LOCAL:
            continue
        if text.owner not in declared:
            declared[text.owner] = listed(manifest(text.owner), EXTERNAL_HOSTS)
        if address.host not in declared[text.owner]:
            yield text, address


def is_number(host: str) -> bool:
    """Return whether a host is an IP address or other numbers with dots, not a name."""
    return ":" in host or (host[-1:].isdigit() and all(label.isdigit() for label in host.split(".")))
