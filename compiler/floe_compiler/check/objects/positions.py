"""The positions in objects of a kind that have certain schemas, such as all quantities of a Deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from floe_compiler.model.document import DataPath
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas, Schema

EACH = "*"
"""The step to all items of a list, and to all values of a mapping with arbitrary keys."""


@dataclass(slots=True)
class Positions:
    """A tree of steps; `mark` is set at a marked position, and None on the way to it."""

    mark: Any = None
    steps: dict[str, Positions] = field(default_factory=dict)

    def find(self, value: Any) -> list[tuple[DataPath, Any, Any]]:
        """Return the path, value and mark of each marked position in `value`."""
        marked: list[tuple[DataPath, Any, Any]] = []
        self.collect(value, (), marked)
        return marked

    def collect(self, value: Any, path: DataPath, marked: list[tuple[DataPath, Any, Any]]) -> None:
        """Add the same to `marked`. A generator would pass each item through all levels."""
        if self.mark is not None:
            marked.append((path, value, self.mark))
        steps = self.steps
        if isinstance(value, dict):
            of_each = steps.get(EACH)
            for key, item in value.items():
                below = steps.get(key, of_each)
                if below is None:
                    continue
                if below.steps:
                    below.collect(item, (*path, key), marked)
                elif below.mark is not None:
                    marked.append(((*path, key), item, below.mark))
        elif isinstance(value, list) and EACH in steps:
            below = steps[EACH]
            for position, item in enumerate(value):
                below.collect(item, (*path, position), marked)


class PositionFinder:
    """Finds the positions for whose schemas `mark` returns something, once for each kind of a Kubernetes version."""

    def __init__(self, schemas: KubernetesSchemas, mark: Callable[[Schema], Any]) -> None:
        self._schemas = schemas
        self._mark = mark
        self._known: dict[str, Positions] = {}

    def of(self, api_version: str, kind: str) -> Positions:
        """Return the positions in objects of a kind; empty for a custom resource."""
        name = self._schemas.kinds.get((api_version, kind))
        return Positions() if name is None else self._of_definition(name)

    def _of_definition(self, name: str) -> Positions:
        if name not in self._known:
            self._known[name] = Positions()  # stops at a definition that contains itself
            self._known[name] = self._of_schema(self._schemas.names[name])
        return self._known[name]

    def _of_schema(self, schema: Schema) -> Positions:
        here = Positions(self._mark(schema) or None)
        for name, below in _below(schema):
            positions = self._of_schema(below)
            if "$ref" in below:
                referred = self._of_definition(below["$ref"].rpartition("/")[2])
                positions = Positions(positions.mark or referred.mark, {**positions.steps, **referred.steps})
            if positions.mark is not None or positions.steps:
                here.steps[name] = positions
        return here


def referred_type(schema: Schema) -> str:
    """Return the name of the type that a schema refers to; empty if it refers to none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _below(schema: Schema) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from schema.get("properties", {}).items()
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield EACH, schema[keyword]
