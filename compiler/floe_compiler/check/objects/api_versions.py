"""The environment's Kubernetes version must have the objects' kinds and API versions."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.objects.custom_resources import published
from floe_compiler.check.objects.kubernetes.life_cycles import LifeCycle, life_cycles, parse_version
from floe_compiler.model.diagnostics import Diagnostic, Rule, nearest
from floe_compiler.model.objects import ObjectId

REMOVED = Rule(
    "C004",
    "removed API version",
    "The environment's Kubernetes version, or the kind's operator, no longer serves this API version. "
    "Use the one that replaced it.",
)
DEPRECATED = Rule(
    "C005",
    "deprecated API version",
    "A later Kubernetes version no longer serves this API version. Use the one that replaces it.",
    "warning",
)

UNKNOWN = Rule(
    "C006",
    "unknown kind of Kubernetes",
    "The API group is one of Kubernetes' own, but it does not have this kind in this version. Correct one of them.",
)
RULES = (REMOVED, DEPRECATED, UNKNOWN)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield objects of unknown kinds of Kubernetes, and objects with a removed or deprecated API version."""
    target = parse_version(index.rendered.kubernetes_version)
    for identity, manifest in index.objects.items():
        api_version = str(manifest.get("apiVersion", ""))
        cycle = life_cycles().get((api_version, identity.kind))
        is_unknown = api_version and identity in index.shapes.unknown and index.kubernetes.owns(identity.group)
        if is_unknown and (cycle is None or target < cycle.introduced):
            message = f"Kubernetes {index.rendered.kubernetes_version} has no {api_version} {identity.kind}"
            yield index.finding(UNKNOWN, identity, message, _meant(index.kubernetes.kinds, api_version, identity.kind))
        # A CustomResourceDefinition among the objects may define the version, so that it is known.
        gone = published.REMOVED.get((api_version, identity.kind))
        if gone and identity in index.shapes.unknown:
            since, replacement = gone
            message = f"{api_version} {identity.kind} was removed in {since}"
            yield index.finding(REMOVED, identity, message, f"write apiVersion: {replacement}")
        if cycle is not None and cycle.deprecated <= target:
            yield _outdated(index, identity, api_version, cycle, target)


def _outdated(
    index: Index, identity: ObjectId, api_version: str, cycle: LifeCycle, target: tuple[int, int]
) -> Diagnostic:
    removed = cycle.removed if cycle.removed is not None and cycle.removed <= target else None
    since = "was removed in" if removed else "has been deprecated since"
    version = ".".join(map(str, removed or cycle.deprecated))
    message = f"{api_version} {identity.kind} {since} Kubernetes {version}"
    replacement = _replacement(index.kubernetes.kinds, api_version, identity.kind, cycle)
    hint = f"use {replacement}" if replacement else ""
    return index.finding(REMOVED if removed else DEPRECATED, identity, message, hint)


def _replacement(known: Collection[tuple[str, str]], api_version: str, kind: str, cycle: LifeCycle) -> str:
    """Return what replaces an API version: as Kubernetes says, unless that is gone, or a newer version of the group."""
    if cycle.replacement and ((cycle.replacement, kind) in known or "/v" not in cycle.replacement):
        return cycle.replacement
    group = api_version.rpartition("/")[0]
    newer = [
        version
        for version, name in known
        if name == kind and version.rpartition("/")[0] == group and _age(version) > _age(api_version)
    ]
    return max(newer, key=_age, default=cycle.replacement)


def _meant(known: Collection[tuple[str, str]], api_version: str, kind: str) -> str:
    """Return a hint with the kind of the same name, or with the most similar name."""
    same = [candidate for candidate in known if candidate[1].casefold() == kind.casefold()]
    if not same:
        names = {name for version, name in known if version == api_version} or {name for _, name in known}
        return nearest(kind, names)
    group = api_version.rpartition("/")[0]
    best, name = max(
        same, key=lambda kind: (kind[0] == api_version, kind[0].rpartition("/")[0] == group, *_age(kind[0]))
    )
    if best == api_version:
        return f'did you mean "{name}"?'
    return f"write apiVersion: {best}" + (f", kind: {name}" if name != kind else "")


def _age(api_version: str) -> tuple[bool, str]:
    """Return the sort key of a group's versions: the newest stable version is last."""
    version = api_version.rpartition("/")[2]
    return version.removeprefix("v").isdecimal(), version
