"""Workloads: replicas, versions, image sources, and protection from drains."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from floe_compiler.model.hints import some
from floe_compiler.model.images import Image, parse_image
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.selectors import matches
from floe_compiler.report.dangers.backups import is_backup, is_restore_test
from floe_compiler.report.dangers.danger import Change, Danger, Fields, containers, less, pods_beside

_REPLICAS: Mapping[str, Fields] = {
    "Deployment": ("spec", "replicas"),
    "HorizontalPodAutoscaler": ("spec", "minReplicas"),
    "ScaledObject": ("spec", "minReplicaCount"),
    "StatefulSet": ("spec", "replicas"),
}
_MOST: Mapping[str, Fields] = {
    "HorizontalPodAutoscaler": ("spec", "maxReplicas"),
    "ScaledObject": ("spec", "maxReplicaCount"),
}
COMPONENT = "app.kubernetes.io/component"
ELECTOR = "floe.dev/elector"
SMOKE = "smoke"
BY_SCHEDULE = "by its schedule"
_ENDLESS = frozenset({"DaemonSet", "Deployment"})
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-+.].*)?")


def scaled_down(change: Change) -> Iterator[Danger]:
    """Yield reduced or deleted workloads."""
    if change.kind in _ENDLESS and not change.after:
        yield Danger("scale-down", "is deleted; it no longer runs")
    old, new = _replicas(change)
    if old is not None and new is not None and new < old:
        consequence = "it no longer runs" if new == 0 else "fewer pods run"
        yield Danger("scale-down", f"replicas go from {old} to {new}: {consequence}")


def scaling_reduced(change: Change) -> Iterator[Danger]:
    """Yield autoscalers that add fewer pods, or later, and those that are gone while what they scale is not."""
    path = _MOST.get(change.kind)
    if path is None or not change.before:
        return
    old, new = at(change.before, path), at(change.after, path)
    if change.after and isinstance(old, int) and isinstance(new, int) and new < old:
        yield Danger("scale-down", f"at most {new} pods run instead of {old}, however much there is to do")
    busy, busier = (_busy(manifest) for manifest in (change.before, change.after))
    if busy and busier > busy:
        yield Danger("scale-down", f"a pod is added when others use {busier} % of their CPU, instead of {busy} %")
    left = None if change.after else _fixed(change)
    if left is not None and isinstance(old, int) and left < old:
        yield Danger("scale-down", f"is deleted: {left} pods run, where up to {old} did if there was much to do")


def _fixed(change: Change) -> int | None:
    """Return the number of replicas of what an autoscaler scaled, if it has one now."""
    target = at(change.before, ("spec", "scaleTargetRef", "name"))
    numbers = (
        at(manifest, ("spec", "replicas")) for manifest in change.beside if at(manifest, ("metadata", "name")) == target
    )
    return next((number for number in numbers if isinstance(number, int)), None)


def _busy(autoscaler: Object) -> int:
    """Return the CPU use in percent that an autoscaler keeps its pods at; 0 if it has no such goal."""
    for metric in mappings(autoscaler, ("spec", "metrics")):
        for kind in ("resource", "containerResource"):
            goal = at(metric, (kind, "target", "averageUtilization"))
            if at(metric, (kind, "name")) == "cpu" and isinstance(goal, int):
                return goal
    return 0


def doubled(change: Change) -> Iterator[Danger]:
    """Yield workloads for a single replica that are scaled up."""
    old, new = _replicas(change)
    alone = change.kind == "StatefulSet" or at(change.before, ("spec", "strategy", "type")) == "Recreate"
    if _elected(change.after):
        return  # one works, the others wait
    if old == 1 and new is not None and new > 1 and alone:
        yield Danger("scale-up", f"{new} replicas run instead of one, each with its own state")


def failover_removed(change: Change) -> Iterator[Danger]:
    """Yield workloads of which one pod works and another waits, and no longer will."""
    old, new = _replicas(change)
    stays = _elected(change.after) and not (old is not None and old > 1 and new is not None and new < 2)
    if change.after and _elected(change.before) and not stays:
        yield Danger("failover-removed", "no other pod takes over when its pod or node fails")


def _elected(manifest: Object) -> bool:
    """Return whether only one of a workload's pods works: the one that holds a Lease."""
    return ELECTOR in mapping(manifest, ("spec", "template", "metadata", "labels"))


def _replicas(change: Change) -> tuple[int | None, int | None]:
    path = _REPLICAS.get(change.kind, ("",))
    old, new = (at(manifest, path) for manifest in (change.before, change.after))
    return (old if isinstance(old, int) else None, new if isinstance(new, int) else None)


def tests_removed(change: Change) -> Iterator[Danger]:
    """Yield a danger if a namespace is no longer tested after a sync."""
    if change.kind == "Job" and not change.after and at(change.before, ("metadata", "labels", COMPONENT)) == SMOKE:
        yield Danger("tests-removed", "no longer runs after a sync: nothing tells whether its servers answer")


def tests_weakened(change: Change) -> Iterator[Danger]:
    """Yield a danger if a test after a sync no longer tries what is denied, or only reports what it required."""
    if change.kind != "Job" or not change.after:
        return
    before, after = (dict(_probes(manifest)) for manifest in (change.before, change.after))
    if "denied" in before.values() and "denied" not in after.values():
        yield Danger("tests-removed", "no longer tests that connections are denied which nothing declares")
    reported = sorted(server for server, kind in after.items() if kind == "outside" and before.get(server) == "tcp")
    if reported:
        yield Danger("tests-removed", f"only reports, and no longer requires, that pods reach {some(reported)}")


def _probes(job: Object) -> Iterator[tuple[str, str]]:
    """Yield each server that a test after a sync tries, and how."""
    for container in containers(job).values():
        if container.get("name") == "probe":
            for argument in items(container, ("args",)):
                kind, _, server = str(argument).partition(" ")
                yield server, kind


def suspended(change: Change) -> Iterator[Danger]:
    """Yield a danger if scheduled work no longer runs."""
    if is_backup(change.before) or is_restore_test(change.before):
        return  # There are other words for them.
    if _starts(change.kind, change.before) and not _starts(change.kind, change.after):
        yield Danger("suspended", f"no longer runs {_starts(change.kind, change.before)}")


def _starts(kind: str, manifest: Object) -> str:
    """Return when an object starts runs: a CronJob, or the ConfigMap that tells an orchestrator of a product."""
    if kind == "CronJob":
        return BY_SCHEDULE if manifest and at(manifest, ("spec", "suspend")) is not True else ""
    try:
        product = json.loads(str(at(manifest, ("data", "product.json")) or "null")) if kind == "ConfigMap" else None
    except ValueError:
        return ""
    if at(product, ("trigger",)):
        return "when its inputs have new data"
    return BY_SCHEDULE if at(product, ("schedule", "enabled")) is True else ""


def memory_lowered(change: Change) -> Iterator[Danger]:
    """Yield the containers that may use less memory than before."""
    new = containers(change.after)
    for name, container in containers(change.before).items():
        limits = [at(state, ("resources", "limits", "memory")) for state in (container, new.get(name))]
        old, now = (str(limit) if limit is not None else "" for limit in limits)
        if less(now, old):
            yield Danger("memory-lowered", f"a container may use {now} of memory instead of {old}, or it is killed")


def guard_removed(change: Change) -> Iterator[Danger]:
    """Yield deleted quotas and disruption budgets of pods that stay."""
    if change.after:
        return
    pods = pods_beside(change)
    if change.kind == "ResourceQuota" and pods:
        yield Danger("guard-removed", "is deleted; the namespace may use the whole cluster")
    selector = mapping(change.before, ("spec", "selector"))
    if change.kind == "PodDisruptionBudget" and any(matches(selector, pod) for pod in pods):
        yield Danger("guard-removed", "is deleted; a drain may stop all of its pods at once")


def images(change: Change) -> Iterator[Danger]:
    """Yield images from another source, older versions, and new major versions."""
    new = containers(change.after)
    for name, container in containers(change.before).items():
        try:
            before, after = (parse_image(str(state.get("image"))) for state in (container, new.get(name, container)))
        except ValueError:
            continue
        yield from _version_changed(name, before, after)
        if (before.registry, before.repository) != (after.registry, after.repository):
            yield Danger("image-source", "its image comes from {1} instead of {0}".format(*_origins(before, after)))


def _version_changed(container: str, before: Image, after: Image) -> Iterator[Danger]:
    versions = _version(before.tag), _version(after.tag)
    if before.repository.rpartition("/")[2] != after.repository.rpartition("/")[2] or not all(versions):
        return
    change = f"{container} goes from {before.tag} to {after.tag}"
    if versions[1] < versions[0]:
        yield Danger("downgrade", f"{change}: an older version may not be able to read the data of the newer version")
    elif versions[0][0] != versions[1][0]:
        yield Danger("major-upgrade", f"{change}: a new major version may need a migration")


def _version(tag: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(tag)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _origins(before: Image, after: Image) -> tuple[str, str]:
    """Return the names of two images without their common suffix, which images and their mirrors have."""
    names = [f"{image.registry}/{image.repository}".split("/") for image in (before, after)]
    while min(map(len, names)) > 1 and names[0][-1] == names[1][-1]:
        names = [name[:-1] for name in names]
    return "/".join(names[0]), "/".join(names[1])
