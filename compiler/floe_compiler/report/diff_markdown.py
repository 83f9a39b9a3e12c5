"""A difference as Markdown for a job summary or a comment on a pull request: totals and dangers first, then details."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from floe_compiler.report.costs.rollup import Costs
from floe_compiler.report.costs.texts import cost_section
from floe_compiler.report.danger_groups import dangers_with_objects, describe
from floe_compiler.report.diff import EnvironmentDiff, ObjectChange
from floe_compiler.report.diff_text import Block, change_block, shared_blocks, shared_changes
from floe_compiler.report.folding import folded
from floe_compiler.report.markdown_table import inline
from floe_compiler.report.outcome import count
from floe_compiler.report.terminal import plain, visible

LARGEST = 60_000
"""Bytes: a comment on GitHub may have 65,536 characters."""
_NOTES = 400
"""Bytes for the notes about what is left out."""


class Section(msgspec.Struct, frozen=True):
    """A part of the details: its heading, what ends it, and a block with a place to see it for each object."""

    head: str
    blocks: tuple[tuple[Block, str], ...]
    end: str = ""


def render_diff_markdown(
    diffs: Iterable[EnvironmentDiff], largest: int = LARGEST, link: str = "", costs: Sequence[Costs] = ()
) -> str:
    """Return the report in at most `largest` bytes: totals, dangers, and names of objects stay, the largest changes go.

    If even the names are too many, the last folders are left out. Notes say what is missing, and where it is. `link` is
    the address of the whole report, if there is one. `costs` are shown where they change.
    """
    diffs = [diff for diff in diffs if diff.changes]
    if not diffs:
        return "### floe-compile: no object changes\n"
    more = [f"[The whole report]({link})", ""] if link else []
    text = "\n".join(["### What the compiled objects change", "", *_totals(diffs), "", *more])
    left_out = 0
    first = (*_dangers(diffs), cost_section(costs))
    for section in (*first, *_fitting(_details(diffs), largest - _NOTES - _size(text, *first))):
        # After the first section that does not fit, all others are left out, too, so that the report has no gaps.
        if left_out or _size(text, section) > largest - _NOTES:
            left_out += 1
        else:
            text += section
    if left_out:
        text += f"\n**Cut here:** {count(left_out, 'section')} left out. `floe-compile diff` shows everything.\n"
    return text


def _fitting(details: Iterable[Section], room: int) -> Iterator[str]:
    """Yield the sections, without the largest bodies if they do not fit into the room; at worst, only with names."""
    sections = list(details)
    sizes = {_size(*block.body) for section in sections for block, _ in section.blocks}
    limits = sorted(sizes, reverse=True)

    def fits(limit: int) -> bool:
        return _size(*(_section(section, limit) for section in sections)) <= room

    found = bisect_left(limits, True, key=fits)
    if found == len(limits):
        yield "\n**Only names are shown:** see `floe-compile diff`, or the files under `output/`.\n"
    yield from (_section(section, limits[found] if found < len(limits) else None) for section in sections)


def _section(section: Section, limit: int | None) -> str:
    """Return a section, with a note in place of each body of more bytes than the limit; None: without any body."""
    lines = []
    for block, place in section.blocks:
        lines.append(block.title)
        if limit is not None:
            note = f"    … {count(len(block.body), 'line')} left out: see {place}"
            lines += block.body if _size(*block.body) <= max(limit, _size(note)) else [note]
    return f"{section.head}{_fenced(lines)}{section.end}"


def _size(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)


def _totals(diffs: list[EnvironmentDiff]) -> Iterator[str]:
    yield "| environment | deleted | changed | added | dangers |"
    yield "|---|--:|--:|--:|--:|"
    for diff in diffs:
        totals = (diff.total("deleted"), diff.total("changed"), diff.total("added"), diff.dangers)
        yield f"| {inline(diff.environment)} | {' | '.join(map(str, totals))} |"


def _dangers(diffs: list[EnvironmentDiff]) -> Iterator[str]:
    """Yield a section for the dangers of all environments: each is told once, with the environments that it is in."""
    total = sum(diff.dangers for diff in diffs)
    if total:
        yield f"\n**{count(total, 'danger')}**\n\n"
        for danger, threatened in dangers_with_objects(diffs).items():
            environments = ", ".join(dict.fromkeys(name for name, _ in threatened))
            alike = {_place(*one): one for one in threatened}  # an object counts once, whatever environments have it
            sentence = describe(danger, list(alike.values()), _place)
            yield f"- :warning: `{danger.word}` **{inline(environments)}**: {inline(sentence)}\n"


def _place(_: str, change: ObjectChange) -> str:
    return f"{change.identity.kind} {change.folder.partition('/')[2]}/{change.identity.name}"


def _details(diffs: list[EnvironmentDiff]) -> Iterator[Section]:
    shared = shared_changes(diffs)
    if shared:
        blocks = tuple((block, "floe-compile diff") for block in shared_blocks(shared, plain))
        yield Section("\n**Changes that several objects share**\n\n", blocks)
    alike: dict[tuple[str, tuple[str, ...]], list[ObjectChange]] = {}
    for change in folded(diffs):
        _, first = change.changes[0]
        alike.setdefault((first.folder.partition("/")[2], change.environments), []).append(first)
    for (folder, environments), changes in sorted(alike.items()):
        title = f"{inline(folder)} in {inline(', '.join(environments))}: {count(len(changes), 'object')}"
        blocks = tuple((change_block(change, plain, shared), visible(change.file)) for change in changes)
        yield Section(f"\n<details><summary>{title}</summary>\n\n", blocks, "\n</details>\n")


def _fenced(lines: Iterable[str]) -> str:
    body = "\n".join(lines).rstrip("\n")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", body))])
    return f"{fence}diff\n{body}\n{fence}\n"
