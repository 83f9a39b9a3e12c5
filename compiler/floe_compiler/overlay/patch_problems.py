"""What a merge patch cannot mean: a change of an item that does not exist, or a list without most of its items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from floe_compiler.model.diagnostics import Diagnostic, Rule, did_you_mean
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.hints import some
from floe_compiler.overlay.merge_types import MergeType
from floe_compiler.overlay.strategic_merge import DIRECTIVE, replaces_list

NO_SUCH_ITEM = Rule(
    "K022",
    "patch of an item or field that does not exist",
    "The patch names a container, volume, variable or other item of a list that the object does not have, and does not"
    " give what a new one needs; or it deletes a field that no object has and Kubernetes does not know. Correct the"
    " name, or complete the new item.",
)
ITEMS_LOST = Rule(
    "K023",
    "merge patch that drops items of a list",
    "Kubernetes has no merge key for this list, such as any list of a custom resource. So a merge patch replaces the"
    " whole list, and items or fields that it does not repeat are lost. Write a JSON patch.",
)

NOT_AS_WRITTEN = Rule(
    "K024",
    "patch that kustomize does not apply as written",
    "kustomize leaves out a part of the patch, or changes something that the patch does not name. Write a JSON patch.",
)

PATCH_FAILED = Rule(
    "K018",
    "patch that cannot be applied",
    "kustomize could not apply the patch to an object that it selects. Most often, a JSON patch replaces, removes or"
    " copies something that does not exist, or a merge patch has a list, mapping or text where the object has another.",
)

_NOUNS: Mapping[str, str] = {
    "containers": "container",
    "ephemeralContainers": "ephemeral container",
    "env": "variable",
    "initContainers": "init container",
    "ports": "port",
    "volumeMounts": "mount",
    "volumes": "volume",
}
# What a new item needs beyond the required fields of its schema: one of these fields.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "io.k8s.api.core.v1.Container": ("image",),
    "io.k8s.api.core.v1.EphemeralContainer": ("image",),
    "io.k8s.api.core.v1.EnvVar": ("value", "valueFrom"),
}
_VOLUME = "io.k8s.api.core.v1.Volume"

_ONCE = (PATCH_FAILED, NO_SUCH_ITEM, ITEMS_LOST, NOT_AS_WRITTEN)
"""The rules about patches, which may fail on all objects alike."""


def failures_once(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return findings of all units of an environment in order; what is wrong with a patch only for its first object."""
    first: dict[object, Diagnostic] = {}
    for finding in sorted(findings, key=Diagnostic.sort_key):
        # All items of an inline patch have the same place.
        item = finding.message if finding.rule == NO_SUCH_ITEM else ""
        once = (finding.rule, finding.span, finding.related, item)
        first.setdefault(once if finding.rule in _ONCE else finding, finding)
    return tuple(first.values())


class Problem(msgspec.Struct, frozen=True):
    """A mistake at a path of a patch."""

    rule: Rule
    path: DataPath
    message: str
    hint: str


def problems(before: Any, patch: Any, type_: MergeType, path: DataPath = (), pointer: str = "") -> Iterator[Problem]:
    """Yield the mistakes in a patch of a value.

    Args:
        before: The value before the patch.
        patch: The patch.
        type_: The type of the value.
        path: The path in the patch.
        pointer: The JSON pointer in the object.
    """
    if patch is not None and (kind := _kind(before)) and kind != _kind(patch):
        hint = f"write {kind}" if kind == "a mapping" else f'write {kind}: begin each item with "- "'
        yield Problem(PATCH_FAILED, path, f"{show_path(path)} is {kind} in the object", hint)
    elif isinstance(patch, dict):
        if patch.get(DIRECTIVE) in ("delete", "replace"):
            return
        fields = before if isinstance(before, dict) else {}
        for key, change in patch.items():
            step = str(key).replace("~", "~0").replace("/", "~1")
            yield from problems(fields.get(key), change, type_.field(key), (*path, key), f"{pointer}/{step}")
    elif isinstance(patch, list):
        check = _merged if type_.merges else _replaced
        yield from check(before if isinstance(before, list) else [], patch, type_, path, pointer)


def _kind(value: Any) -> str:
    """Return what a mapping or a list is, in words; empty for other values."""
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else ""


def _merged(
    before: Sequence[Any], patch: Sequence[Any], type_: MergeType, path: DataPath, pointer: str
) -> Iterator[Problem]:
    if any(map(replaces_list, patch)):
        return
    for index, change in enumerate(patch):
        if not isinstance(change, dict):
            if type_.keys:
                hint = f"write {' and '.join(f'{key}: ...' for key in type_.keys)}, and what changes"
                yield Problem(PATCH_FAILED, (*path, index), f"an item of {show_path(path)} is a mapping", hint)
            continue
        if wrong := _wrong_key(change, type_, path):
            key, message, hint = wrong
            yield Problem(PATCH_FAILED, (*path, index, key), message, hint)
            continue
        if type_.find(change, patch[:index]) is not None:
            yield _twice(change, type_, (*path, index))
            continue
        position = type_.find(change, before)
        if position is not None:
            yield from problems(before[position], change, type_.item, (*path, index), f"{pointer}/{position}")
            continue
        deletes = change.get(DIRECTIVE) == "delete"
        needed = "" if deletes else _needed(change, type_.item)
        if deletes or needed:
            yield _no_such_item(before, change, type_, (*path, index), needed)


def _wrong_key(item: Mapping[str, Any], type_: MergeType, path: DataPath) -> tuple[str, str, str] | None:
    """Return the key of an item that has another type than its kind has, with a message and a hint."""
    noun = _NOUNS.get(str(path[-1]), f"item of {path[-1]}")
    for key in type_.keys:
        is_number = (type_.item.field(key).schema or {}).get("type") == "integer"
        if key in item and (not isinstance(item[key], int if is_number else str) or isinstance(item[key], bool)):
            hint = "write it without quotes" if is_number else 'write it in quotes: "..."'
            return key, f"the {key} of the {noun} is not {'a number' if is_number else 'text'}", hint
    return None


def _twice(change: Mapping[str, Any], type_: MergeType, path: DataPath) -> Problem:
    """Return the problem of an item that a patch names a second time: kustomize takes only one of them."""
    noun, keys = _NOUNS.get(str(path[-2]), f"item of {path[-2]}"), [key for key in type_.keys if key in change]
    name = " ".join(str(change[key]) for key in keys)
    hint = "write it once, with all that changes"
    return Problem(NOT_AS_WRITTEN, (*path, keys[0]), f'the {noun} "{name}" is in the patch twice', hint)


def _no_such_item(
    before: Sequence[Any], change: Mapping[str, Any], type_: MergeType, path: DataPath, needed: str
) -> Problem:
    noun = _NOUNS.get(str(path[-2]), f"item of {path[-2]}")
    keys = [key for key in type_.keys if key in change]
    if not keys:
        hint = f"an item is found by its {' and '.join(type_.keys)}"
        return Problem(NO_SUCH_ITEM, path, f"the {noun} has no {type_.keys[0]}", hint)
    name = " ".join(str(change[key]) for key in keys)
    names = [" ".join(str(item.get(key, "")) for key in keys) for item in before if isinstance(item, dict)]
    hint = did_you_mean(name, names) or "the list is empty"
    if needed:
        hint += f"; a new {noun} needs {needed}"
    return Problem(NO_SUCH_ITEM, (*path, keys[0]), f'there is no {noun} "{name}"', hint)


def _needed(item: Mapping[str, Any], type_: MergeType) -> str:
    """Return what a new item lacks."""
    lacking = sorted(type_.required - item.keys())
    if type_.name == _VOLUME and item.keys() <= {"name"}:
        lacking.append("a source, such as emptyDir")
    needs = _NEEDS.get(type_.name, ())
    if needs and not item.keys() & {*needs}:
        lacking.append(" or ".join(needs))
    return " and ".join(lacking)


def _replaced(
    before: Sequence[Any], patch: Sequence[Any], type_: MergeType, path: DataPath, pointer: str
) -> Iterator[Problem]:
    """Yield a problem if a list that is replaced loses something. In Kubernetes' own kinds, plain values may go."""
    for index, item in enumerate(patch):
        if isinstance(item, dict) and DIRECTIVE in item:
            message = f"{DIRECTIVE} has no effect in {show_path(path)}, which has no merge key"
            position = next((at for at, other in enumerate(before) if _named(other, [item])), 0)
            hint = f"write a JSON patch with a target: {_operation('remove', f'{pointer}/{position}')}"
            yield Problem(ITEMS_LOST, (*path, index), message, hint)
            return
    if type_.schema is not None and (len(patch) >= len(before) or not any(isinstance(item, dict) for item in before)):
        return
    lost = [
        (position, item, _named(item, patch)) for position, item in enumerate(before) if not _is_repeated(item, patch)
    ]
    if not lost:
        return
    parts = some(_lost(position, item, named) for position, item, named in lost)
    message = f"{show_path(path)} has no merge key, so the patch replaces the whole list, which loses {parts}"
    changed = (f"{pointer}/{position}{_changed(item, named)}" for position, item, named in lost if named)
    hint = f"write a JSON patch with a target: {_operation('add', next(changed, f'{pointer}/-'))}"
    yield Problem(ITEMS_LOST, path, message, f"{hint}; to replace the list, op: replace")


def _is_repeated(item: Any, patch: Sequence[Any]) -> bool:
    """Return whether a patch that replaces a list repeats an item, perhaps with other values if it has a name."""
    named = _named(item, patch)
    return _covers(named, item, exactly=False) if named else any(_covers(entry, item, exactly=True) for entry in patch)


def _named(item: Any, patch: Sequence[Any]) -> Mapping[str, Any] | None:
    """Return the item of the same name in the patch."""
    if not isinstance(item, dict) or "name" not in item:
        return None
    return next((entry for entry in patch if isinstance(entry, dict) and entry.get("name") == item["name"]), None)


def _covers(patch: Any, before: Any, *, exactly: bool) -> bool:
    """Return whether a value has all fields and items of an earlier one."""
    if isinstance(before, dict):
        return isinstance(patch, dict) and all(
            key in patch and _covers(patch[key], value, exactly=exactly) for key, value in before.items()
        )
    if isinstance(before, list):
        return isinstance(patch, list) and all(_is_repeated(item, patch) for item in before)
    return bool(patch == before) or not exactly


def _lost(position: int, item: Any, named: Mapping[str, Any] | None) -> str:
    """Return what of an item is lost, without its values."""
    if named is None:
        return str(item["name"]) if isinstance(item, dict) and "name" in item else f"item {position}"
    lost = [key for key, value in item.items() if key not in named or not _covers(named[key], value, exactly=False)]
    return f"{' and '.join(lost)} of {item['name']}"


def _changed(before: Any, patch: Any) -> str:
    """Return the JSON pointer below an item of the first value that a patch changes."""
    if isinstance(before, dict) and isinstance(patch, dict):
        for key, value in patch.items():
            if key not in before:
                return f"/{key}"
            if before[key] != value:
                return f"/{key}{_changed(before[key], value)}"
    return ""


def _operation(name: str, pointer: str) -> str:
    value = ", value: ..." if name != "remove" else ""
    return f"{{op: {name}, path: {pointer}{value}}}"
