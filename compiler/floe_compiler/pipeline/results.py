"""The results of units, recalled or compiled, with the diagnostics of each stage."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec.structs import replace

from floe_compiler.cache.store import Cache
from floe_compiler.model.codec import decode, digest_of
from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.summary import Summary
from floe_compiler.model.unit_result import Stage, UnitBody, UnitHead, is_sound
from floe_compiler.model.units import UnitKey
from floe_compiler.pipeline.turns import in_turns
from floe_compiler.pipeline.unit_compiler import Inputs, UnitCompiler
from floe_compiler.pipeline.units import BODIES, HEADS, SUMMARIES, Compiled, Task

Part = TypeVar("Part")


@dataclass(slots=True)
class Results:
    """The results of the units of some environments, as they come in.

    `diagnostics` are by stage. `hits` are the digests of the patches that select something, by environment.
    `compiled` is the number of units that were compiled and not recalled, by environment.
    """

    cache: Cache
    compiler: UnitCompiler
    inputs: Inputs = field(default_factory=dict)
    tasks: dict[UnitKey, Task] = field(default_factory=dict)
    heads: dict[UnitKey, UnitHead] = field(default_factory=dict)
    diagnostics: dict[Stage, list[Diagnostic]] = field(default_factory=lambda: defaultdict(list))
    hits: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    compiled: Counter[str] = field(default_factory=Counter)
    _entries: dict[tuple[str, UnitKey], bytes] = field(default_factory=dict)
    _last: tuple[UnitKey, UnitBody] | None = None

    def add(self, inputs: Inputs, tasks: Iterable[Task]) -> None:
        """Recall or compile some units."""
        self.inputs, tasks = inputs, tuple(tasks)
        self.tasks |= {task.key: replace(task, declared=None) for task in tasks}  # large, and rarely needed again
        for some in in_turns(tasks, lambda task: task.key.environment):
            missing = [task for task in some if not self._is_recalled(task)]
            for compiled in self.compiler.compile(inputs, missing):
                self._take(compiled)

    def of(self, environment: str) -> Mapping[str, UnitHead]:
        """Return the heads of an environment's units, by name, in the order of their tasks."""
        return {key.namespace: head for key, head in self._own(environment)}

    def summaries(self, environment: str) -> Mapping[str, Summary]:
        """Return the summaries of an environment's units, by name. They are read each time, as they are large."""
        return {key.namespace: self._summary(key, head) for key, head in self._own(environment)}

    def _own(self, environment: str) -> Iterator[tuple[UnitKey, UnitHead]]:
        """Yield the heads of an environment's units in an order that does not depend on which of them were recalled."""
        for key in self.tasks:
            if key.environment == environment and key in self.heads:
                yield key, self.heads[key]

    def _summary(self, key: UnitKey, head: UnitHead) -> Summary:
        data = self._part(SUMMARIES, key)
        summary = decode(data, Summary) if data and digest_of(data) == head.summary else None
        return summary or _sound(decode(self._compiled_again(key).entries.get(SUMMARIES, b""), Summary))

    def body(self, environment: str, unit: str) -> UnitBody:
        """Return the texts and places of a unit; compile it again if the cache does not have them any more."""
        key = UnitKey(environment, self.inputs[environment].settings.cluster.name, unit)
        if self._last is None or self._last[0] != key:
            self._last = key, self._body(key)
        return self._last[1]

    def _body(self, key: UnitKey) -> UnitBody:
        data = self._part(BODIES, key)
        body = decode(data, UnitBody) if data else None
        if body is not None and is_sound(self.heads[key], body):
            return body
        return _sound(decode(self._compiled_again(key).entries.get(BODIES, b""), UnitBody))

    def _part(self, kind: str, key: UnitKey) -> bytes | None:
        return self._entries.get((kind, key)) or self.cache.get(kind, self.tasks[key].content)

    def _compiled_again(self, key: UnitKey) -> Compiled:
        return self.compiler.compile_again(self.inputs, self.tasks[key])

    def _is_recalled(self, task: Task) -> bool:
        """Take the result of a task from the cache; return whether it has it."""
        data = self.cache.get(HEADS, task.content)
        head = decode(data, UnitHead) if data else None
        if head is None or head.unit != task.key.namespace or not head.files.is_whole:
            return False
        self.heads[task.key] = head
        for stage, warnings in head.warnings.items():
            self.diagnostics[stage] += warnings
        self.hits[task.key.environment].update(head.hits)
        return True

    def _take(self, compiled: Compiled) -> None:
        for stage, diagnostics in compiled.findings:
            self.diagnostics[stage] += diagnostics
        self.hits[compiled.key.environment].update(compiled.hits)
        head = decode(compiled.head, UnitHead) if compiled.head else None
        if head is not None:
            self.heads[compiled.key] = head
        self.compiled[compiled.key.environment] += 1
        if compiled.head and not compiled.entries:
            self.cache.put(HEADS, compiled.content, compiled.head)  # last: if there is a head, there is the rest
        self._entries |= {(kind, compiled.key): data for kind, data in compiled.entries.items()}


def _sound(part: Part | None) -> Part:
    """Return what a unit was just compiled to. Raises AssertionError if there is none, as there was once."""
    if part is None:
        raise AssertionError("the unit was compiled once, and cannot be now")
    return part
