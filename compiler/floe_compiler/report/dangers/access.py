"""Access: permissions, AppProjects, pod security, and the secrets that pods need."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.nested_fields import at, items, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, Fields

POD_SECURITY = "pod-security.kubernetes.io/enforce"
_STRICTNESS = ("privileged", "baseline", "restricted")
_STORES = frozenset({"ClusterSecretStore", "SecretStore"})
_PROJECT_LISTS: tuple[Fields, ...] = (
    ("spec", "clusterResourceWhitelist"),
    ("spec", "destinations"),
    ("spec", "namespaceResourceWhitelist"),
    ("spec", "sourceRepos"),
)


def rights_widened(change: Change) -> Iterator[Danger]:
    """Yield the permissions that now apply to everything."""
    new = _wildcards(change.after) - _wildcards(change.before)
    if change.kind in ("Role", "ClusterRole") and new:
        yield Danger("rights-widened", f"now allows * in {', '.join(sorted(new))}")
    if at(change.after, ("roleRef", "name")) == "cluster-admin" != at(change.before, ("roleRef", "name")):
        yield Danger("rights-widened", "now grants all permissions in the cluster")


def _wildcards(manifest: Object) -> set[str]:
    rules = mappings(manifest, ("rules",))
    return {field for rule in rules for field in ("apiGroups", "resources", "verbs") if "*" in items(rule, (field,))}


def project_widened(change: Change) -> Iterator[Danger]:
    """Yield kinds and targets that an AppProject now allows without limit, and kinds that it no longer refuses."""
    if change.kind != "AppProject" or not change.after:
        return
    for fields in _PROJECT_LISTS:
        if _any_allowed(change.after, fields) and not _any_allowed(change.before, fields):
            yield Danger("rights-widened", f"now allows * in {fields[-1]}")
    refused, still = (
        _kinds(manifest, ("spec", "namespaceResourceBlacklist")) for manifest in (change.before, change.after)
    )
    if gone := sorted(refused - still):
        yield Danger("rights-widened", f"no longer refuses {', '.join(gone)}")


def _any_allowed(project: Object, fields: Fields) -> bool:
    return any(entry == "*" or (isinstance(entry, dict) and "*" in entry.values()) for entry in items(project, fields))


def _kinds(project: Object, fields: Fields) -> set[str]:
    return {str(entry.get("kind")) for entry in mappings(project, fields)}


def security_lowered(change: Change) -> Iterator[Danger]:
    """Yield a danger if a namespace admits more privileged pods."""
    old, new = (str(at(manifest, ("metadata", "labels", POD_SECURITY))) for manifest in (change.before, change.after))
    if change.kind == "Namespace" and not change.before and new == _STRICTNESS[0]:
        yield Danger("security-lowered", "admits pods that may do anything with their node")
    if change.kind != "Namespace" or not change.after or old not in _STRICTNESS:
        return
    if new not in _STRICTNESS[_STRICTNESS.index(old) :]:
        yield Danger("security-lowered", f"pods no longer have to meet {old}")


def secrets_needed(change: Change) -> Iterator[Danger]:
    """Yield the values that the store must have before pods can start, except those that were already read from it."""
    if change.kind != "ExternalSecret":
        return
    old, new = (at(manifest, ("spec", "secretStoreRef", "name")) for manifest in (change.before, change.after))
    if old and new and old != new:
        yield Danger("secret-needed", f"the store {new} must have what was read from {old}, or pods wait for it")
    read_before = set().union(*map(_remote_keys, change.surroundings.secrets_before), _remote_keys(change.before))
    filled_here = [at(store, ("metadata", "name")) for store in change.surroundings.stores if _filled_here(store)]
    more = _remote_keys(change.after) - read_before
    if more and new not in filled_here:
        yield Danger("secret-needed", f"the store must have {_show(more)}, or pods wait for it")


def store_changed(change: Change) -> Iterator[Danger]:
    """Yield a danger if a store's name now refers to another store."""
    old, new = (at(manifest, ("spec", "provider")) for manifest in (change.before, change.after))
    if change.kind in _STORES and old and new and old != new:
        yield Danger("secret-needed", "is now another store, which must have all values, or pods wait for them")


def _filled_here(store: Object) -> bool:
    """Return whether a store provides generated Secrets of the cluster."""
    return bool(at(store, ("spec", "provider", "kubernetes")))


def _remote_keys(manifest: Object) -> set[tuple[str, str]]:
    """Return the values in the store that an ExternalSecret reads: their paths, each with a property, if it has one."""
    references = (reference.get("remoteRef") for reference in mappings(manifest, ("spec", "data")))
    places = (
        (at(reference, ("key",)), at(reference, ("property",)))
        for reference in references
        if isinstance(reference, dict)
    )
    return {(str(key), str(name or "")) for key, name in places if key}


def _show(values: set[tuple[str, str]]) -> str:
    """Return values of a store, each path once: `path: one, other`."""
    names: dict[str, list[str]] = {}
    for path, name in sorted(values):
        names.setdefault(path, []).extend([name] if name else [])
    return "; ".join(f"{path}: {', '.join(named)}" if named else path for path, named in names.items())
