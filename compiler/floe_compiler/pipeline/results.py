"""The results of units, recalled or compiled, with the diagnostics of each stage."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

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

    Those of all environments are asked for again, one environment after the other. So their heads are read from the
    cache each time, and only the digests of their summaries are in memory. `cache` has at hand what the run has used.

    `plan` returns the tasks of the units of some environments. `diagnostics` are by stage. `hits` are the digests of
    the patches that select something, by environment. `compiled` is the number of units that were compiled and not
    recalled, by environment.
    """

    cache: Cache
    compiler: UnitCompiler
    plan: Callable[[Inputs], Iterable[Task]]
    inputs: Inputs = field(default_factory=dict)
    diagnostics: dict[Stage, list[Diagnostic]] = field(default_factory=lambda: defaultdict(list))
    hits: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    compiled: Counter[str] = field(default_factory=Counter)
    _contents: dict[UnitKey, str] = field(default_factory=dict)
    _summaries: dict[UnitKey, str] = field(default_factory=dict)
    _entries: dict[tuple[str, UnitKey], bytes] = field(default_factory=dict)
    _last: tuple[UnitKey, UnitBody] | None = None

    def add(self, inputs: Inputs, tasks: Iterable[Task]) -> None:
        """Recall or compile some units."""
        self.inputs = inputs
        for some in in_turns(tasks, lambda task: task.key.environment):
            missing = [task for task in some if not self._is_recalled(task)]
            for compiled in self.compiler.compile(inputs, missing):
                self._take(compiled)

    def of(self, environment: str) -> Mapping[str, UnitHead]:
        """Return the heads of an environment's units, by name, in the order of their tasks. Each is read when used."""
        return Heads({key.namespace: key for key in self._own(environment)}, self._head)

    def summaries(self, environment: str) -> Mapping[str, Summary]:
        """Return the summaries of an environment's units, by name. They are read each time, as they are large."""
        return {key.namespace: self._summary(key) for key in self._own(environment)}

    def summary_digests(self, environment: str) -> Mapping[str, str]:
        """Return the digest of the summary of each unit of an environment, by name."""
        return {key.namespace: self._summaries[key] for key in self._own(environment)}

    def _own(self, environment: str) -> Iterator[UnitKey]:
        """Yield an environment's units in an order that does not depend on which of them were recalled."""
        return (key for key in self._contents if key.environment == environment and key in self._summaries)

    def _head(self, key: UnitKey) -> UnitHead:
        data = self._part(HEADS, key)
        head = decode(data, UnitHead) if data else None
        return head or _sound(decode(self._compiled_again(key).head, UnitHead))

    def _summary(self, key: UnitKey) -> Summary:
        data = self._part(SUMMARIES, key)
        summary = decode(data, Summary) if data and digest_of(data) == self._summaries[key] else None
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
        if body is not None and is_sound(self._head(key), body):
            return body
        return _sound(decode(self._compiled_again(key).entries.get(BODIES, b""), UnitBody))

    def _part(self, kind: str, key: UnitKey) -> bytes | None:
        return self._entries.get((kind, key)) or self.cache.get(kind, self._contents[key])

    def _compiled_again(self, key: UnitKey) -> Compiled:
        (task,) = (task for task in self.plan({key.environment: self.inputs[key.environment]}) if task.key == key)
        return self.compiler.compile_again(self.inputs, task)

    def _is_recalled(self, task: Task) -> bool:
        """Take the result of a task from the cache; return whether it has it."""
        self._contents[task.key] = task.content
        data = self.cache.get(HEADS, task.content)
        head = decode(data, UnitHead) if data else None
        if head is None or head.unit != task.key.namespace or not head.files.is_whole:
            return False
        self._summaries[task.key] = head.summary
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
            self._summaries[compiled.key] = head.summary
        self.compiled[compiled.key.environment] += 1
        if compiled.head and not compiled.entries:
            self.cache.put(HEADS, compiled.content, compiled.head)  # last: if there is a head, there is the rest
        elif compiled.head:
            self._entries[HEADS, compiled.key] = compiled.head
        self._entries |= {(kind, compiled.key): data for kind, data in compiled.entries.items()}


class Heads(Mapping[str, UnitHead]):
    """The heads of an environment's units, by name, which are read when they are used."""

    def __init__(self, units: Mapping[str, UnitKey], read: Callable[[UnitKey], UnitHead]) -> None:
        self._units, self._read = units, read

    def __getitem__(self, unit: str) -> UnitHead:
        return self._read(self._units[unit])

    def __contains__(self, unit: object) -> bool:
        return unit in self._units

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)


def _sound(part: Part | None) -> Part:
    """Return what a unit was just compiled to. Raises AssertionError if there is none, as there was once."""
    if part is None:
        raise AssertionError("the unit was compiled once, and cannot be now")
    return part
