"""The places in the inputs of the values that a message names.

A value is known by its path as messages show it (`spec.containers[web].image`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from floe_compiler.model.data_paths import show_place
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object
from floe_compiler.model.span import Span

# The last step of a path as messages show it: `.image`, `[web]`.
_LAST_STEP = re.compile(r"(?:\.[^.\[\]]*|\[[^\[\]]*\])$")
_LAST_KEY = re.compile(r'\["?([^\[\]"]*)"?\]$')
_FIELDS = r"(?:binaryData|data|metadata|roleRef|rules|spec|stringData|subjects|webhooks)"
_UNKNOWN_KEY = r"\w+(?= is not a known key)"
_STEPS = r"(?:\[[^\]]*\]|[^\s\[])*?"  # names in brackets may have spaces
_AT_START = re.compile(rf"(?:line \d+ of )?([A-Za-z]\w*(?=[.\[]){_STEPS}|{_FIELDS}|{_UNKNOWN_KEY})[:,]?(?:\s|$)")
_WITHIN = re.compile(rf"(?:^|\s)({_FIELDS}(?=[.\[]){_STEPS})[:,]?(?:\s|$)")
_ANNOTATIONS = re.compile(r"(?:^|\.)metadata\.annotations\b")

Values = Mapping[str, Span]
"""The place in the inputs of each value of an object."""


class Patch(msgspec.Struct, frozen=True, array_like=True):
    """A patch that changed an object: its place, and the places of the values in it that changed something."""

    span: Span
    values: dict[str, Span]

    def changes(self, path: str) -> Span | None:
        """Return what in the patch changed the value at a path; None if it did not change."""
        return nearest(self.values, path)

    def blamed(self, path: str) -> Span | None:
        """Return what in the patch may be the cause of a finding about the value at a path.

        Without a path (""), it is whatever the patch changed, except for annotations.
        """
        if path and (span := self.changes(path)):
            return span
        below = {
            span
            for place, span in self.values.items()
            if nearest(self.values, _LAST_STEP.sub("", place)) is None
            and (place.startswith((f"{path}.", f"{path}[")) if path else not _ANNOTATIONS.search(place))
        }
        return self.span if len(below) > 1 else next(iter(below), None)


def value_spans(values: Mapping[DataPath, Span], manifest: Object) -> dict[str, Span]:
    """Return the places of the values of a hand-written object."""
    return {show_place(path, manifest): span for path, span in values.items() if path}


def as_meant(values: Values, meant: Iterable[tuple[str, str]]) -> Values:
    """Return the places of values, those under a misspelt key also by the path that is meant.

    Args:
        values: The places.
        meant: The path of each misspelt key, and the one that is meant; in the order in which they were found.
    """
    spans = dict(values)
    for written, path in meant:
        below = (f"{written}.", f"{written}[")
        spans |= {
            path + place.removeprefix(written): span
            for place, span in spans.items()
            if place == written or place.startswith(below)
        }
    return spans


def path_in(message: str) -> str:
    """Return the path of the value that a message is about: the first in it; empty if it names none."""
    match = _AT_START.match(message) or _WITHIN.search(message)
    return match[1] if match else ""


def nearest(values: Values, path: str) -> Span | None:
    """Return the place of the value at a path, or of the nearest one above it."""
    while path:
        # Keys of ConfigMaps and annotations are shown in brackets.
        for spelt in (path, _LAST_KEY.sub(r".\1", path)):
            if spelt in values:
                return values[spelt]
        path, cut = _LAST_STEP.subn("", path)
        if not cut:
            break
    return None
