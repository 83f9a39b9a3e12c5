"""The fields that merge patches delete, by null or `$patch: delete`.

kustomize deletes a field that is not there without a word. So a misspelt field would do nothing: each deletion
must find its field in an object of the environment, or be of a field that Kubernetes knows, which just is not set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from floe_compiler.model.diagnostics import Diagnostic, nearest
from floe_compiler.model.document import DataPath, show_path
from floe_compiler.model.kubernetes_schemas import OBJECT_META
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.yaml_text import sha256_of
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.kustomization_reader import BASE
from floe_compiler.overlay.listed_paths import tree_of
from floe_compiler.overlay.matching import OneObject
from floe_compiler.overlay.merge_schema import schemas_of
from floe_compiler.overlay.merge_types import MergeType, merge_type
from floe_compiler.overlay.overlay import Overlay
from floe_compiler.overlay.patch_problems import NO_SUCH_ITEM
from floe_compiler.overlay.strategic_merge import DIRECTIVE


def deletions(patch: Any, path: DataPath = ()) -> Iterator[DataPath]:
    """Yield the path of each field that a merge patch deletes."""
    for key, change in _below(patch):
        if isinstance(key, str) and (change is None or _deletes(change)):
            yield (*path, key)
        elif not _deletes(change):  # else an item of a list
            yield from deletions(change, (*path, key))


def live_deletions(step: Step, patch: Any, before: Any, type_: MergeType) -> frozenset[str]:
    """Return the digests of the deletions of a step that are sound, as an object shows.

    Args:
        step: The step.
        patch: Its merge patch.
        before: The object before the patch; None if it does not show anything.
        type_: The type of the object.
    """
    dead = set(_dead(before, patch, type_, ())) if before is not None else set()
    return frozenset(_digest(step, path) for path in deletions(patch) if path not in dead)


def dead_deletions(
    overlay: Overlay, hits: Collection[str], manifests: Callable[[], Iterable[Object]]
) -> tuple[Diagnostic, ...]:
    """Return an error for each deletion of a field that no object of an environment has, and Kubernetes does not know.

    Args:
        overlay: The environment's overlay.
        hits: The `hits` of all units of the environment.
        manifests: Returns the objects of all units. It is called only if there is an error, for its hint.
    """
    missing = [
        (step, path)
        for step in overlay.steps
        if step.merge and step.digest in hits
        for path in deletions(step.merge.data)
        if _digest(step, path) not in hits
    ]
    objects = sorted(manifests(), key=lambda manifest: str(identify(manifest))) if missing else []
    problems = (_problem(overlay.environment, step, path, objects) for step, path in missing)
    return tuple({(problem.message, problem.span): problem for problem in problems}.values())


def _dead(before: Any, patch: Any, type_: MergeType, path: DataPath) -> Iterator[DataPath]:
    """Yield the paths of the fields that a patch deletes, which a value does not have and its type does not know."""
    if isinstance(patch, list):
        items = before if isinstance(before, list) else []
        for index, change in enumerate(patch if type_.merges else ()):
            position = type_.find(change, items)
            yield from _dead({} if position is None else items[position], change, type_.item, (*path, index))
        return
    fields = before if isinstance(before, dict) else {}
    for key, change in _below(patch):
        if change is not None and not _deletes(change):
            yield from _dead(fields.get(key), change, _field(type_, key, path), (*path, key))
        elif key not in fields and not type_.knows(key):
            yield (*path, key)


def _field(type_: MergeType, key: str, path: DataPath) -> MergeType:
    """Return the type of a field. The metadata of a custom resource are those of any object."""
    if (*path, key) == ("metadata",) and type_.schema is None:
        return MergeType(type_.schemas, type_.schemas.definition(OBJECT_META), OBJECT_META)
    return type_.field(key)


def _problem(environment: str, step: Step, path: DataPath, objects: Iterable[Object]) -> Diagnostic:
    """Return the error, at the first field on the way that the first of the objects does not have."""
    patch: Any = step.merge
    value: Any = next((manifest for manifest in objects if step.selection.matches(manifest)), {})
    type_ = merge_type(schemas_of(""), value or patch.data)
    change, at = patch.data, 0
    for at, key in enumerate(path):
        if isinstance(value, list):
            position = type_.find(change[key], value)
            value, type_ = {} if position is None else value[position], type_.item
        else:
            value = value if isinstance(value, dict) else {}
            if at == len(path) - 1 or (key not in value and not type_.knows(key)):
                break
            value, type_ = value.get(key), _field(type_, str(key), path[:at])
        change = change[key]
    wrong = path[: at + 1]
    hint = nearest(str(wrong[-1]), {*value, *type_.fields}) or "leave it out"
    if tree_of(step.listed.file) == BASE:
        hint += "; if only other environments have it, move the patch to their overlays"
    message = f"there is no {show_path(wrong)} to delete"
    is_one_object = isinstance(step.selection, OneObject)
    subject = step.selection.describe() if is_one_object else f"{environment}: all objects"
    return Diagnostic(NO_SUCH_ITEM, message, patch.key_span(wrong), subject, hint, step.related())


def _digest(step: Step, path: DataPath) -> str:
    return sha256_of([step.digest, *path])


def _deletes(change: Any) -> bool:
    return isinstance(change, dict) and change.get(DIRECTIVE) == "delete"


def _below(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        return ((key, child) for key, child in value.items() if key != DIRECTIVE)
    return enumerate(value) if isinstance(value, list) else ()
