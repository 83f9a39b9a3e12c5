"""Why an object has changed: the edited lines that its changed fields follow from."""

from __future__ import annotations

from collections.abc import Sequence

from floe_compiler.model.explanation import Explanation
from floe_compiler.report.diff import ObjectChange
from floe_compiler.report.field_paths import show_field

MOST = 4
"""The number of lines that are shown."""


def reasons(explanation: Explanation, change: ObjectChange) -> tuple[tuple[str, str], ...]:
    """Return what the changed fields follow from, as place and text; of a new object, all of its fields.

    Args:
        explanation: What the object follows from among the lines that were edited.
        change: How it has changed.
    """
    paths = [field.path for field in change.fields if field.action != "deleted"]
    causes = dict.fromkeys(
        cause
        for at, _, value_causes in explanation.values
        if change.action == "added" or _is_below(show_field(at, explanation.manifest), paths)
        for cause in value_causes
        if cause.span
    )
    return tuple((str(cause.span), cause.description) for cause in causes)[:MOST]


def _is_below(path: str, changed: Sequence[str]) -> bool:
    return any(
        path == changed_path or path.startswith((f"{changed_path}.", f"{changed_path}[")) for changed_path in changed
    )
