"""Lists whose items Kubernetes identifies by a key, such as containers by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from floe_compiler.check.index import Index
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule

TWICE = Rule(
    "C034",
    "duplicate list item",
    "Two items of a list have the same key (the name of a container, volume or variable, or the path of a mount). "
    "Kubernetes refuses them, or one silently replaces the other. Keep one of them.",
)
RULES = (TWICE,)

_DEFAULTS: Mapping[str, str] = {"protocol": "TCP"}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the items of keyed lists that have the same key."""
    for identity, path, items, _, keys in index.marked_values:
        if not keys or len(items) < 2:
            continue
        times_of = Counter(" ".join([str(item.get(key, _DEFAULTS.get(key, ""))) for key in keys]) for item in items)
        if len(times_of) < len(items):
            for key, times in sorted(times_of.items()):
                if times > 1:
                    message = f"{show_place(path, index.objects[identity])} has {key} {times} times"
                    yield index.finding(TWICE, identity, message, "keep one of them")
