"""Links between clusters: what other clusters no longer reach, what they newly do, and certificates not asked for."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.links import EXPORTED
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger
from floe_compiler.report.dangers.running import COMPONENT


def links_changed(change: Change) -> Iterator[Danger]:
    """Yield the Services that other clusters newly reach, or no longer do, with their ports if only these change."""
    before, after = (_offered(manifest) for manifest in (change.before, change.after))
    if gone := sorted(before - after):
        yield Danger("link-removed", f"other clusters no longer reach {', '.join(gone)} here")
    if new := sorted(after - before):
        yield Danger("exposed", f"other clusters can reach {', '.join(new)}")


def _offered(manifest: Object) -> frozenset[str]:
    """Return what an object offers to other clusters, by name, and by port if it says which.

    That is an exported Service, one that Linkerd mirrors, or for Istio one that has another name than its pods.
    """
    name, own = str(at(manifest, ("metadata", "name"))), mapping(manifest, ("metadata", "labels"))
    if manifest.get("kind") == "ServiceExport":
        return frozenset({name})
    if manifest.get("kind") != "Service":
        return frozenset()
    selected = at(manifest, ("spec", "selector", COMPONENT))
    if own.get(EXPORTED) == "true" or (own.get(COMPONENT) == name and selected not in (None, name)):
        return frozenset(f"{name}:{port.get('port')}" for port in mappings(manifest, ("spec", "ports")))
    return frozenset()


def gateway_opened(change: Change) -> Iterator[Danger]:
    """Yield the ports that a Gateway newly listens on, and those at which it no longer asks for certificates."""
    if change.kind != "Gateway" or not change.before or not change.after:
        return
    before, after = (
        {listener.get("port") for listener in mappings(gateway, ("spec", "listeners"))} for gateway in _both(change)
    )
    if new := sorted(map(str, after - before)):
        yield Danger("exposed", f"now takes connections on port {', '.join(new)}")
    former, latter = (_authorities(gateway) for gateway in _both(change))
    for port, authority in sorted(former.items()):
        if port not in latter:
            yield Danger("clients-unverified", f"no longer asks clients for a certificate on port {port}")
        elif latter[port] != authority:
            sentence = f"takes certificates of clients by {latter[port]} instead of {authority} on port {port}"
            yield Danger("clients-unverified", sentence)


def _both(change: Change) -> tuple[Object, Object]:
    return change.before, change.after


def _authorities(gateway: Object) -> dict[str, str]:
    """Return who must have signed the certificates of clients, by port."""
    path = ("tls", "validation", "caCertificateRefs")
    by_port = {
        str(entry.get("port")): ", ".join(f"{ref.get('kind')} {ref.get('name')}" for ref in mappings(entry, path))
        for entry in mappings(gateway, ("spec", "tls", "frontend", "perPort"))
    }
    return {port: authorities for port, authorities in by_port.items() if authorities}
