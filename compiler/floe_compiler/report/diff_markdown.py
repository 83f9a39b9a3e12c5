"""A difference as Markdown for a job summary or a comment on a pull request: totals and dangers first, then details."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from floe_compiler.report.costs.rollup import Costs
from floe_compiler.report.costs.texts import cost_section
from floe_compiler.report.danger_groups import dangers_with_objects, describe
from floe_compiler.report.diff import EnvironmentDiff, ObjectChange
from floe_compiler.report.diff_text import Block, Shared, change_block, shared_blocks, shared_changes
from floe_compiler.report.folding import folded
from floe_compiler.report.markdown_table import inline
from floe_compiler.report.outcome import count
from floe_compiler.report.terminal import plain, visible

LARGEST = 60_000
"""Bytes: a comment on GitHub may have 65,536 characters."""
_NOTES = 400
"""Bytes for the notes about what is left out."""


class Section(msgspec.Struct, frozen=True):
    """A part of the details: title, heading, what ends it, and a block with a place to see it for each object."""

    title: str
    head: str
    blocks: tuple[tuple[Block, str], ...]
    end: str = ""


def render_diff_markdown(
    diffs: Iterable[EnvironmentDiff], largest: int = LARGEST, link: str = "", costs: Sequence[Costs] = ()
) -> str:
    """Return the report in at most `largest` bytes: totals, dangers and folders stay, the largest changes go.

    If even the names of objects are too many, the last folders have only a line with their number. Notes say what is
    missing, and where it is. `link` is the address of the whole report, if there is one. `costs` are shown where they
    change.
    """
    diffs = [diff for diff in diffs if diff.changes]
    if not diffs:
        return "### floe-compile: no object changes\n"
    more = [f"[The whole report]({link})", ""] if link else []
    text = "\n".join(["### What the compiled objects change", "", *_totals(diffs), "", *more])
    room, left_out = largest - _NOTES, 0
    for part in (*_dangers(diffs), cost_section(costs)):
        # After the first one that does not fit, all others are left out, too, so that the report has no gaps.
        if left_out or _size(text, part) > room:
            left_out += 1
        else:
            text += part
    if left_out:
        note = f"{count(left_out, 'line')} about dangers and costs, and all objects, are left out"
        return f"{text}\n**Cut here:** {note}. `floe-compile diff` shows everything.\n"
    return text + "".join(_fitting(diffs, room - _size(text)))


def _fitting(diffs: list[EnvironmentDiff], room: int) -> Iterator[str]:
    """Yield the details, without the largest bodies if they do not fit into the room; at worst, only with names."""
    sections = list(_details(diffs, shared_changes(diffs)))
    sizes = {_size(*block.body) for section in sections for block, _ in section.blocks}
    limits = sorted(sizes, reverse=True)

    def fits(limit: int) -> bool:
        return _size(*(_section(section, limit) for section in sections)) <= room

    index = bisect_left(limits, True, key=fits)
    if index < len(limits):
        yield from (_section(section, limits[index]) for section in sections)
    else:
        yield "\n**Only names are shown:** see `floe-compile diff`, or the files under `output/`.\n"
        yield from _names(list(_details(diffs, {})), room)


def _names(sections: list[Section], room: int) -> Iterator[str]:
    """Yield the names of the first folders, of the others only how many objects change, as far as there is room."""
    named = [_section(section, None) for section in sections]
    titles = [f"- {section.title}\n" for section in sections]
    rest = sum(map(_size, titles))
    shown = used = 0
    for name, title in zip(named, titles, strict=True):
        if used + _size(name) + rest - _size(title) > room:
            break
        shown, used, rest = shown + 1, used + _size(name), rest - _size(title)
    yield from named[:shown]
    if shown == len(sections):
        return
    yield "\n**Without names,** as there are too many:\n\n"
    for number, title in enumerate(titles[shown:], start=shown):
        used += _size(title)
        if used > room:
            left_out = count(len(titles) - number, "folder")
            yield f"\n**Cut here:** {left_out} left out. `floe-compile diff` shows everything.\n"
            return
        yield title


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
    """Yield a section for the dangers of all environments: each is shown once, with the environments that it is in."""
    total = sum(diff.dangers for diff in diffs)
    if total:
        yield f"\n**{count(total, 'danger')}**\n\n"
        for danger, threatened in dangers_with_objects(diffs).items():
            environments = ", ".join(dict.fromkeys(name for name, _ in threatened))
            # An object counts once, whatever environments have it.
            alike = {_place(*threat): threat for threat in threatened}
            sentence = describe(danger, list(alike.values()), _place)
            yield f"- :warning: `{danger.word}` **{inline(environments)}**: {inline(sentence)}\n"


def _place(_: str, change: ObjectChange) -> str:
    return f"{change.identity.kind} {change.folder.partition('/')[2]}/{change.identity.name}"


def _details(diffs: list[EnvironmentDiff], shared: Mapping[str, Shared]) -> Iterator[Section]:
    """Yield a section for what several objects share, if that is shown once, and one for each folder."""
    if shared:
        blocks = tuple((block, "floe-compile diff") for block in shared_blocks(shared, plain))
        title = "Changes that several objects share"
        yield Section(title, f"\n**{title}**\n\n", blocks)
    alike: dict[tuple[str, tuple[str, ...]], list[ObjectChange]] = {}
    for change in folded(diffs):
        _, first = change.changes[0]
        alike.setdefault((first.folder.partition("/")[2], change.environments), []).append(first)
    for (folder, environments), changes in sorted(alike.items()):
        title = f"{inline(folder)} in {inline(', '.join(environments))}: {count(len(changes), 'object')}"
        blocks = tuple((change_block(change, plain, shared), visible(change.file)) for change in changes)
        yield Section(title, f"\n<details><summary>{title}</summary>\n\n", blocks, "\n</details>\n")


def _fenced(lines: Iterable[str]) -> str:
    body = "\n".join(lines).rstrip("\n")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", body))])
    return f"{fence}diff\n{body}\n{fence}\n"
