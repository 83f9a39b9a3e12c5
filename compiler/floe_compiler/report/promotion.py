"""A promotion: as the difference of the file of images for people, and as JSON for programs."""

from __future__ import annotations

import difflib

from floe_compiler.model.promotion import Promotion
from floe_compiler.report.json_format import FORMAT
from floe_compiler.report.json_text import json_text
from floe_compiler.report.outcome import count
from floe_compiler.report.terminal import Paint, Style, visible

_STYLES: dict[str, Style] = {"+": "green", "-": "red", "@": "dim"}


def render_text(file: str, before: str, after: str, paint: Paint) -> str:
    """Return how the text of a file changes, as `diff --unified` shows it; empty if it does not."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), file, file, lineterm="")
    shown = (visible(line) for line in lines)
    return "".join(f"{paint(line, _STYLES[line[0]]) if line[0] in _STYLES else line}\n" for line in shown if line)


def summary(file: str, promotion: Promotion, *, written: bool) -> str:
    """Return what was done, and what was left out, for people."""
    lines = [
        f"floe-compile: left out: {skipped.domain}/{skipped.product}: {skipped.reason}"
        for skipped in promotion.left_out
    ]
    if not promotion.changes:
        lines.append("floe-compile: nothing to promote")
    elif written:
        lines.append(
            f"floe-compile: {count(len(promotion.changes), 'image')} written into {file}; compile, and commit both"
        )
    else:
        lines.append(f"floe-compile: {count(len(promotion.changes), 'image')} to write into {file}; nothing is written")
    return "".join(f"{visible(line)}\n" for line in lines)


def render_json(source: str, target: str, file: str, promotion: Promotion, *, written: bool) -> str:
    """Return the document, with one line break at its end."""
    document = {
        "format": FORMAT,
        "from": source,
        "to": target,
        "file": file,
        "written": written,
        "changes": [
            {"domain": change.domain, "product": change.product, "before": change.before, "after": change.after}
            for change in promotion.changes
        ],
        "left_out": [
            {"domain": skipped.domain, "product": skipped.product, "reason": skipped.reason}
            for skipped in promotion.left_out
        ],
    }
    return json_text(document)
