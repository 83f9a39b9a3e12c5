"""A difference as Markdown for a job summary or a comment on a pull request: totals and dangers first, then details."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from floe_compiler.report.danger_groups import dangers_with_objects, describe
from floe_compiler.report.diff import EnvironmentDiff, ObjectChange
from floe_compiler.report.diff_text import by_folder, change_lines, shared_changes, shared_lines
from floe_compiler.report.outcome import count
from floe_compiler.report.terminal import plain, visible

LARGEST = 60_000
"""Bytes: a comment on GitHub may have 65,536 characters."""


def render_diff_markdown(diffs: Iterable[EnvironmentDiff], largest: int = LARGEST) -> str:
    """Return the report, cut to `largest` bytes: the totals stay, and a note says how much is left out."""
    diffs = [diff for diff in diffs if diff.changes]
    if not diffs:
        return "### floe-compile: no object changes\n"
    text = "\n".join(["### What the compiled objects change", "", *_totals(diffs), ""])
    left_out = 0
    for section in (*_dangers(diffs), *_details(diffs)):
        # After the first section that does not fit, all others are left out, too, so that the report has no gaps.
        if left_out or len((text + section).encode()) > largest - 200:
            left_out += 1
        else:
            text += section
    if left_out:
        text += f"\n**Cut here:** {count(left_out, 'section')} left out. `floe-compile diff` shows everything.\n"
    return text


def _totals(diffs: list[EnvironmentDiff]) -> Iterator[str]:
    yield "| environment | deleted | changed | added | dangers |"
    yield "|---|--:|--:|--:|--:|"
    for diff in diffs:
        totals = (diff.total("deleted"), diff.total("changed"), diff.total("added"), diff.dangers)
        yield f"| {_inline(diff.environment)} | {' | '.join(map(str, totals))} |"


def _dangers(diffs: list[EnvironmentDiff]) -> Iterator[str]:
    """Yield one section for the dangers of each environment, without a heading, to save space."""
    for diff in diffs:
        if diff.dangers:
            yield f"\n**{count(diff.dangers, 'danger')} in {_inline(diff.environment)}**\n\n"
            for danger, threatened in dangers_with_objects([diff]).items():
                yield f"- :warning: `{danger.word}` {_inline(describe(danger, threatened, _place))}\n"


def _place(_: str, change: ObjectChange) -> str:
    return f"{change.identity.kind} {change.folder.partition('/')[2]}/{change.identity.name}"


def _details(diffs: list[EnvironmentDiff]) -> Iterator[str]:
    shared = shared_changes(diffs)
    if shared:
        yield f"\n**Changes that several objects share**\n\n{_fenced(shared_lines(shared, plain))}"
    for diff in diffs:
        for folder, changes in by_folder(diff):
            title = f"{_inline(folder)}: {count(len(changes), 'object')}"
            body = _fenced(change_lines(changes, plain, shared))
            yield f"\n<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def _fenced(lines: Iterable[str]) -> str:
    body = "\n".join(lines).rstrip("\n")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", body))])
    return f"{fence}diff\n{body}\n{fence}\n"


def _inline(text: str) -> str:
    """Return text escaped for Markdown and HTML, on one line."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", escaped)
