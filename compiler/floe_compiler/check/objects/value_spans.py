"""The lines of a hand-written object that messages about it name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from floe_compiler.check.objects.data_paths import show_place
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object
from floe_compiler.model.span import Span

# The last step of a path as messages show it: `.image`, `[web]`.
_LAST_STEP = re.compile(r"(?:\.[^.\[\]]*|\[[^\[\]]*\])$")


class ValueSpans(msgspec.Struct, frozen=True):
    """The location of each value, by its path as messages show it (`spec.containers[web].image`)."""

    by_place: Mapping[str, Span] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[DataPath, Span], manifest: Object) -> ValueSpans:
        """Return the locations of an object's values."""
        places: dict[str, Span] = {}
        for path, span in values.items():
            places[show_place(path, manifest)] = span
            if path and isinstance(path[-1], str):  # keys of ConfigMaps and annotations are shown like this
                places[f"{show_place(path[:-1], manifest)}[{path[-1]}]"] = span
        return cls(places)

    def nearest(self, message: str) -> Span | None:
        """Return the location of the value with whose path a message begins, or of the nearest one above it."""
        place = message.split(" ", 1)[0].rstrip(":,")
        while place and place not in self.by_place:
            place, cut = _LAST_STEP.subn("", place)
            if not cut:
                return None
        return self.by_place.get(place)
