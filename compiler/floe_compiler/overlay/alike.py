"""Objects that are alike for kustomize: only names and namespaces differ, which no step reads.

Most patches set a label or a number in many objects, of which kustomize gets a small part (see `touched_fields`). It
builds one of those that are alike; what it makes of the others is the same under their own names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence

from msgspec.structs import replace

from floe_compiler.model.codec import encode
from floe_compiler.model.objects import ObjectId
from floe_compiler.overlay.changed_objects import ChangedObject, Result
from floe_compiler.overlay.kustomization import Step

_NAMES = ("name", "namespace")


def grouped(objects: Iterable[ChangedObject], written: Collection[ObjectId]) -> list[Sequence[ChangedObject]]:
    """Return the objects in groups that are alike, in the order of their first objects.

    Each of those that are `written` by hand is a group of its own, as kustomize may not take its name for one.
    """
    groups: dict[Hashable, list[ChangedObject]] = defaultdict(list)
    for item in objects:
        groups[item.identity if item.identity in written else _likeness(item)].append(item)
    return list(groups.values())


def renamed(result: Result, item: ChangedObject) -> Result:
    """Return the result for an object, given that for one that is alike."""
    if result.part is None:
        return result
    own = {key: item.part["metadata"][key] for key in _NAMES if key in item.part["metadata"]}
    return replace(result, part=result.part | {"metadata": result.part["metadata"] | own})


def _likeness(item: ChangedObject) -> Hashable:
    """Return what alike objects have in common."""
    if any(map(_reads_names, item.steps)):
        return item.identity
    metadata = item.part["metadata"]
    rest = {key: value for key, value in metadata.items() if key not in _NAMES}
    named = [key in metadata for key in _NAMES]
    return item.folder, encode([item.part | {"metadata": rest}, named, [step.digest for step in item.steps]])


def _reads_names(step: Step) -> bool:
    """Return whether a step may read or change the names of an object that it selects: only a JSON patch can."""
    if step.patch is None or step.merge is not None:
        return False
    pointers = (str(operation[key]) for operation in step.patch.data for key in ("path", "from") if key in operation)
    return any(pointer in ("", "/metadata") or pointer.startswith("/metadata/name") for pointer in pointers)
