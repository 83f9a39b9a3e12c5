"""What the merge patches of an object ask for, and whether kustomize has done it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.document import Document, show_path
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas
from floe_compiler.model.objects import Object
from floe_compiler.overlay.changed_objects import ChangedObject
from floe_compiler.overlay.deleted_fields import live_deletions
from floe_compiler.overlay.fidelity import difference, restored, without_deleted
from floe_compiler.overlay.json_patches import copies_of_nothing
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.merge_types import MergeType, merge_type
from floe_compiler.overlay.patch_problems import NOT_AS_WRITTEN, PATCH_FAILED, Problem, problems
from floe_compiler.overlay.strategic_merge import DIRECTIVE, merged

# The fields that other entries change, beside the merge patches.
_CHANGED_BY: Mapping[str, str] = {"images": "image", "labels": "labels", "replicas": "replicas"}


class Request(msgspec.Struct, frozen=True):
    """What the merge patches among the steps of an object ask for, if they do.

    `merges` are these patches; `wanted` is the object after them.
    """

    merges: tuple[Step, ...]
    wanted: Object
    type: MergeType
    findings: tuple[Diagnostic, ...] = ()
    deletions: frozenset[str] = frozenset()
    """The digests of the deletions that are sound."""


def request_of(item: ChangedObject, schemas: KubernetesSchemas) -> Request:
    """Return what the merge patches of an object ask for, with the errors in them."""
    type_ = merge_type(schemas, item.part)
    wanted = item.part
    merges: list[Step] = []
    findings: list[Diagnostic] = []
    sound: frozenset[str] = frozenset()
    for step in item.steps:
        if not step.selection.matches(wanted):
            continue
        if step.merge is None:
            findings += _of_copies(item, step)
            continue
        patch = without_identity(step.merge.data)
        if DIRECTIVE in patch:  # it deletes or replaces the whole object
            rest = item.steps[item.steps.index(step) :]
            sound = sound.union(
                *(live_deletions(later, later.merge.data, None, type_) for later in rest if later.merge)
            )
            return Request((), item.part, type_, tuple(findings), sound)
        sound |= live_deletions(step, patch, wanted, type_)
        findings += _findings(item, step, step.merge, problems(wanted, patch, type_))
        wanted = merged(wanted, patch, type_)
        merges.append(step)
    return Request(tuple(merges), wanted, type_, tuple(findings), sound)


def as_requested(item: ChangedObject, request: Request, result: Object) -> tuple[Object, Diagnostic | None]:
    """Return kustomize's result with the order and the types that the patches ask for, and an error if it differs."""
    if not request.merges:
        return result, None
    patches = (step.merge.data for step in request.merges if step.merge)
    result = without_deleted(restored(result, request.wanted, request.type), request.wanted, patches)
    ignored = {_CHANGED_BY[step.field] for step in item.steps if step.field in _CHANGED_BY}
    if (path := difference(result, request.wanted, ignored)) is None:
        return result, None
    step = request.merges[-1]
    # The positions of items in the object are not those in the patch.
    keys = next((path[:end] for end, key in enumerate(path) if isinstance(key, int)), path)
    span = step.patch.key_span(keys) if step.patch else step.span
    message = f"kustomize does not apply the patch as written: {show_path(path)} differs"
    hint = "write a JSON patch (a list of op, path, value) with a target"
    return result, Diagnostic(NOT_AS_WRITTEN, message, span, str(item.identity), hint, step.related())


def _findings(item: ChangedObject, step: Step, patch: Document, mistakes: Iterable[Problem]) -> list[Diagnostic]:
    return [
        Diagnostic(
            problem.rule,
            problem.message,
            patch.span(problem.path),
            str(item.identity),
            problem.hint,
            step.related(),
        )
        for problem in mistakes
    ]


def _of_copies(item: ChangedObject, step: Step) -> Iterator[Diagnostic]:
    """Yield the errors of a JSON patch that copies from a path that does not exist."""
    before = [
        operation
        for earlier in item.steps[: item.steps.index(step)]
        if earlier.patch
        for operation in earlier.patch.data
    ]
    operations = step.patch.data if step.patch else []
    for position in copies_of_nothing([*before, *operations], item.part) if step.patch else ():
        if step.patch and position >= len(before):
            at = (position - len(before), "from")
            message = f"{item.identity} has nothing at {operations[at[0]]['from']} to copy"
            hint = "write a path that the object has, as it is compiled without the patch"
            yield Diagnostic(PATCH_FAILED, message, step.patch.span(at), str(item.identity), hint, step.related())


def without_identity(patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a patch without the fields that name its object: with a target, they may name another one."""
    metadata = patch.get("metadata", {})
    changes = {key: value for key, value in patch.items() if key not in ("apiVersion", "kind", "metadata")}
    labels = {key: value for key, value in metadata.items() if key not in ("name", "namespace")}
    return changes | ({"metadata": labels} if labels else {})
