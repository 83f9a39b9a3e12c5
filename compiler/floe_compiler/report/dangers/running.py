"""What runs: how much of it, in which version, and whether it survives a drain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from floe_compiler.model.images import parse_image
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.report.dangers.danger import Danger, Fields, at

_REPLICAS: Mapping[str, Fields] = {
    "Deployment": ("spec", "replicas"),
    "HorizontalPodAutoscaler": ("spec", "minReplicas"),
    "StatefulSet": ("spec", "replicas"),
}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-+.].*)?")


def scaled_down(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield fewer replicas."""
    fields = _REPLICAS.get(identity.kind, ("",))
    old, new = at(before, fields), at(after, fields)
    if isinstance(old, int) and isinstance(new, int) and new < old:
        consequence = "nothing of it runs any more" if new == 0 else "less of it runs"
        yield Danger("scale-down", f"{fields[-1]} goes from {old} to {new}: {consequence}")


def suspended(identity: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield whether a CronJob stops running."""
    field = ("spec", "suspend")
    if identity.kind == "CronJob" and before and at(after, field) is True and at(before, field) is not True:
        yield Danger("suspended", f"CronJob {identity.name} no longer runs by its schedule")


def images(_: ObjectId, before: Object, after: Object) -> Iterator[Danger]:
    """Yield older versions, and new major ones."""
    new = _images_by_container(after)
    for container, image in _images_by_container(before).items():
        yield from _image_change(container, image, new.get(container, image))


def _image_change(container: str, before: str, after: str) -> Iterator[Danger]:
    try:
        old, new = parse_image(before), parse_image(after)
    except ValueError:
        return
    versions = _version(old.tag), _version(new.tag)
    if old.repository != new.repository or not all(versions):
        return
    change = f"{container} goes from {old.tag} to {new.tag}"
    if versions[1] < versions[0]:
        yield Danger("downgrade", f"{change}: an older version may not read what the newer one has written")
    elif versions[0][0] != versions[1][0]:
        yield Danger("major-upgrade", f"{change}: a new major version may need a migration")


def _version(tag: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(tag)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _images_by_container(manifest: Object) -> dict[str, str]:
    pod = _pod(manifest)
    containers = [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]
    return {str(container.get("name")): str(container.get("image", "")) for container in containers}


def _pod(manifest: Object) -> Object:
    job = at(manifest, ("spec", "jobTemplate")) or manifest
    pod = at(job, ("spec", "template", "spec"))
    return pod if isinstance(pod, dict) else {}
