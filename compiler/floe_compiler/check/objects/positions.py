"""The positions in objects of a kind that have a certain schema, such as all quantities of a Deployment."""

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
    """A tree of steps; `schema` is set at a marked position, and None on the way to it."""

    schema: Schema | None = None
    steps: dict[str, Positions] = field(default_factory=dict)

    def find(self, value: Any) -> list[tuple[DataPath, Any, Schema]]:
        """Return the path, value and schema of each marked position in `value`."""
        found: list[tuple[DataPath, Any, Schema]] = []
        self.collect(value, (), found)
        return found

    def collect(self, value: Any, path: DataPath, found: list[tuple[DataPath, Any, Schema]]) -> None:
        """Add the same to `found`. A generator would pass each item through all levels."""
        if self.schema is not None:
            found.append((path, value, self.schema))
        steps = self.steps
        if isinstance(value, dict):
            for key, item in value.items():
                below = steps.get(key) or steps.get(EACH)
                if below is not None and (below.steps or below.schema is not None):
                    below.collect(item, (*path, key), found)
        elif isinstance(value, list) and EACH in steps:
            below = steps[EACH]
            for position, item in enumerate(value):
                below.collect(item, (*path, position), found)


class PositionFinder:
    """Finds the positions whose schema is `marked`, once for each kind of a Kubernetes version."""

    def __init__(self, schemas: KubernetesSchemas, marked: Callable[[Schema], bool]) -> None:
        self._schemas = schemas
        self._marked = marked
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
        found = Positions(schema if self._marked(schema) else None)
        for name, below in _below(schema):
            positions = self._of_schema(below)
            if "$ref" in below:
                referred = self._of_definition(below["$ref"].rpartition("/")[2])
                positions = Positions(positions.schema or referred.schema, {**positions.steps, **referred.steps})
            if positions.schema is not None or positions.steps:
                found.steps[name] = positions
        return found


def referred_type(schema: Schema) -> str:
    """Return the name of the type that a schema refers to; empty if it refers to none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _below(schema: Schema) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from schema.get("properties", {}).items()
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield EACH, schema[keyword]
