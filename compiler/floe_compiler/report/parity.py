"""The differences of two environments: as text and Markdown for people, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from floe_compiler.model.parity import EXPECTED, Difference, WrittenValue
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


def render_text(differences: Sequence[Difference], names: tuple[str, str], paint: Paint, *, with_expected: bool) -> str:
    """Return the differences by group; those that are expected only if `with_expected` is set."""
    width = max(map(len, names))
    lines: list[str] = []
    for group, folded in _groups(differences, with_expected=with_expected):
        lines.append(paint(NAMES[group], "bold"))
        for same in folded:
            lines.append(f"  {visible(_head(same))}")
            for name, sides in zip(names, _sides(same), strict=True):
                places = f"  {paint(', '.join(_places(sides)), 'dim')}" if any(sides) else ""
                lines.append(f"    {name:{width}}  {visible(_value(same[0], sides[0]))}{places}")
    return "".join(f"{line}\n" for line in lines)


def render_markdown(differences: Sequence[Difference], names: tuple[str, str], *, with_expected: bool) -> str:
    """Return a table for each group."""
    parts = [f"### {code(names[0])} and {code(names[1])}: {summary(differences)}\n"]
    for group, folded in _groups(differences, with_expected=with_expected):
        rows = [
            (
                code(_head(same)),
                *("<br>".join((code(_value(same[0], sides[0])), *map(code, _places(sides)))) for sides in _sides(same)),
            )
            for same in folded
        ]
        parts.append(f"**{NAMES[group]}**\n\n{markdown_table(('', *names), rows)}")
    return "\n".join(parts)


def render_json(differences: Iterable[Difference], names: tuple[str, str]) -> str:
    """Return the document with all differences, with one line break at its end."""
    rows = [
        {
            "group": difference.group,
            "expected": difference.is_expected,
            "subject": difference.subject,
            "path": difference.path,
            names[0]: _written(difference, difference.first),
            names[1]: _written(difference, difference.second),
        }
        for difference in differences
    ]
    return json_text({"format": FORMAT, "environments": names, "differences": rows})


def summary(differences: Sequence[Difference]) -> str:
    """Return how many there are."""
    expected = sum(difference.is_expected for difference in differences)
    return f"{count(len(differences) - expected, 'difference')}, and {expected} more that environments are for"


def _groups(differences: Sequence[Difference], *, with_expected: bool) -> Iterator[tuple[str, list[Folded]]]:
    for group in NAMES:
        if with_expected or group not in EXPECTED:
            same = sorted((difference for difference in differences if difference.group == group), key=_sameness)
            folded = [tuple(alike) for _, alike in groupby(same, key=_sameness)]
            if folded:
                yield group, sorted(folded, key=lambda alike: (alike[0].subject, alike[0].path))


def _sameness(difference: Difference) -> tuple[str, ...]:
    file = difference.subject if difference.group == "files" else ""
    return difference.path, *(_value(difference, side) for side in (difference.first, difference.second)), file


def _sides(same: Folded) -> tuple[list[WrittenValue | None], list[WrittenValue | None]]:
    return [difference.first for difference in same], [difference.second for difference in same]


def _head(same: Folded) -> str:
    subjects = ", ".join(difference.subject for difference in same)
    return f"{subjects}: {same[0].path}" if same[0].path else subjects


def _places(sides: Iterable[WrittenValue | None]) -> list[str]:
    return list(dict.fromkeys(str(side.span) for side in sides if side))


def _value(difference: Difference, side: WrittenValue | None) -> str:
    if side is None:
        return "not set" if difference.path else "not there"
    if not difference.path and isinstance(side.value, bool):
        return "there" if side.value else "not there"
    value = hide(side.value, tuple(difference.path.split(".")))
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _written(difference: Difference, side: WrittenValue | None) -> object:
    if side is None:
        return None
    return {"value": hide(side.value, tuple(difference.path.split("."))), "place": str(side.span)}
