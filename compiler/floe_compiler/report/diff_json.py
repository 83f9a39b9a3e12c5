"""A difference as one JSON document, for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from floe_compiler.report.costs.rollup import Costs
from floe_compiler.report.costs.texts import costs_data
from floe_compiler.report.diff import ACTIONS, EnvironmentDiff, ObjectChange
from floe_compiler.report.json_format import FORMAT
from floe_compiler.report.json_text import json_text


def render_diff_json(diffs: Iterable[EnvironmentDiff], costs: Sequence[Costs] = ()) -> str:
    """Return the document, with one line break at its end. Environments with prices have their `costs`, too."""
    priced = costs_data(costs)
    environments = [
        {
            "environment": diff.environment,
            "totals": {action: diff.total(action) for action in ACTIONS} | {"dangers": diff.dangers},
            "changes": [_change(change) for change in diff.changes],
            **({"costs": priced[diff.environment]} if diff.environment in priced else {}),
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
