"""Tabs at the ends of lines, which kubectl, kustomize and libyaml take for spaces, and ruamel.yaml refuses."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

_AT_AN_END = re.compile(r"[ \t]*\t[ \t]*(?=(?:#.*)?$)", re.MULTILINE)
_BLOCKS = ("|", ">")
_QUOTES = ("'", '"')


def without_trailing_tabs(text: str) -> str:
    """Return a YAML text with spaces for the tabs at the ends of lines and before comments; all places stay.

    Tabs that are part of a value stay: those in quotes, and those below `|` or `>`. So do all after the first error in
    the text, for another parser to say what is wrong.
    """
    if "\t" not in text:
        return text
    values = [*_values_with_tabs(text)]
    starts = [start for start, _ in values]

    def spaces(match: re.Match[str]) -> str:
        before = bisect_right(starts, match.start()) - 1
        is_value = before >= 0 and match.start() < values[before][1]
        return match[0] if is_value else " " * len(match[0])

    return _AT_AN_END.sub(spaces, text)


def _values_with_tabs(text: str) -> Iterator[tuple[int, int]]:
    """Yield where values begin and end whose tabs are part of them, in order; as the last, what is not YAML."""
    import yaml

    lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.ScalarEvent) and event.style in (*_QUOTES, *_BLOCKS):
                start: Any = event.start_mark
                end: Any = event.end_mark
                below = event.style in _BLOCKS  # the value begins on the next line
                yield lines[start.line + below] + (0 if below else start.column), lines[end.line] + end.column
    except yaml.MarkedYAMLError as error:
        mark = error.context_mark if "quoted scalar" in str(error.context) else error.problem_mark
        yield (0 if mark is None else lines[mark.line] + mark.column), len(text)
    except yaml.YAMLError:
        yield 0, len(text)
