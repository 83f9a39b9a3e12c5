"""A difference as text: by environment and namespace, what is deleted first, the same change spelt out once."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from floe_compiler.report.alignment import same
from floe_compiler.report.diff import ACTIONS, Action, EnvironmentDiff, FieldChange, ObjectChange
from floe_compiler.report.outcome import count
from floe_compiler.report.terminal import Paint, Style, visible

LONGEST_VALUE = 160
SHORT = 2
"""So many lines are shorter than a reference to another object's."""

_SIGNS: dict[Action, str] = {"deleted": "-", "changed": "~", "added": "+"}
_STYLES: dict[Action, Style] = {"deleted": "red", "changed": "yellow", "added": "green"}


def render_diff(diffs: Iterable[EnvironmentDiff], paint: Paint) -> str:
    """Return the whole difference, each line ended by a line break; empty if there is none."""
    lines: list[str] = []
    told: dict[str, str] = {}
    for diff in diffs:
        for namespace, changes in by_namespace(diff):
            lines.append(paint(f"{diff.environment}/{namespace}", "bold"))
            lines.extend(f"  {line}" for line in change_lines(diff.environment, changes, paint, told))
            lines.append("")
    return "".join(f"{line}\n" for line in lines)


def by_namespace(diff: EnvironmentDiff) -> Iterator[tuple[str, list[ObjectChange]]]:
    """Yield each namespace (`_cluster` for objects in none) with its changes."""
    for namespace, changes in groupby(diff.changes, lambda change: change.identity.namespace):
        yield namespace or "_cluster", list(changes)


def change_lines(
    environment: str, changes: Iterable[ObjectChange], paint: Paint, told: dict[str, str]
) -> Iterator[str]:
    """Yield the lines about some objects of one environment.

    `told` maps the changes that were spelt out to the object they were spelt out for, and grows: a long change that is
    the same in another object, as when every domain gets it, is then only referred to.
    """
    for change in changes:
        body = [line for field in change.fields for line in _field_lines(field)]
        here = f"{environment} {change.identity}"
        first = told.setdefault("\n".join(body), here) if len(body) > SHORT else here
        repeated = f"  (same change as {visible(first)})" if first != here else ""
        yield paint(_title(change), _STYLES[change.action]) + repeated
        yield from (paint(f"    ! {danger.word}: {visible(danger.sentence)}", "red") for danger in change.dangers)
        yield from (f"    {line}" for line in body if not repeated)


def _title(change: ObjectChange) -> str:
    identity = change.identity
    group = f".{identity.group}" if identity.group else ""
    return visible(f"{_SIGNS[change.action]} {identity.kind}{group} {identity.name}")


def summary_line(diffs: Iterable[EnvironmentDiff]) -> str:
    """Return `dev: 1 object deleted, 2 changed; prod: …; 1 danger`, or that nothing changes."""
    diffs = [diff for diff in diffs if diff.changes]
    if not diffs:
        return "no object changes"
    parts = []
    for diff in diffs:
        totals = [f"{diff.total(action)} {action}" for action in ACTIONS if diff.total(action)]
        parts.append(f"{diff.environment}: {', '.join(totals)}")
    dangers = sum(diff.dangers for diff in diffs)
    return "; ".join([*parts, *([count(dangers, "danger")] if dangers else [])])


def _field_lines(field: FieldChange) -> Iterator[str]:
    path = visible(field.path)
    if field.action == "changed" and same(field.before, field.after):
        yield f"~ {path}: changed (hidden)"
    elif isinstance(field.before, str) and isinstance(field.after, str) and "\n" in field.before + field.after:
        yield f"~ {path}:"
        yield from (f"    {line}" for line in _text_lines(field.before, field.after))
    elif field.action == "added":
        yield f"+ {path}: {show_value(field.after)}"
    elif field.action == "deleted":
        yield f"- {path}: {show_value(field.before)}"
    else:
        yield f"~ {path}: {show_value(field.before)} -> {show_value(field.after)}"


def show_value(value: Any) -> str:
    """Return a value on one line, cut if it is long."""
    text = visible(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"


def _text_lines(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    for line in list(lines)[2:]:  # without the two lines that name files
        yield visible(line[: LONGEST_VALUE + 1])
