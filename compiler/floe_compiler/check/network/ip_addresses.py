"""Programs must use the names of servers, not IP addresses."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.network.used_hosts import is_number
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.rendered import External

NUMERIC = Rule(
    "C054",
    "IP address instead of a name",
    "IP addresses differ between clusters. Use the name of a Service or of a server, or declare the address itself as a"
    " server (`host` of an external database, of an S3 endpoint or under `connects`).",
)
RULES = (NUMERIC,)

_HINT = "use the name of a Service or of a declared server"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the IP addresses that programs are configured with, except those of declared servers."""
    targets = (connection.target for connection in index.rendered.connections)
    declared = {target.host for target in targets if isinstance(target, External)}
    addresses = {
        (text.owner, text.place, address.host)
        for text, address in index.used_hosts
        if is_number(address.host) and (":" in address.host or address.host.count(".") == 3)
        if address.host not in declared
    }
    for owner, place, host in sorted(addresses):
        yield index.finding(NUMERIC, owner, f"{place} names {host}", _HINT)
