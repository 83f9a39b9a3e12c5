"""A difference as one JSON document, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.report.diff import ACTIONS, EnvironmentDiff, ObjectChange
from floe_compiler.report.json_format import FORMAT
from floe_compiler.report.json_text import json_text


def render_diff_json(diffs: Iterable[EnvironmentDiff]) -> str:
    """Return the document, with one line break at its end."""
    environments = [
        {
            "environment": diff.environment,
            "totals": {action: diff.total(action) for action in ACTIONS} | {"dangers": diff.dangers},
            "changes": [_change(change) for change in diff.changes],
        }
        for diff in diffs
    ]
    return json_text({"format": FORMAT, "environments": environments})


def _change(change: ObjectChange) -> dict[str, Any]:
    identity = change.identity
    return {
        "action": change.action,
        "group": identity.group,
        "kind": identity.kind,
        "namespace": identity.namespace,
        "name": identity.name,
        "file": change.file,
        "dangers": [{"word": danger.word, "sentence": danger.sentence} for danger in change.dangers],
        "fields": [
            {"action": field.action, "path": field.path, "before": field.before, "after": field.after}
            for field in change.fields
        ],
    }
