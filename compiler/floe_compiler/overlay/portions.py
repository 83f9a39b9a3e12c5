"""Runs kustomize over the objects that some step changes, in portions, and finds the step that it fails on.

kustomize takes time that grows with the square of the number of objects (3,000 in one build: a minute), and no step
looks at more than one object. So objects that no step changes do not go in at all, and the others in portions. What
becomes of a portion follows from its files alone, so it is remembered: after an edit, few have to be built again.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.yaml_text import sha256_of
from floe_compiler.overlay.effects import Effects
from floe_compiler.overlay.exchange import read_objects
from floe_compiler.overlay.kustomization import Kustomization, Step
from floe_compiler.overlay.kustomize import DID_NOT_RUN, KustomizeError, find_kustomize, identity_of, run_kustomize
from floe_compiler.overlay.staging import staged_files

Item = TypeVar("Item")

PORTION = 25
"""Objects in one run, on average: 0.1 s. Fewer would start the program more often (0.06 s), more would make an edit
cost more."""

LARGEST = 2 * PORTION

WARNED = Rule("K003", "kustomize warning", "kustomize did what was asked, and warns of something.", severity="warning")
PATCH_FAILED = Rule(
    "K018",
    "patch that cannot be applied",
    "kustomize could not apply the patch to an object that it selects: most often a JSON patch replaces or removes"
    " what is not there. Its own message says which.",
)


class Memory(Protocol):
    """Results of earlier runs, each under a hash of all that it follows from."""

    def recall(self, key: str) -> str | None:
        """Return a result, None if it is not known."""

    def remember(self, key: str, text: str) -> None:
        """Keep a result."""


def build_changed(top: Kustomization, effects: Effects, memory: Memory, findings: Findings) -> list[Object]:
    """Return the objects that steps change, as kustomize builds them; record the steps that it fails on.

    Raises StageFailed if kustomize is not found (K001) or does not end (K002).
    """
    identities = sorted(effects.changed)
    if not identities:
        return []
    command = find_kustomize()
    portions = [_Portion(command, top, effects, memory, some) for some in _portions(identities)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        built = list(pool.map(_Portion.build, portions))
    for _, found in built:
        findings.extend(found.found)
    return [manifest for manifests, _ in built for manifest in manifests]


def _portions(identities: Iterable[ObjectId]) -> list[list[ObjectId]]:
    """Return the identities in portions, cut after those whose own hash says so: one more moves no other border."""
    portions: list[list[ObjectId]] = [[]]
    for identity in identities:
        portions[-1].append(identity)
        if zlib.crc32(str(identity).encode()) % PORTION == 0 or len(portions[-1]) == LARGEST:
            portions.append([])
    return [portion for portion in portions if portion]


@dataclass(frozen=True, slots=True)
class _Portion:
    command: list[str]
    top: Kustomization
    effects: Effects
    memory: Memory
    identities: Sequence[ObjectId]

    def build(self) -> tuple[list[Object], Findings]:
        """Return the built objects and what is wrong with the steps: each that fails is reported and left out."""
        findings = Findings()
        steps = self.steps(self.identities)
        while True:
            try:
                manifests, warnings = self.run(self.identities, steps)
            except KustomizeError as error:
                if not (failing := self.first_failing(steps)):
                    findings.add(DID_NOT_RUN, f"kustomize: {error}")
                    return [], findings
                self.report(failing, steps, findings)
                steps.remove(failing)
            else:
                for warning in warnings:
                    findings.add(WARNED, warning)
                return manifests, findings

    def steps(self, identities: Sequence[ObjectId]) -> list[Step]:
        """Return the steps that may change any of these objects, in order."""
        reaching = {step for identity in identities for step in self.effects.reached[identity]}
        return [step for step in self.effects.steps if step in reaching]

    def run(self, identities: Sequence[ObjectId], steps: Sequence[Step]) -> tuple[list[Object], list[str]]:
        """Return these objects as kustomize builds them with these steps, and its warnings."""
        objects: dict[str, list[Object]] = {}
        for identity in identities:
            objects.setdefault(self.effects.homes[identity], []).append(self.effects.objects[identity])
        files = staged_files(self.top, objects, set(steps))
        key = sha256_of([identity_of(self.command), self.top.folder, files])
        if (known := _result(self.memory.recall(key))) is not None:
            return known
        text, warnings = run_kustomize(self.command, self.top.folder, files)
        manifests = read_objects(text)
        self.memory.remember(key, json.dumps([manifests, warnings]))
        return manifests, warnings

    def fails(self, identities: Sequence[ObjectId], steps: Sequence[Step]) -> str:
        """Return kustomize's message if it refuses these steps for these objects; else nothing."""
        wanted = set(self.steps(identities))
        try:
            self.run(identities, [step for step in steps if step in wanted])
        except KustomizeError as error:
            return str(error)
        return ""

    def first_failing(self, steps: Sequence[Step]) -> Step | None:
        """Return the first step that kustomize fails on; None if it fails without any."""
        if self.fails(self.identities, ()):
            return None
        return _first(steps, lambda some: bool(self.fails(self.identities, some)))

    def report(self, failing: Step, steps: Sequence[Step], findings: Findings) -> None:
        """Record that kustomize fails on a step, with the first object that it fails on."""
        so_far = steps[: steps.index(failing) + 1]
        suspects = [one for one in self.identities if failing in self.effects.reached[one]]
        identity = _first(suspects, lambda some: bool(self.fails(some, so_far)))
        message = f"cannot be applied to {identity}: {self.fails([identity], so_far)}"
        findings.add(PATCH_FAILED, message, failing.span, subject=str(identity), related=failing.related())


def _result(remembered: str | None) -> tuple[list[Object], list[str]] | None:
    """Return the objects and warnings that were remembered; None for what is no such thing."""
    try:
        found: Any = json.loads(remembered or "")
    except ValueError:
        return None
    return (found[0], found[1]) if isinstance(found, list) and len(found) == 2 else None


def _first(items: Sequence[Item], fail: Callable[[Sequence[Item]], bool]) -> Item:
    """Return the item with which the items up to it begin to fail, by halving. All together they do fail."""
    good, bad = 0, len(items)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fail(items[:middle]) else (middle, bad)
    return items[good]
