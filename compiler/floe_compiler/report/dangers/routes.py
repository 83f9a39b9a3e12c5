"""Ways in for users: hosts that lead somewhere, and logins in front of interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.annotations import LOGIN, has_exception
from floe_compiler.model.ingress import PROXY_PREFIX
from floe_compiler.model.nested_fields import at, items, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger

_ROUTES = frozenset({"GRPCRoute", "HTTPRoute"})


def hosts_changed(change: Change) -> Iterator[Danger]:
    """Yield the hosts that no longer lead to a Service, and those of a new route: it opens a Service to users."""
    if change.kind != "Ingress" and change.kind not in _ROUTES:
        return
    before, after = (hosts_of(change.kind, manifest) for manifest in (change.before, change.after))
    if gone := sorted(before - after):
        yield Danger("host-change", f"{', '.join(gone)} no longer leads here")
    if after and not change.before:
        yield Danger("exposed", f"can be reached from outside the cluster at {', '.join(sorted(after))}")


def hosts_of(kind: str, manifest: Object) -> set[str]:
    """Return the hosts of a route or an Ingress of this kind; `*` if it takes all."""
    if kind in _ROUTES:
        return {str(host) for host in items(manifest, ("spec", "hostnames"))}
    return {str(rule.get("host", "*")) for rule in mappings(manifest, ("spec", "rules"))}


def login_removed(change: Change) -> Iterator[Danger]:
    """Yield a danger if a route no longer leads to a login proxy, but past it, or if it newly says that it has none."""
    before, after = (backends_of(change.kind, manifest) for manifest in (change.before, change.after))
    bare = ", ".join(sorted(name for name in after if not name.startswith(PROXY_PREFIX)))
    if bare and any(name.startswith(PROXY_PREFIX) for name in before):
        yield Danger("login-removed", f"leads to {bare} without a login")
    elif bare and has_exception(change.after, LOGIN) and not has_exception(change.before, LOGIN):
        yield Danger("login-missing", f"leads to {bare}, which asks nobody for a login")


def listener_opened(change: Change) -> Iterator[Danger]:
    """Yield a danger if a Gateway now admits routes of all namespaces."""
    opened = {*_open_listeners(change.after)} - {*_open_listeners(change.before)}
    if change.kind == "Gateway" and change.before and opened:
        yield Danger("rights-widened", "now takes routes from every namespace")


def _open_listeners(gateway: Object) -> Iterator[str]:
    for listener in mappings(gateway, ("spec", "listeners")):
        if at(listener, ("allowedRoutes", "namespaces", "from")) == "All":
            yield str(listener.get("name"))


def backends_of(kind: str, manifest: Object) -> set[str]:
    """Return the Services that an Ingress or a route leads to."""
    rules = mappings(manifest, ("spec", "rules"))
    if kind in _ROUTES:
        return {str(backend.get("name")) for rule in rules for backend in mappings(rule, ("backendRefs",))}
    if kind != "Ingress":
        return set()
    paths = (path for rule in rules for path in mappings(rule, ("http", "paths")))
    return {str(at(path, ("backend", "service", "name"))) for path in paths}
