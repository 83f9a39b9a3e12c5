"""The differences of two environments: as text and Markdown for people, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from floe_compiler.model.parity import EXPECTED, Difference, Said
from floe_compiler.report.json_format import FORMAT
from floe_compiler.report.json_text import json_text
from floe_compiler.report.markdown_table import code, markdown_table
from floe_compiler.report.outcome import count
from floe_compiler.report.secrecy import hide
from floe_compiler.report.terminal import Paint, visible

_WIDEST = 60
NAMES: Mapping[str, str] = {
    "products": "data products",
    "domains": "domains",
    "platform": "the platform",
    "files": "hand-written files",
    "scale": "sizes, as expected",
    "places": "places and names, as expected",
}
"""The heading of each group."""

Folded = tuple[Difference, ...]
"""Differences with the same path and values, such as those of several products."""


def render_text(found: Sequence[Difference], names: tuple[str, str], paint: Paint, *, every: bool) -> str:
    """Return the differences by group; those that are expected only if `every` is set."""
    width = max(map(len, names))
    lines: list[str] = []
    for group, folded in _groups(found, every=every):
        lines.append(paint(NAMES[group], "bold"))
        for same in folded:
            lines.append(f"  {visible(_head(same))}")
            for name, sides in zip(names, _sides(same), strict=True):
                places = f"  {paint(', '.join(_places(sides)), 'dim')}" if any(sides) else ""
                lines.append(f"    {name:{width}}  {visible(_value(same[0], sides[0]))}{places}")
    return "".join(f"{line}\n" for line in lines)


def render_markdown(found: Sequence[Difference], names: tuple[str, str], *, every: bool) -> str:
    """Return a table for each group."""
    parts = [f"### {code(names[0])} and {code(names[1])}: {summary(found)}\n"]
    for group, folded in _groups(found, every=every):
        rows = [
            (
                code(_head(same)),
                *("<br>".join((code(_value(same[0], sides[0])), *map(code, _places(sides)))) for sides in _sides(same)),
            )
            for same in folded
        ]
        parts.append(f"**{NAMES[group]}**\n\n{markdown_table(('', *names), rows)}")
    return "\n".join(parts)


def render_json(found: Iterable[Difference], names: tuple[str, str]) -> str:
    """Return the document with all differences, with one line break at its end."""
    differences = [
        {
            "group": one.group,
            "expected": one.is_expected,
            "subject": one.subject,
            "path": one.path,
            names[0]: _said(one, one.first),
            names[1]: _said(one, one.second),
        }
        for one in found
    ]
    return json_text({"format": FORMAT, "environments": names, "differences": differences})


def summary(found: Sequence[Difference]) -> str:
    """Return how many there are."""
    expected = sum(one.is_expected for one in found)
    return f"{count(len(found) - expected, 'difference')}, and {expected} more that environments are for"


def _groups(found: Sequence[Difference], *, every: bool) -> Iterator[tuple[str, list[Folded]]]:
    for group in NAMES:
        if every or group not in EXPECTED:
            same = sorted((one for one in found if one.group == group), key=_sameness)
            folded = [tuple(ones) for _, ones in groupby(same, key=_sameness)]
            if folded:
                yield group, sorted(folded, key=lambda ones: (ones[0].subject, ones[0].path))


def _sameness(one: Difference) -> tuple[str, ...]:
    whole = one.subject if one.group == "files" else ""
    return one.path, *(_value(one, side) for side in (one.first, one.second)), whole


def _sides(same: Folded) -> tuple[list[Said | None], list[Said | None]]:
    return [one.first for one in same], [one.second for one in same]


def _head(same: Folded) -> str:
    subjects = ", ".join(one.subject for one in same)
    return f"{subjects}: {same[0].path}" if same[0].path else subjects


def _places(sides: Iterable[Said | None]) -> list[str]:
    return list(dict.fromkeys(str(side.span) for side in sides if side))


def _value(one: Difference, side: Said | None) -> str:
    if side is None:
        return "not set" if one.path else "not there"
    if not one.path and isinstance(side.value, bool):
        return "there" if side.value else "not there"
    value = hide(side.value, tuple(one.path.split(".")))
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _said(one: Difference, side: Said | None) -> object:
    if side is None:
        return None
    return {"value": hide(side.value, tuple(one.path.split("."))), "place": str(side.span)}
