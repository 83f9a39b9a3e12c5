"""A small language of slots, and documents written in it, for the tests of how they are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.facts import Parts
from floe_compiler.model.inputs import Input
from floe_compiler.model.plan import Component
from floe_compiler.model.registry import Registry
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, Merged, merge


class Anything(Input):
    """Settings with a number, a mapping and a nested model."""

    type: str
    """The type."""
    replicas: int = 1
    """How many."""
    labels: dict[str, str] = {}
    """Any labels."""
    inner: Inner | None = None
    """More settings."""


class Inner(Input):
    """Nested settings."""

    kind: Literal["small", "large"]
    """The kind."""


Anything.model_rebuild()


def component(slot: str, kind: str, **facts: Any) -> Component[Any]:
    """Return a component that renders nothing."""
    fields: dict[str, Any] = {"summary": "", "config": Anything, "build": lambda _: Parts(), **facts}
    return Component(slot=slot, type=kind, **fields)


COMPONENTS = (
    component("catalog", "beta", scope="platform"),
    component("catalog", "alpha", scope="platform", profiles={"heavy": {"replicas": 3}}),
    component("database", "postgresql", scope="platform"),
    component("observability.collector", "alpha", scope="platform", profiles={"heavy": {"replicas": 5}}),
    component("observability.tracing", "alpha", scope="platform"),
    component("orchestrator", "alpha", profiles={"light": {"replicas": 2}}),
    component("orchestrator", "beta"),
)
REGISTRY = Registry(imported=COMPONENTS)


def document(file: str, data: Mapping[str, Any]) -> Document:
    """Return a document in which every key and value stands on a line of its own, in the order of the data."""
    keys: dict[DataPath, Span] = {}
    values: dict[DataPath, Span] = {(): Span(file, 1, 1)}

    def place(part: Any, path: DataPath) -> None:
        steps: Any = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for step, child in steps:
            child_path = (*path, step)
            line = len(values) + 1
            keys[child_path], values[child_path] = Span(file, line, 1), Span(file, line, 5)
            place(child, child_path)

    place(data, ())
    return Document(file, data, keys, values)


def merged(*data: Mapping[str, Any]) -> Merged:
    """Return the data merged, the weakest first; the layers are called `0.yaml`, `1.yaml` and so on."""
    documents = [document(f"{number}.yaml", manifest) for number, manifest in enumerate(data)]
    return merge([Layer(document_.file, document_.data, document_) for document_ in documents])
