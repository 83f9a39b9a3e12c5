"""A difference as text: by folder, deletions first; changes that several objects share are shown once."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby, zip_longest
from typing import Any

import msgspec

from floe_compiler.report.alignment import same
from floe_compiler.report.costs.rollup import Costs
from floe_compiler.report.costs.texts import cost_lines
from floe_compiler.report.diff import ACTIONS, Action, EnvironmentDiff, FieldChange, ObjectChange
from floe_compiler.report.outcome import count
from floe_compiler.report.terminal import Paint, Style, visible

LONGEST_VALUE = 160
SEVERAL = 3
"""With this number of objects or more, a shared change or danger is shown only once."""

MANY = 4
"""With this many deleted objects in a folder, or deleted lines in a row, not every one is shown."""

DANGER = "!"
"""The prefix of lines about dangers."""

CONFIG_HASH = 'annotations["floe.dev/config-hash"]'
"""The annotation of pod templates that restarts pods when their configuration changes."""

# Two hashes only show that something else has changed. The shortest one is in `args` of Dagster's pods.
_HASH = re.compile(r"[0-9a-f]{16,} [0-9a-f]{16,}")

_SIGNS: dict[Action, str] = {"deleted": "-", "changed": "~", "added": "+"}
_STYLES: dict[Action, Style] = {"deleted": "red", "changed": "yellow", "added": "green"}


def render_diff(diffs: Iterable[EnvironmentDiff], paint: Paint, costs: Iterable[Costs] = ()) -> str:
    """Return the whole difference, each line ended by a line break, and costs that change; empty if there is none."""
    diffs = list(diffs)
    shared = shared_changes(diffs)
    lines = list(shared_lines(shared, paint))
    for diff in diffs:
        for folder, changes in by_folder(diff):
            lines.append(paint(folder, "bold"))
            lines.extend(f"  {line}" for line in change_lines(changes, paint, shared))
            lines.append("")
    lines.extend(cost_lines(costs, paint))
    return "".join(f"{line}\n" for line in lines)


class Shared(msgspec.Struct, frozen=True):
    """A danger or a change of a field that several objects share: shown once, with a number."""

    number: int
    objects: int


def shared_changes(diffs: Iterable[EnvironmentDiff]) -> Mapping[str, Shared]:
    """Return the shared dangers and changes: dangers first, then the most common first."""
    times = Counter(
        text for diff in diffs for change in diff.changes for text in (*_dangers(change), *field_texts(change))
    )
    common = sorted(
        (not text.startswith(DANGER), -objects, text) for text, objects in times.items() if objects >= SEVERAL
    )
    return {text: Shared(number, -objects) for number, (_, objects, text) in enumerate(common, start=1)}


def shared_lines(shared: Mapping[str, Shared], paint: Paint) -> Iterator[str]:
    """Yield the lines that show shared dangers and changes."""
    for block in shared_blocks(shared, paint):
        yield from (block.title, *block.body)
    if shared:
        yield ""


class Block(msgspec.Struct, frozen=True):
    """What is shown of one object, or of a shared change: a line that names it, and the rest."""

    title: str
    body: tuple[str, ...]


def shared_blocks(shared: Mapping[str, Shared], paint: Paint) -> Iterator[Block]:
    """Yield a block for each shared danger and change."""
    for text, change in shared.items():
        body = (f"  {paint(line, 'red') if line.startswith(DANGER) else line}" for line in text.split("\n"))
        yield Block(f"[{change.number}] in {count(change.objects, 'object')}:", tuple(body))


def by_folder(diff: EnvironmentDiff) -> Iterator[tuple[str, list[ObjectChange]]]:
    """Yield each folder below output/ with the changes of the files in it."""
    for folder, changes in groupby(diff.changes, lambda change: change.folder):
        yield folder, list(changes)


def change_lines(changes: Iterable[ObjectChange], paint: Paint, shared: Mapping[str, Shared]) -> Iterator[str]:
    """Yield the lines about some objects, with numbers in place of shared dangers and changes.

    Of many deleted objects of which there is nothing more to say, only the kinds are named.
    """
    blocks = [(change, change_block(change, paint, shared)) for change in changes]
    deleted: dict[str, list[ObjectChange]] = {}
    for change, block in blocks:
        if change.action == "deleted" and not block.body:
            deleted.setdefault(_numbers(change, shared), []).append(change)
    folded = {numbers: alike for numbers, alike in deleted.items() if len(alike) >= MANY}
    for change, block in blocks:
        alike = folded.get(_numbers(change, shared), []) if change.action == "deleted" and not block.body else []
        if not alike:
            yield from (block.title, *block.body)
        elif change is alike[0]:
            kinds = Counter(_kind(other) for other in alike)
            counts = ", ".join(f"{times} {kind}" for kind, times in kinds.items())
            yield paint(f"- {len(alike)} objects: {counts}", "red") + _numbers(change, shared)


def change_block(change: ObjectChange, paint: Paint, shared: Mapping[str, Shared]) -> Block:
    """Return what is shown of one object, with numbers in place of shared dangers and changes."""
    dangers, fields = _dangers(change), field_texts(change)
    return Block(
        paint(_title(change), _STYLES[change.action]) + _numbers(change, shared),
        (
            *(paint(f"    {text}", "red") for text in dangers if text not in shared),
            *(f"    {line}" for text in fields if text not in shared for line in text.split("\n")),
        ),
    )


def _numbers(change: ObjectChange, shared: Mapping[str, Shared]) -> str:
    texts = (*_dangers(change), *field_texts(change))
    return "".join(f" [{shared[text].number}]" for text in texts if text in shared)


def _title(change: ObjectChange) -> str:
    return visible(f"{_SIGNS[change.action]} {_kind(change)} {change.identity.name}")


def _kind(change: ObjectChange) -> str:
    identity = change.identity
    return visible(f"{identity.kind}.{identity.group}" if identity.group else identity.kind)


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


def _dangers(change: ObjectChange) -> list[str]:
    return [f"{DANGER} {danger.word}: {visible(danger.sentence)}" for danger in change.dangers]


def field_texts(change: ObjectChange) -> list[str]:
    """Return each field that differs as text: a line, or several."""
    return ["\n".join(_field_lines(field)) for field in change.fields]


def _field_lines(field: FieldChange) -> Iterator[str]:
    path = visible(field.path)
    if field.action == "changed" and path.endswith(CONFIG_HASH):
        yield "~ pods restart: their configuration has changed"
    elif field.action == "changed" and path == "metadata.name":
        yield f"~ runs again (before: {visible(str(field.before))})"
    elif field.action == "changed" and _HASH.fullmatch(f"{field.before} {field.after}"):
        yield f"~ {path}: changed (a hash)"
    elif field.action == "changed" and same(field.before, field.after):
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


@lru_cache(maxsize=64)  # first to find what objects share, then to show it
def _text_lines(before: str, after: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return tuple(_shortened(visible(line[: LONGEST_VALUE + 1]) for line in list(lines)[2:]))  # without the files' names


def _shortened(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a difference; of many that are only deleted, the first and how many there are more."""
    runs = [list(run) for _, run in groupby(lines, lambda line: line[:1])]
    for run, following in zip_longest(runs, runs[1:], fillvalue=[""]):
        if run[0].startswith("-") and not following[0].startswith("+") and len(run) > MANY:
            yield from (run[0], f"- … ({len(run) - 1} more lines)")
        else:
            yield from run
