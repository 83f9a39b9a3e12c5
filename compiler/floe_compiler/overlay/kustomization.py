"""The content of a kustomization.yaml and of everything that it lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from floe_compiler.model.diagnostics import Related
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.objects import Object
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import sha256_of
from floe_compiler.overlay.matching import Selection

Kind = Literal["Kustomization", "Component"]
Touched = frozenset[tuple[str, ...]]
"""Paths of fields in an object."""
StepField = Literal["patches", "labels", "replicas", "images"]


class Resource(msgspec.Struct, frozen=True):
    """A hand-written object and its location."""

    manifest: Object
    span: Span
    values: Mapping[DataPath, Span]
    """The location of each value in it."""

    text: str = ""
    """The text of its file, if SOPS has signed that; then the object has its keys, but no values."""


class Step(msgspec.Struct, frozen=True, eq=False):
    """One change that a kustomization makes: an item of `patches`, `labels`, `replicas` or `images`.

    `entry` is the item as kustomize gets it. `span` is its location: in the patch's file, if there is one, and then
    `listed` is the item that lists the file. `touches` are the paths of the fields of an object that the step may read
    or change, apart from its identity and metadata; None means all. `deletes` marks a patch that removes what it
    selects.
    `patch` is the patch as it is written.
    `folders` is the path from the environment's kustomization to the one that lists the step.
    `sets` has the places of what an item sets, by the last key in the object: `image`, `replicas` or a label's key.
    """

    field: StepField
    entry: Mapping[str, Any]
    selection: Selection
    span: Span
    listed: Span
    touches: Touched | None = None
    deletes: bool = False
    patch: Document | None = None
    folders: tuple[str, ...] = ()
    sets: Mapping[str, Span] = msgspec.field(default_factory=dict)
    digest: str = ""
    """A digest of the step and its locations, which identifies it in other processes and in the next run."""

    def __post_init__(self) -> None:
        spans = self.patch.values.values() if self.patch else self.sets.values()
        places = [f"{span.line}:{span.column}" for span in spans]
        content = [self.field, dict(self.entry), list(self.folders), str(self.span), str(self.listed), places]
        msgspec.structs.force_setattr(self, "digest", sha256_of(content))

    @property
    def merge(self) -> Document | None:
        """Return the patch if it is a strategic merge patch, and not a JSON patch."""
        return self.patch if self.patch and isinstance(self.patch.data, dict) else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def says(self) -> str:
        """Return the entry as text, with the pointers of a JSON patch unescaped."""
        return json.dumps(self.entry, ensure_ascii=False).replace("~1", "/").replace("~0", "~")

    def related(self) -> tuple[Related, ...]:
        """Return the location that lists the step, if that is in another file."""
        return (Related(self.listed, "listed here"),) if self.listed.file != self.span.file else ()


class Kustomization(msgspec.Struct, frozen=True):
    """The content of one kustomization.yaml. `folder` is its folder's path from the repository's root.

    `parts` are the folders in its resources. kustomize first loads the resources and parts, then applies each component
    to everything loaded so far, and then the steps.
    """

    folder: str
    kind: Kind = "Kustomization"
    resources: tuple[Resource, ...] = ()
    parts: tuple[Kustomization, ...] = ()
    components: tuple[Kustomization, ...] = ()
    steps: tuple[Step, ...] = ()

    def walk(self) -> Iterator[Kustomization]:
        """Yield this kustomization and all below it, in the order in which kustomize applies their steps."""
        for child in (*self.parts, *self.components):
            yield from child.walk()
        yield self
