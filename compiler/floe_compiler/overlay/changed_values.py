"""The values of an object that each of its patches changed, with the place in the patch that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from floe_compiler.model.data_paths import item_name
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.objects import Object
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.merge_types import MergeType
from floe_compiler.overlay.requests import without_identity
from floe_compiler.overlay.strategic_merge import DIRECTIVE, replaces_list

_ABSENT = object()
# What the other entries of a kustomization change, by its path.
_CHANGED_BY = {
    "images": re.compile(r"\.image$"),
    "labels": re.compile(r"(^|\.)metadata\.labels(\.|$)"),
    "replicas": re.compile(r"spec\.replicas"),
}


class _NamedValue(msgspec.Struct, frozen=True):
    """A value that a patch names: its path in the object, its place, and whether it stands for all that is below."""

    path: DataPath
    span: Span
    all: bool = True


def changed_values(before: Object, after: Object, steps: Iterable[Step], type_: MergeType) -> tuple[Patch, ...]:
    """Return what each patch of an object changed in it, in order; those that changed nothing are left out.

    Args:
        before: The object, or the part of it that the patches may change.
        after: The same part after the patches.
        steps: The patches.
        type_: The type of the object.
    """
    changed = dict(_differences(before, after, ()))
    changes = ((step, _values(step, changed, before, after, type_)) for step in dict.fromkeys(steps))
    return tuple(Patch(step.span, values) for step, values in changes if values)


def _values(
    step: Step, changed: Mapping[DataPath, Any], before: Object, after: Object, type_: MergeType
) -> dict[str, Span]:
    if step.field != "patches":
        return {
            _shown(path): step.sets.get(str(path[-1]), step.span)
            for path, old in changed.items()
            if _is_changed_by(step, _shown(path), old)
        }
    named = {value.path: value for value in _named_values(step, before, after, type_)}
    covering = ((path, _covering(named, path)) for path in changed)
    return {_shown(path): value.span for path, value in covering if value}


def _covering(named: Mapping[DataPath, _NamedValue], path: DataPath) -> _NamedValue | None:
    """Return the part of a patch that changed the value at a path."""
    if path in named:
        return named[path]
    above = next((named[path[:end]] for end in range(len(path) - 1, -1, -1) if path[:end] in named), None)
    return above if above and above.all else None


def _is_changed_by(step: Step, place: str, before: Any) -> bool:
    if not _CHANGED_BY[step.field].search(place):
        return False
    name = step.entry.get("name")
    return step.field != "images" or re.split("[:@]", str(before).rpartition("/")[2])[0] == str(name).rpartition("/")[2]


def _named_values(step: Step, before: Object, after: Object, type_: MergeType) -> Iterator[_NamedValue]:
    if step.patch is None:
        return
    if isinstance(step.patch.data, list):
        yield from _of_operations(step.patch, before, after)
    else:
        yield from _of_merge(step.patch, without_identity(step.patch.data), (), (before, after), (), type_)


def _of_merge(
    patch: Document, change: Any, at: DataPath, objects: tuple[Any, Any], path: DataPath, type_: MergeType
) -> Iterator[_NamedValue]:
    """Yield what a merge patch says of the value at a path; `objects` are the value before and after it."""
    before, after = objects
    if isinstance(change, dict):
        replaces = DIRECTIVE in change
        yield _NamedValue(path, patch.key_span(at), replaces)
        for key, below in change.items():
            values = (_below(before, key), _below(after, key))
            if key != DIRECTIVE:
                yield from _of_merge(patch, below, (*at, key), values, (*path, key), type_.field(key))
    elif isinstance(change, list):
        merges = type_.merges and not any(map(replaces_list, change))
        yield _NamedValue(path, patch.key_span(at), not merges)
        for index, item in enumerate(change):
            if replaces_list(item):
                continue
            label, values = _item(item, index, objects, type_) if merges else (index, (None, None))
            yield from _of_merge(patch, item, (*at, index), values, (*path, label), type_.item)
    else:
        yield _NamedValue(path, patch.span(at))


def _item(item: Any, index: int, objects: tuple[Any, Any], type_: MergeType) -> tuple[str | int, tuple[Any, Any]]:
    """Return the step of a path to an item of a merged list, and the item before and after the patch."""
    values: list[Any] = []
    label: str | int = index
    for items in objects:
        listed = items if isinstance(items, list) else []
        position = type_.find(item, listed)
        values.append(None if position is None else listed[position])
        if position is not None:
            label = _label(listed[position], position)
    return label, (values[0], values[1])


def _of_operations(patch: Document, before: Object, after: Object) -> Iterator[_NamedValue]:
    """Yield what a JSON patch says of an object."""
    for index, operation in enumerate(patch.data):
        if operation["op"] == "test":
            continue
        for name in ("path", "from") if operation["op"] == "move" else ("path",):
            at: DataPath = (index, "value") if "value" in operation else (index, name)
            for manifest in (before, after):
                for path in _pointed(operation[name], manifest):
                    yield from _below_pointer(patch, operation.get("value", _ABSENT), at, path)


def _below_pointer(patch: Document, value: Any, at: DataPath, path: DataPath) -> Iterator[_NamedValue]:
    yield _NamedValue(path, patch.key_span(at) if isinstance(value, dict | list) else patch.span(at))
    below: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        below = ((key, key) for key in value)
    elif isinstance(value, list):
        below = ((index, _label(item, index)) for index, item in enumerate(value))
    for key, label in below:
        yield from _below_pointer(patch, value[key], (*at, key), (*path, label))


def _pointed(pointer: str, manifest: Any) -> Iterator[DataPath]:
    """Yield the path in an object that a JSON pointer leads to; in a list without names, the list, too."""
    path: list[str | int] = []
    value = manifest
    for step in (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]):
        if isinstance(value, list):
            position = len(value) - 1 if step == "-" else int(step) if step.isdecimal() else -1
            if not 0 <= position < len(value):
                break
            value = value[position]
            if not isinstance(_label(value, position), str):
                yield tuple(path)
            path.append(_label(value, position))
        else:
            value = _below(value, step)
            path.append(step)
    yield tuple(path)


def _differences(before: Any, after: Any, path: DataPath) -> Iterator[tuple[DataPath, Any]]:
    """Yield the path and the old value of all that differs; items of lists have their names in paths."""
    if before == after and type(before) is type(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*after, *before)):
            yield from _differences(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        old, new = _labelled(before), _labelled(after)
        for label in dict.fromkeys((*new, *old)):
            yield from _differences(old.get(label, _ABSENT), new.get(label, _ABSENT), (*path, label))
    else:
        yield path, before
        yield from ((below, _ABSENT) for below in _all_below(after, path))


def _all_below(value: Any, path: DataPath) -> Iterator[DataPath]:
    if isinstance(value, dict):
        children: Iterable[tuple[str | int, Any]] = value.items()
    elif isinstance(value, list):
        children = _labelled(value).items()
    else:
        return
    for step, child in children:
        yield (*path, step)
        yield from _all_below(child, (*path, step))


def _labelled(items: Sequence[Any]) -> dict[str | int, Any]:
    return {_label(item, index): item for index, item in enumerate(items)}


def _label(item: Any, index: int) -> str | int:
    """Return the name of an item of a list, as messages show it, or its position."""
    name = item_name(item)
    return _Name(name) if name else index


class _Name(str):
    """The name of an item of a list, in a path."""

    __slots__ = ()


def _shown(path: DataPath) -> str:
    """Return a path as messages show it."""
    text = ""
    for step in path:
        bracket = isinstance(step, int | _Name)
        text += f"[{step}]" if bracket else f".{step}" if text else str(step)
    return text


def _below(value: Any, step: Any) -> Any:
    return value.get(step) if isinstance(value, dict) else None
