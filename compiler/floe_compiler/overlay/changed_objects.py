"""An object that steps change, and kustomize's result for it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

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
