"""An object that steps change, and what kustomize made of it before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.yaml_text import sha256_of
from floe_compiler.overlay.kustomization import Step


class Memory(Protocol):
    """Results of earlier runs, each under a hash of all that it follows from."""

    def recall(self, key: str) -> str | None:
        """Return a result, None if it is not known."""

    def remember(self, key: str, text: str) -> None:
        """Keep a result."""


@dataclass(frozen=True, slots=True)
class ChangedObject:
    """An object that steps reach.

    `part` is what kustomize gets of it, `folder` the folder by whose kustomization it comes in, and `steps` are the
    steps that reach it, in order.
    """

    identity: ObjectId
    part: Object
    folder: str
    steps: tuple[Step, ...]

    @property
    def may_be_removed(self) -> bool:
        """Tell whether a step may delete the object."""
        return any(step.deletes for step in self.steps)

    def key(self, program: str) -> str:
        """Return a digest of all that the result of kustomize follows from."""
        return sha256_of([program, self.folder, self.part, [step.content for step in self.steps]])


@dataclass(frozen=True, slots=True)
class Result:
    """What kustomize makes of an object's part (None: it removes the object), and the warnings of that run."""

    part: Object | None
    warnings: tuple[str, ...] = ()


def recall(memory: Memory, key: str, changed: ChangedObject) -> Result | None:
    """Return the remembered result for an object; None if there is none that can be its own."""
    try:
        found: Any = json.loads(memory.recall(key) or "")
    except (ValueError, RecursionError):
        return None
    if not (isinstance(found, list) and len(found) == 2 and isinstance(found[1], list)):
        return None
    part, warnings = found
    fits = changed.may_be_removed if part is None else isinstance(part, dict) and identify(part) == changed.identity
    return Result(part, tuple(map(str, warnings))) if fits else None


def remember(memory: Memory, key: str, result: Result) -> None:
    """Keep the result for an object."""
    memory.remember(key, json.dumps([result.part, result.warnings]))
