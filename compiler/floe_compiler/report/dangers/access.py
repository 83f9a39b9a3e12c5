"""Who may do and reach what: rights, network, names, secrets, and what the delivery tool deletes."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.report.dangers.danger import Danger, at, mappings

ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
POD_SECURITY = "pod-security.kubernetes.io/enforce"
_STRICTNESS = ("privileged", "baseline", "restricted")


def rights_widened(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield the rights that now hold for everything."""
    new = _wildcards(after) - _wildcards(before)
    if identity.kind in ("Role", "ClusterRole") and new:
        yield Danger("rights-widened", f"{identity.kind} {identity.name} now allows * in {', '.join(sorted(new))}")
    if at(after, ("roleRef", "name")) == "cluster-admin" != at(before, ("roleRef", "name")):
        yield Danger("rights-widened", f"{identity.kind} {identity.name} now grants every right in the cluster")


def _wildcards(manifest: Object) -> set[str]:
    rules = manifest.get("rules") or []
    return {field for rule in rules for field in ("apiGroups", "resources", "verbs") if "*" in (rule.get(field) or [])}


def security_lowered(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield whether a namespace lets more privileged pods in."""
    old, new = (str(at(one, ("metadata", "labels", POD_SECURITY))) for one in (before, after))
    if identity.kind != "Namespace" or old not in _STRICTNESS:
        return
    if new not in _STRICTNESS[_STRICTNESS.index(old) :]:
        yield Danger("security-lowered", f"Namespace {identity.name} no longer holds its pods to {old}")


def network_opened(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield what a policy that was there before opens to everybody, on ports it did not have open so."""
    if identity.kind != "NetworkPolicy" or not before:
        return
    for direction, words in (("egress", "its pods may now connect to"), ("ingress", "its pods are now open to")):
        new = sorted(_open_ports(after, direction) - _open_ports(before, direction))
        if new:
            yield Danger("network-opened", f"{words} any address on {', '.join(new)}")


def _open_ports(policy: Object, direction: str) -> set[str]:
    """Return the ports (`TCP 443`) that a policy opens to any address."""
    peers = {"egress": "to", "ingress": "from"}[direction]
    return {
        port
        for rule in mappings(policy, ("spec", direction))
        if not rule.get(peers) or any(_anywhere(peer) for peer in mappings(rule, (peers,)))
        for port in _ports(rule)
    }


def _anywhere(peer: Object) -> bool:
    return at(peer, ("ipBlock", "cidr")) in ANYWHERE and not at(peer, ("ipBlock", "except"))


def _ports(rule: Object) -> list[str]:
    return [f"{port.get('protocol', 'TCP')} {port.get('port', 'any')}" for port in mappings(rule, ("ports",))] or [
        "any"
    ]


def hosts_changed(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield the host names that no longer lead anywhere."""
    gone = sorted(_hosts(before) - _hosts(after))
    if identity.kind == "Ingress" and gone:
        yield Danger("host-change", f"{', '.join(gone)} no longer leads here")


def _hosts(manifest: Object) -> set[str]:
    return {str(rule.get("host", "*")) for rule in at(manifest, ("spec", "rules")) or []}


def secrets_needed(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield what the store must hold before pods can start; what it held before is not told again."""
    if identity.kind == "ExternalSecret":
        new = _remote_keys(after) - _remote_keys(before)
        if new:
            yield Danger("secret-needed", f"the store must hold {', '.join(sorted(new))}, or pods wait for it")


def _remote_keys(manifest: Object) -> set[str]:
    """Return the places in the store (`path: property`) that an ExternalSecret reads."""
    references = (one.get("remoteRef") for one in mappings(manifest, ("spec", "data")))
    places = ((at(one, ("key",)), at(one, ("property",))) for one in references if isinstance(one, dict))
    return {f"{key}: {name}" if name else str(key) for key, name in places if key}


def prune_enabled(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield whether the delivery tool begins to delete what leaves the output."""
    fields = {"Application": ("spec", "syncPolicy", "automated", "prune"), "Kustomization": ("spec", "prune")}
    path = fields.get(identity.kind)
    if path and before and at(after, path) is True and at(before, path) is not True:
        yield Danger("prune", f"{identity.kind} {identity.name} now deletes from the cluster what leaves the output")
