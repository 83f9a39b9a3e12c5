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


def summary(file: str, found: Promotion, *, written: bool) -> str:
    """Return what was done, and what was left out, for people."""
    lines = [f"floe-compile: left out: {one.domain}/{one.product}: {one.reason}" for one in found.left_out]
    if not found.changes:
        lines.append("floe-compile: nothing to promote")
    elif written:
        lines.append(
            f"floe-compile: {count(len(found.changes), 'image')} written into {file}; compile, and commit both"
        )
    else:
        lines.append(f"floe-compile: {count(len(found.changes), 'image')} to write into {file}; nothing is written")
    return "".join(f"{visible(line)}\n" for line in lines)


def render_json(source: str, target: str, file: str, found: Promotion, *, written: bool) -> str:
    """Return the document, with one line break at its end."""
    document = {
        "format": FORMAT,
        "from": source,
        "to": target,
        "file": file,
        "written": written,
        "changes": [
            {"domain": one.domain, "product": one.product, "before": one.before, "after": one.after}
            for one in found.changes
        ],
        "left_out": [{"domain": one.domain, "product": one.product, "reason": one.reason} for one in found.left_out],
    }
    return json_text(document)
