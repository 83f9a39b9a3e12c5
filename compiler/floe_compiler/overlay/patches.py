"""Items of `patches`: strategic merge patches and JSON patches, inline or in files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from floe_compiler.model.diagnostics import Findings, did_you_mean, nearest
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.objects import identify
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.overlay.allowed_fields import check_keys, value_at
from floe_compiler.overlay.inline_patches import inline_documents
from floe_compiler.overlay.json_patches import BAD_PATCH, IDENTITY_CHANGED, check_operations
from floe_compiler.overlay.kustomization import Step
from floe_compiler.overlay.matching import OneObject, version_of
from floe_compiler.overlay.patch_target import read_target
from floe_compiler.overlay.secret_values import check_secret_values
from floe_compiler.overlay.source import Source
from floe_compiler.overlay.strategic_merge import ACTIONS, DIRECTIVE
from floe_compiler.overlay.touched_fields import touched_by_patch

_UNKNOWN_DIRECTIVES = ("$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/")


def read_patch(source: Source, folder: str, document: Document, path: DataPath) -> list[Step]:
    """Return the steps of the item of `patches` at `path` of a kustomization.yaml in `folder`.

    Malformed patches are findings and left out. Each document of a patch is a step.
    """
    findings = source.findings
    hint = 'write "path:" and the file, or "patch: |-" and the patch'
    if not check_keys(document, path, ("path", "patch", "target", "options"), findings, hint):
        return []
    item: Any = value_at(document, path)
    _check_options(document, (*path, "options"), item.get("options"), findings)
    before = len(findings.diagnostics)
    patches = _documents(source, folder, document, path)
    if not patches and len(findings.diagnostics) == before:
        findings.add(BAD_PATCH, "the patch is empty", document.span(path), hint="write what it changes, or delete it")
    for patch in patches:
        check_secret_values(patch, findings)
    if "target" not in item:
        steps = [_untargeted(patch, document.span(path), findings) for patch in patches]
    elif len(patches) > 1:
        span = document.key_span((*path, "target"))
        findings.add(BAD_PATCH, "several patches cannot share a target", span, hint="list one patch for each target")
        return []
    else:
        steps = [_targeted(patch, document, path, findings) for patch in patches]
    return [step for step in steps if step]


def _documents(source: Source, folder: str, document: Document, path: DataPath) -> list[Document]:
    item: Any = value_at(document, path)
    sources = [name for name in ("path", "patch") if name in item]
    if len(sources) != 1:
        hint = "delete one of them" if sources else "write `path:` with a file, or `patch: |` with the patch itself"
        source.findings.add(BAD_PATCH, 'exactly one of "path" and "patch" is needed', document.span(path), hint=hint)
        return []
    text, span = item[sources[0]], document.span((*path, sources[0]))
    if not isinstance(text, str):
        message = f"{show_path((*path, sources[0]))} is not text"
        source.findings.add(BAD_PATCH, message, span, hint='begin an inline patch with "patch: |-"')
        return []
    if sources == ["patch"]:
        return inline_documents(source, document.file, text, span)
    file = source.locate(folder, text, document, (*path, sources[0]))
    return source.documents(file, span) if file else []


def _untargeted(patch: Document, listed: Span, findings: Findings) -> Step | None:
    """Return the step of a strategic merge patch without a target, which names its object itself."""
    if isinstance(patch.data, list):
        hint = 'add "target:" with kind and name'
        findings.add(BAD_PATCH, "a JSON patch needs a target", patch.span(()), hint=hint)
        return None
    if not _check_merge(patch, findings):
        return None
    selection = OneObject(identify(patch.data), version_of(patch.data))
    entry = {"patch": to_yaml(patch.data)}
    touches = touched_by_patch(patch.data)
    return Step("patches", entry, selection, patch.span(()), listed, touches, _deletes(patch), patch)


def _targeted(patch: Document, document: Document, path: DataPath, findings: Findings) -> Step | None:
    """Return the step of a patch for all objects that its target selects."""
    target = read_target(document, (*path, "target"), findings)
    is_json = isinstance(patch.data, list)
    valid = check_operations(patch, findings) if is_json else _check_merge(patch, findings)
    if not valid or target is None:
        return None
    entry = {
        "patch": json.dumps(patch.data) if is_json else to_yaml(patch.data),
        "target": value_at(document, (*path, "target")),
    }
    touches = touched_by_patch(patch.data)
    return Step("patches", entry, target, patch.span(()), document.span(path), touches, _deletes(patch), patch)


def _deletes(patch: Document) -> bool:
    return isinstance(patch.data, dict) and patch.data.get("$patch") == "delete"


def _check_merge(patch: Document, findings: Findings) -> bool:
    """Return whether it is a well-formed strategic merge patch."""
    if not isinstance(patch.data, dict) or not isinstance(patch.data.get("metadata", {}), dict):
        message = "a patch is a mapping (a part of an object) or a list (of operations)"
        hint = "write apiVersion, kind, metadata.name and what changes; or operations with a target"
        findings.add(BAD_PATCH, message, patch.span(()), hint=hint)
        return False
    before = len(findings.diagnostics)
    for place, directive, hint in _unknown_directives(patch.data):
        span = patch.span(place) if place[-1] == DIRECTIVE else patch.key_span(place)
        findings.add(BAD_PATCH, f'kustomize does not know "{directive}"', span, hint=hint)
    identity = identify(patch.data)
    required = {"apiVersion": patch.data.get("apiVersion"), "kind": identity.kind, "metadata.name": identity.name}
    missing = " and no ".join(name for name, value in required.items() if not value)
    if missing:
        hint = "a strategic merge patch needs them, even with a target"
        findings.add(BAD_PATCH, f"the patch has no {missing}", patch.span(()), hint=hint)
    return len(findings.diagnostics) == before


def _unknown_directives(value: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, str, str]]:
    """Yield the directives that kustomize refuses or would leave in the object, with their paths and a hint."""
    below: Iterable[tuple[Any, Any]] = ()
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else below
    for key, child in below:
        place = (*path, key)
        if key == DIRECTIVE:
            if child not in ACTIONS:
                yield place, f"{key}: {'null' if child is None else child}", did_you_mean(str(child), ACTIONS)
        elif isinstance(key, str) and key.startswith(_UNKNOWN_DIRECTIVES):
            yield place, str(key), "write a JSON patch (a list of op, path, value)"
        elif str(key).startswith("$") and (hint := nearest(str(key), (DIRECTIVE,))):
            yield place, str(key), hint
        else:
            yield from _unknown_directives(child, place)


def _check_options(document: Document, path: DataPath, options: object, findings: Findings) -> None:
    for name in ("allowNameChange", "allowKindChange"):
        if isinstance(options, dict) and options.get(name):
            span = document.key_span((*path, name))
            findings.add(IDENTITY_CHANGED, f"{name} is not allowed", span, hint="leave it out")
