"""The difference between two sets of objects, for reviewers: deleted, changed and added objects, and dangers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Literal

import msgspec

from floe_compiler.model.job_names import without_hash
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.report.alignment import align, same
from floe_compiler.report.dangers import KINDS_BEFORE, AllObjects, Danger, Objects, Surroundings, dangers_of
from floe_compiler.report.deletions import Deletions
from floe_compiler.report.field_paths import show_keys
from floe_compiler.report.manifests import Manifests
from floe_compiler.report.renames import former_objects
from floe_compiler.report.secrecy import hide_object

Action = Literal["deleted", "changed", "added"]
Keys = tuple[str, ...]
ACTIONS: tuple[Action, ...] = ("deleted", "changed", "added")


class FieldChange(msgspec.Struct, frozen=True):
    """One field that differs: `spec.replicas`. `action` says whether it was added, removed or changed."""

    action: Action
    path: str
    before: Any = None
    after: Any = None


class ObjectChange(msgspec.Struct, frozen=True):
    """One deleted, added or changed object; secrets in its fields are already hidden."""

    action: Action
    identity: ObjectId
    file: str
    """The path of its file, before or after."""

    fields: tuple[FieldChange, ...] = ()
    dangers: tuple[Danger, ...] = ()

    @property
    def folder(self) -> str:
        """Return the folder of its file below output/: `dev/floe-platform`, `dev/_delivery`."""
        return self.file.removeprefix(f"{OUTPUT}/").rpartition("/")[0]


class EnvironmentDiff(msgspec.Struct, frozen=True):
    """The changes of one environment, ordered by folder, then deletions first, then by identity."""

    environment: str
    changes: tuple[ObjectChange, ...]

    def total(self, action: Action) -> int:
        """Return the number of objects that were deleted, changed or added."""
        return sum(change.action == action for change in self.changes)

    @property
    def dangers(self) -> int:
        """Return the number of dangers."""
        return sum(len(change.dangers) for change in self.changes)


def compare(
    environment: str, before: Manifests, after: Manifests, all_objects: AllObjects | None = None
) -> EnvironmentDiff:
    """Return the difference between two states of an environment's objects; equivalent ones are left out.

    `all_objects` has all objects of the later state, also unchanged ones, which `before` and `after` may leave out.
    """
    renamed = _renamed_jobs(before, after)
    everything: AllObjects = all_objects or Objects(after.by_id.values())
    candidates = (manifest for kind in KINDS_BEFORE for manifest in everything.of_kind(kind))
    unchanged = (manifest for manifest in candidates if identify(manifest) not in after.by_id)
    surroundings = Surroundings(chain(before.by_id.values(), unchanged), everything)
    deletions, former = Deletions(everything), former_objects(before, after)
    changes = (
        _compare_object(
            identity,
            after.files.get(identity) or before.files[identity],
            before.by_id.get(renamed.get(identity, identity)),
            after.by_id.get(identity),
            surroundings,
            deletions,
            former.get(identity),
        )
        for identity in {*before.by_id, *after.by_id} - {*renamed.values()}
    )
    return EnvironmentDiff(environment, tuple(sorted(filter(None, changes), key=_order)))


def _renamed_jobs(before: Manifests, after: Manifests) -> dict[ObjectId, ObjectId]:
    """Return, for each new Job, the Job that it replaces: names of Jobs end in a hash, as Jobs are immutable."""
    gone = {_without_hash(identity): identity for identity in before.by_id if identity not in after.by_id}
    new = {_without_hash(identity): identity for identity in after.by_id if identity not in before.by_id}
    return {new[name]: gone[name] for name in new if name in gone and name.kind == "Job"}


def _without_hash(identity: ObjectId) -> ObjectId:
    return identity._replace(name=without_hash(identity.name))


def _order(change: ObjectChange) -> tuple[str, int, ObjectId]:
    return change.folder, ACTIONS.index(change.action), change.identity


def _compare_object(
    identity: ObjectId,
    file: str,
    before: Object | None,
    after: Object | None,
    surroundings: Surroundings,
    deletions: Deletions,
    former: Object | None,
) -> ObjectChange | None:
    if before is None or after is None:
        why_kept = deletions.why_kept(file.rpartition("/")[0], before) if before else None
        dangers = dangers_of(identity, before, after, surroundings, why_kept, former)
        return ObjectChange("deleted" if after is None else "added", identity, file, dangers=dangers)
    if same(before, after):
        return None
    fields = tuple(sorted(_fields(identity.kind, before, after), key=lambda field: field.path))
    return ObjectChange("changed", identity, file, fields, dangers_of(identity, before, after, surroundings))


def _fields(kind: str, before: Object, after: Object) -> Iterator[FieldChange]:
    for action, keys, old, new in _values((), *align(before, after)):
        hidden = (
            None if absent else hide_object(value, kind, keys)
            for absent, value in ((action == "added", old), (action == "deleted", new))
        )
        yield FieldChange(action, show_keys(keys), *hidden)


def _values(keys: Keys, before: Any, after: Any) -> Iterator[tuple[Action, Keys, Any, Any]]:
    """Yield what differs between two aligned values: action, keys, and the value before and after."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            place = (*keys, _step(key))
            if key not in after:
                yield "deleted", place, before[key], None
            elif key not in before:
                yield "added", place, None, after[key]
            elif not same(before[key], after[key]):
                yield from _values(place, before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(keys, before, after)
    else:
        yield "changed", keys, before, after


def _in_lists(keys: Keys, before: list[Any], after: list[Any]) -> Iterator[tuple[Action, Keys, Any, Any]]:
    from deepdiff import DeepDiff  # imported here, as it takes 0.15 s

    difference = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    if not difference:  # In lists of lists, 0 and False are equal to deepdiff, as in Python.
        yield "changed", keys, before, after
    for category, levels in difference.items():
        action = _action(category)
        for level in levels:
            yield action, (*keys, *map(_step, level.path(output_format="list"))), level.t1, level.t2


def _step(key: Any) -> str:
    return key if isinstance(key, str) else f"[{key}]"


def _action(category: str) -> Action:
    if category.endswith("_added"):
        return "added"
    return "deleted" if category.endswith("_removed") else "changed"
