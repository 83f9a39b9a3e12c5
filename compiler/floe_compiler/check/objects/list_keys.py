"""Lists whose items Kubernetes identifies by a key, such as containers by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from floe_compiler.check.index import Index
from floe_compiler.check.objects.positions import PositionFinder
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas

TWICE = Rule(
    "C034",
    "duplicate list item",
    "Two items of a list have the same key (the name of a container, volume or variable, or the path of a mount). "
    "Kubernetes refuses them, or one silently replaces the other. Keep one of them.",
)
RULES = (TWICE,)

_KEYS = "x-kubernetes-list-map-keys"
_DEFAULTS: Mapping[str, str] = {"protocol": "TCP"}


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the items of keyed lists that have the same key."""
    finder = _finder(index.kubernetes)
    for identity, manifest in index.objects.items():
        positions = finder.of(str(manifest.get("apiVersion", "")), identity.kind)
        for path, items, schema in positions.find(manifest):
            keys = Counter(
                " ".join(str(item.get(key, _DEFAULTS.get(key, ""))) for key in schema[_KEYS]) for item in items
            )
            for key, times in sorted(keys.items()):
                if times > 1:
                    message = f"{show_place(path, manifest)} has {key} {times} times"
                    yield index.finding(TWICE, identity, message, "keep one of them")


@cache
def _finder(schemas: KubernetesSchemas) -> PositionFinder:
    return PositionFinder(schemas, lambda schema: _KEYS in schema)
