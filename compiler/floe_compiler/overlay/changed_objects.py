"""An object that steps change, and what kustomize makes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.overlay.kustomization import Step


class ChangedObject(msgspec.Struct, frozen=True):
    """An object that steps reach.

    `part` is the part that kustomize gets, `folder` the folder whose kustomization lists it, and `steps` the steps
    that reach it, in order.
    """

    identity: ObjectId
    part: Object
    folder: str
    steps: tuple[Step, ...]

    def only(self, steps: frozenset[Step]) -> ChangedObject:
        """Return the object with only these steps."""
        return replace(self, steps=tuple(step for step in self.steps if step in steps))

    @property
    def may_be_removed(self) -> bool:
        """Return whether a step may delete the object."""
        return any(step.deletes for step in self.steps)


class Result(msgspec.Struct, frozen=True):
    """kustomize's result for the part of an object (None: the object is removed), and the warnings of the run."""

    part: Object | None
    warnings: tuple[str, ...] = ()


class Built(msgspec.Struct, frozen=True):
    """The results by object, and the errors and warnings by object.

    An object with an error may have no result.
    """

    results: dict[ObjectId, Result] = msgspec.field(default_factory=dict)
    problems: dict[ObjectId, list[Diagnostic]] = msgspec.field(default_factory=lambda: defaultdict(list))
    deletions: dict[ObjectId, frozenset[str]] = msgspec.field(default_factory=lambda: defaultdict(frozenset))
    """By object, the digests of the deletions that are sound."""

    def failed(self, identity: ObjectId) -> bool:
        """Return whether an object has an error."""
        return any(problem.severity == "error" for problem in self.problems[identity])

    def report(self, problem: Diagnostic, concerned: Iterable[ChangedObject]) -> None:
        """Record a problem of some objects."""
        for changed in concerned:
            self.problems[changed.identity].append(problem)
