"""Runs kustomize over the objects that some step changes, in portions, and finds the step that it fails on.

kustomize takes time that grows with the square of the number of objects (3,000 in one build: a minute), and no step
looks at more than one object. So objects that no step changes do not go in at all, and the others in portions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.overlay.effects import Effects
from floe_compiler.overlay.exchange import read_objects
from floe_compiler.overlay.kustomization import Kustomization, Step
from floe_compiler.overlay.kustomize import DID_NOT_RUN, KustomizeError, find_kustomize, run_kustomize
from floe_compiler.overlay.staging import staged_files

Item = TypeVar("Item")

PORTION = 100
"""Objects in one run: 0.5 s. Fewer cost more starts of the program (0.06 s each), more leave processors idle."""

WARNED = Rule("K003", "kustomize warning", "kustomize did what was asked, and warns of something.", severity="warning")
PATCH_FAILED = Rule(
    "K018",
    "patch that cannot be applied",
    "kustomize could not apply the patch to an object that it selects: most often a JSON patch replaces or removes"
    " what is not there. Its own message says which.",
)


def build_changed(top: Kustomization, effects: Effects, findings: Findings) -> list[Object]:
    """Return the objects that steps change, as kustomize builds them; record the steps that it fails on.

    Raises StageFailed if kustomize is not found (K001) or does not end (K002).
    """
    identities = sorted(effects.changed)
    if not identities:
        return []
    command = find_kustomize()
    portions = [
        _Portion(command, top, effects, identities[start : start + PORTION])
        for start in range(0, len(identities), PORTION)
    ]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        built = list(pool.map(_Portion.build, portions))
    for _, found in built:
        findings.extend(found.found)
    return [manifest for manifests, _ in built for manifest in manifests]


@dataclass(frozen=True, slots=True)
class _Portion:
    command: list[str]
    top: Kustomization
    effects: Effects
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
        text, warnings = run_kustomize(self.command, self.top.folder, files)
        return read_objects(text), warnings

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


def _first(items: Sequence[Item], fail: Callable[[Sequence[Item]], bool]) -> Item:
    """Return the item with which the items up to it begin to fail, by halving. All together they do fail."""
    good, bad = 0, len(items)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fail(items[:middle]) else (middle, bad)
    return items[good]
