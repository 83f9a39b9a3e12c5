"""Items of `labels`, `images` and `replicas` of a kustomization.yaml."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.hints import with_hint
from floe_compiler.model.names import check_label_key, check_label_value
from floe_compiler.overlay.allowed_fields import FORBIDDEN_FIELD, MALFORMED, check_keys, value_at
from floe_compiler.overlay.kustomization import Step, StepField
from floe_compiler.overlay.matching import Everything, Scaled, Selection, WithImage
from floe_compiler.overlay.touched_fields import touched_by_item

# The types of the fields in kustomize; the first field is required. Source: kustomize's api/types.
_TYPES: dict[StepField, dict[str, type]] = {
    "labels": {"pairs": dict, "includeTemplates": bool, "includeSelectors": bool, "fields": list},
    "images": {"name": str, "newName": str, "newTag": str, "tagSuffix": str, "digest": str},
    "replicas": {"name": str, "count": int},
}
_WORDS = {dict: "a mapping", bool: "true or false", list: "a list", str: "text", int: "a whole number"}


def read_item(document: Document, field: StepField, path: DataPath, findings: Findings) -> list[Step]:
    """Return the step of an item of `field`; None, with a finding, if it is malformed or not allowed."""
    types = _TYPES[field]
    if not check_keys(document, path, types, findings):
        return []
    before = len(findings.diagnostics)
    item: Any = value_at(document, path)
    required = next(iter(types))
    if required not in item:
        findings.add(
            MALFORMED, f'{show_path(path)} has no "{required}"', document.span(path), hint=f"add `{required}:`"
        )
    for name, wanted in types.items():
        if name in item:
            _check_type(document, (*path, name), wanted, findings)
    if field == "labels":
        _check_labels(document, path, item, findings)
    if len(findings.diagnostics) > before:
        return []
    span = document.span(path)
    sets = {key: document.span((*path, *below)) for key, below in _set_by(field, item)}
    return [Step(field, item, _selection(field, item), span, span, touched_by_item(field, item), sets=sets)]


def _set_by(field: StepField, item: dict[str, Any]) -> Iterator[tuple[str, DataPath]]:
    """Yield the last key of each value in an object that an item sets, and the path in the item that says it."""
    if field == "labels":
        yield from ((key, ("pairs", key)) for key in item["pairs"])
    elif field == "images":
        keys = (key for key in ("digest", "newTag", "tagSuffix", "newName") if key in item)
        yield from (("image", (key,)) for key in itertools.islice(keys, 1))
    elif "count" in item:
        yield "replicas", ("count",)


def _check_type(document: Document, path: DataPath, wanted: type, findings: Findings) -> bool:
    """Return whether a value has a type; report it if not."""
    if type(value_at(document, path)) is wanted:
        return True
    hint = "put it in quotes" if wanted is str else ""
    findings.add(MALFORMED, f"{show_path(path)} is not {_WORDS[wanted]}", document.span(path), hint=hint)
    return False


def _check_labels(document: Document, path: DataPath, item: dict[str, Any], findings: Findings) -> None:
    for name in ("includeSelectors", "fields"):
        if item.get(name):
            message = f'"{name}" is not allowed: it can change selectors, which a cluster refuses'
            hint = "use includeTemplates to label pods too"
            findings.add(FORBIDDEN_FIELD, message, document.key_span((*path, name)), hint=hint)
    pairs = item.get("pairs")
    for name, value in pairs.items() if isinstance(pairs, dict) else ():
        at = (*path, "pairs", name)
        if _check_type(document, at, str, findings):
            _check_label(document, at, name, value, findings)


def _check_label(document: Document, at: DataPath, name: Any, value: str, findings: Findings) -> None:
    """Report a label that a cluster would refuse, once for all objects that would get it."""
    for check, text, span in (
        (check_label_key, str(name), document.key_span(at)),
        (check_label_value, value, document.span(at)),
    ):
        try:
            check(text)
        except ValueError as error:
            message, hint = with_hint(f"{show_path(at)}: {error}")
            findings.add(MALFORMED, message, span, hint=hint)


def _selection(field: StepField, item: dict[str, Any]) -> Selection:
    if field == "images":
        return WithImage(str(item.get("name")))
    if field == "replicas":
        return Scaled(str(item.get("name")))
    return Everything()
