"""The results of units: recalled or compiled, with what is wrong by the stage that finds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TypeVar

from floe_compiler.cache.store import Cache
from floe_compiler.model.codec import decode
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.summary import Summary
from floe_compiler.model.unit_result import Stage, UnitBody, UnitHead, is_sound
from floe_compiler.model.units import UnitKey
from floe_compiler.pipeline.headers import Scope, made_headers
from floe_compiler.pipeline.units import (
    BODIES,
    HEADS,
    Compiled,
    EnvironmentInput,
    Shared,
    Task,
    compile_units,
    keep,
)
from floe_compiler.pipeline.workers import Workers
from floe_compiler.resolve.environment import Frame
from floe_compiler.synthesize.cdk8s_process import Cdk8s

Part = TypeVar("Part")

FEW = 8
"""So few units are compiled in this process: starting others would take longer."""

BATCHES = 3
"""Batches for each job: more would start Node.js and kustomize more often, fewer would leave a core idle at the end."""


@dataclass(slots=True)
class Results:
    """The results of the units of some environments, as they come in.

    `found` is what is wrong, by stage, `hits` the digests of the patches that select something, by environment.
    """

    frames: Mapping[str, Frame]
    facts: Mapping[str, MeshFacts]
    cache: Cache
    workers: Workers
    cdk8s: Cdk8s
    progress: Callable[[str], None]
    given: Mapping[str, EnvironmentInput] = field(default_factory=dict)
    tasks: dict[UnitKey, Task] = field(default_factory=dict)
    heads: dict[UnitKey, UnitHead] = field(default_factory=dict)
    found: dict[Stage, list[Diagnostic]] = field(default_factory=lambda: defaultdict(list))
    hits: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _bodies: dict[UnitKey, bytes] = field(default_factory=dict)
    _summaries: dict[str, Mapping[str, Summary]] = field(default_factory=dict)
    _last: tuple[UnitKey, UnitBody] | None = None

    def add(self, given: Mapping[str, EnvironmentInput], tasks: Iterable[Task]) -> None:
        """Recall or compile some units."""
        self.given = given
        missing = []
        for task in tasks:
            self.tasks[task.key] = task
            head = self._recalled(task)
            if head is None:
                missing.append(task)
            else:
                self.heads[task.key] = head
                for stage, warnings in head.warnings.items():
                    self.found[stage] += warnings
                self.hits[task.key.environment].update(head.hits)
        for compiled in self._compile(missing):
            self._take(compiled)

    def of(self, environment: str) -> Mapping[str, UnitHead]:
        """Return the heads of an environment's units, by name, in the order of their tasks."""
        return {key.namespace: head for key, head in self._own(environment)}

    def summaries(self, environment: str) -> Mapping[str, Summary]:
        """Return the summaries of an environment's units, by name."""
        if environment not in self._summaries:
            own = self._own(environment)
            self._summaries[environment] = {key.namespace: self._summary(key, head) for key, head in own}
        return self._summaries[environment]

    def _own(self, environment: str) -> Iterator[tuple[UnitKey, UnitHead]]:
        """Yield the heads of an environment's units in an order that does not tell which of them were recalled."""
        for key in self.tasks:
            if key.environment == environment and key in self.heads:
                yield key, self.heads[key]

    def _summary(self, key: UnitKey, head: UnitHead) -> Summary:
        found = decode(bytes(head.summary), Summary)
        return found or _sound(decode(bytes(_sound(decode(self._again(key).head, UnitHead)).summary), Summary))

    def body(self, environment: str, unit: str) -> UnitBody:
        """Return the texts and places of a unit; compile it again if the cache does not have them any more."""
        given = self.given[environment]
        key = UnitKey(environment, given.settings.cluster.name, unit)
        if self._last is None or self._last[0] != key:
            self._last = key, self._body(key)
        return self._last[1]

    def _body(self, key: UnitKey) -> UnitBody:
        head, task = self.heads[key], self.tasks[key]
        data = self._bodies.get(key) or self.cache.get(BODIES, task.content)
        body = decode(data, UnitBody) if data else None
        if body is not None and is_sound(head, body):
            return body
        return _sound(decode(self._again(key).body or b"", UnitBody))

    def _again(self, key: UnitKey) -> Compiled:
        """Compile a unit of which the cache has no use, and keep the result."""
        (compiled,) = compile_units(Shared(self.given), self._declared([self.tasks[key]]))
        self._kept(compiled)
        return compiled

    def _recalled(self, task: Task) -> UnitHead | None:
        data = self.cache.get(HEADS, task.content)
        head = decode(data, UnitHead) if data else None
        return head if head is not None and head.unit == task.key.namespace else None

    def _take(self, compiled: Compiled) -> None:
        for stage, diagnostics in compiled.findings:
            self.found[stage] += diagnostics
        self.hits[compiled.key.environment].update(compiled.hits)
        head = decode(compiled.head, UnitHead) if compiled.head else None
        if head is not None:
            self.heads[compiled.key] = head
        if compiled.body is not None:
            self._bodies[compiled.key] = compiled.body

    def _compile(self, missing: Sequence[Task]) -> Iterator[Compiled]:
        """Yield the results of units, compiled in batches by all workers if there are many."""
        tasks = self._declared(missing)
        if len(tasks) <= FEW:
            yield from compile_units(Shared(self.given, self.cache), tasks, self.cdk8s.run) if tasks else ()
            return
        self.cdk8s.stop()
        size = max(FEW, ceil(len(tasks) / (self.workers.jobs * BATCHES)))
        batches = [tasks[start : start + size] for start in range(0, len(tasks), size)]
        shared = Shared(self.given, self.cache if self.workers.share_files else None)
        done = 0
        for batch in self.workers.map(compile_units, shared, batches):
            done += len(batch)
            self.progress(f"compiling: {done} of {len(tasks)} namespaces")
            yield from map(self._kept, batch)

    def _kept(self, compiled: Compiled) -> Compiled:
        """Keep the result of a worker that has not the same files."""
        if compiled.failed or compiled.body is None:
            return compiled
        kept = keep(self.cache, compiled.content, compiled.head, compiled.body)
        return replace(compiled, body=None) if kept else compiled

    def _declared(self, tasks: Sequence[Task]) -> list[Task]:
        """Return the tasks with what their units declare, which is not at hand for those whose header was recalled."""
        wanted = [_scope(task) for task in tasks if task.scope and task.declared is None]
        made = made_headers(self.frames, wanted, self.facts, self.workers) if wanted else {}
        return [replace(task, declared=made[_scope(task)].declared) if _scope(task) in made else task for task in tasks]


def _scope(task: Task) -> Scope:
    return task.key.environment, task.scope


def _sound(part: Part | None) -> Part:
    """Return what a unit was just compiled to. Raises AssertionError if there is none, as there was once."""
    if part is None:
        raise AssertionError("the unit was compiled once, and cannot be now")
    return part
