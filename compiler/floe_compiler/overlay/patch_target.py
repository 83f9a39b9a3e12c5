"""The `target` of a patch: regular expressions and label selectors."""

from __future__ import annotations

import re
from typing import Any

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.overlay.allowed_fields import check_keys, value_at
from floe_compiler.overlay.label_selector import Requirement, parse_label_selector
from floe_compiler.overlay.matching import IDENTITY_FIELDS, Target

BAD_TARGET = Rule(
    "K015",
    "malformed patch target",
    "A target has at least one of group, version, kind, name and namespace (regular expressions that must match the"
    " whole text), labelSelector and annotationSelector (as in app=web,tier in (a, b)).",
)

TARGET_FIELDS = (*IDENTITY_FIELDS, "labelSelector", "annotationSelector")


def read_target(document: Document, path: DataPath, findings: Findings) -> Target | None:
    """Return the selection of the target at `path`; None, with a finding, if it is malformed."""
    if not check_keys(document, path, TARGET_FIELDS, findings):
        return None
    before = len(findings.diagnostics)
    value: Any = value_at(document, path)
    conditions = [name for name in value if value[name] not in (None, "")]
    if not conditions:
        hint = "name at least a kind"
        findings.add(BAD_TARGET, "the target is empty, which would select every object", document.span(path), hint=hint)
    patterns = [(name, _pattern(document, (*path, name), findings)) for name in IDENTITY_FIELDS if name in conditions]
    labels, annotations = (
        _requirements(document, (*path, name), findings) if name in conditions else ()
        for name in ("labelSelector", "annotationSelector")
    )
    if len(findings.diagnostics) > before:
        return None
    text = " ".join(f"{name}={value[name]}" for name in TARGET_FIELDS if name in conditions)
    return Target(text, tuple((name, pattern) for name, pattern in patterns if pattern), labels, annotations)


def _pattern(document: Document, path: DataPath, findings: Findings) -> re.Pattern[str] | None:
    value: Any = value_at(document, path)
    try:
        return re.compile(value)
    except (re.error, TypeError):
        hint = "write the text itself, with a backslash before a sign that means something else"
        findings.add(BAD_TARGET, f"{show_path(path)} is not a regular expression", document.span(path), hint=hint)
        return None


def _requirements(document: Document, path: DataPath, findings: Findings) -> tuple[Requirement, ...]:
    value: Any = value_at(document, path)
    try:
        return parse_label_selector(value)
    except (ValueError, TypeError):
        hint = 'write it as in "app=web,tier in (a, b)"'
        findings.add(BAD_TARGET, f"{show_path(path)} is not a label selector", document.span(path), hint=hint)
        return ()
