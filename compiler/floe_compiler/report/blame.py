"""Lines with what they follow from: in columns for people, and as JSON for editors."""

from __future__ import annotations

from collections.abc import Sequence

from floe_compiler.model.explanation import FIXED, Cause, Explanation
from floe_compiler.report.blamed_lines import BlamedLine
from floe_compiler.report.causes import causes_data
from floe_compiler.report.json_format import FORMAT
from floe_compiler.report.json_text import json_text
from floe_compiler.report.secrecy import hide_in_text
from floe_compiler.report.terminal import Paint, visible

WIDEST = 60
"""Characters for what a line follows from; longer texts are cut, but not places."""

_NEAREST = ("domains/", "overlays/", "base/")
"""Of several inputs, the first in one of these folders is shown, as it says most about the one line."""


def blame_text(explanation: Explanation, lines: Sequence[BlamedLine], paint: Paint) -> str:
    """Return the object and what asked for it, and the lines, in aligned columns."""
    places = [_place(line.causes) for line in lines]
    width = max((len(place) for place in places), default=0)
    more = max((len(_more(line.causes)) for line in lines), default=0)
    digits = len(str(lines[-1].number)) if lines else 1
    rows = [paint(visible(str(explanation.identity)), "bold"), f"asked for by {visible(explanation.asked_by)}"]
    rows += [f"from the template {visible(str(explanation.template))}"] if explanation.template else []
    rows += [f"changed by the patch {visible(str(patch))}" for patch in explanation.patches]
    rows += [f"removed by the patch {visible(f'{span}: {place}')}" for place, span in explanation.removed]
    rows.append("")
    for place, line in zip(places, lines, strict=True):
        left = paint(f"{place:{width}}", "dim" if place.startswith("(") else "yellow")
        number = paint(f"{line.number:>{digits}}", "dim")
        rows.append(f"{left} {_more(line.causes):{more}} {number}  {visible(line.text)}".rstrip())
    return "\n".join(rows) + "\n"


def blame_line(line: BlamedLine, paint: Paint) -> str:
    """Return one line with all that it follows from, and what that overrides."""
    rows = [visible(line.text.strip()), paint(visible(line.path), "dim")]
    for cause in line.causes:
        reason = visible(cause.description)
        rows.append(f"    {paint(visible(str(cause.span)), 'yellow')}: {reason}" if cause.span else f"    {reason}")
        rows += [
            visible(f"        overrides {hide_in_text(weaker)} of {span or 'the scale'}")
            for weaker, span in cause.overrides
        ]
    return "\n".join(rows) + "\n"


def blame_json(explanation: Explanation, lines: Sequence[BlamedLine]) -> str:
    """Return the lines as one document; `format` is the version of this form."""
    document = {
        "format": FORMAT,
        "object": str(explanation.identity),
        "asked_by": explanation.asked_by,
        **({"template": str(explanation.template)} if explanation.template else {}),
        "patches": [str(patch) for patch in explanation.patches],
        "lines": [
            {
                "line": line.number,
                "column": line.start,
                "end": line.end,
                "path": line.path,
                "text": line.text,
                "causes": causes_data(line.causes),
            }
            for line in lines
        ],
    }
    return json_text(document)


def nearest_cause(causes: Sequence[Cause]) -> Cause | None:
    """Return the one of several causes that says most: a written one, the nearest to what the line is about."""
    written = [cause for cause in causes if cause.span]
    return min(written, key=_distance) if written else next(iter(causes), None)


def _distance(cause: Cause) -> int:
    file = cause.span.file if cause.span else ""
    return next((rank for rank, folder in enumerate(_NEAREST) if file.startswith(folder)), len(_NEAREST))


def _place(causes: Sequence[Cause]) -> str:
    cause = nearest_cause(causes)
    if cause is None:
        return ""
    if cause.span:
        return visible(f"{cause.span.file}:{cause.span.line}")
    if cause == FIXED:
        return "(fixed)"
    reason = visible(f"({cause.description})")
    return reason if len(reason) <= WIDEST else f"{reason[: WIDEST - 2]}…)"


def _more(causes: Sequence[Cause]) -> str:
    return f"+{len(causes) - 1}" if len(causes) > 1 else ""
