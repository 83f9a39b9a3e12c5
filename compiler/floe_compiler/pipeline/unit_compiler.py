"""Compiles the units that the cache does not have: a few in this process, many in batches by all workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from math import ceil

import msgspec
from msgspec.structs import replace

from floe_compiler.cache.store import Cache
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.object_memory import known_answer
from floe_compiler.pipeline.headers import FEW, Scope, declared_headers
from floe_compiler.pipeline.units import (
    RENDERED,
    Compiled,
    EnvironmentInput,
    Shared,
    Task,
    compile_units,
    without_entries,
)
from floe_compiler.pipeline.workers import Workers
from floe_compiler.resolve.frame import Frame

BATCHES = 3
"""A batch is this part of what each job has left: so a core is idle at the end for no longer than a small batch takes.

More batches would start kustomize more often.
"""

MOST = 50
"""The most units in a batch: all of its objects are in memory at once, about 0.5 MiB for each unit."""

Inputs = Mapping[str, EnvironmentInput]
"""What the units of each environment are compiled with."""


class UnitCompiler(msgspec.Struct, frozen=True):
    """Compiles units of some environments.

    `frames` are those of the environments, `facts` returns those of one, `cache` keeps results, `workers` compile many
    units, `progress` is told how many are done, and `meanwhile` is called while Node.js loads cdk8s for a few units.
    """

    frames: Mapping[str, Frame]
    facts: Callable[[str], MeshFacts]
    cache: Cache
    workers: Workers
    progress: Callable[[str], None]
    meanwhile: Callable[[], object] | None = None

    def compile(self, inputs: Inputs, tasks: Sequence[Task]) -> Iterator[Compiled]:
        """Yield the result of each task, and keep it in the cache."""
        if not tasks:
            return
        tasks = self._declared(tasks)
        if len(tasks) <= FEW:
            yield from compile_units(Shared(inputs, self.cache), tasks, self.meanwhile)
            return

        batches = tuple(_batches(tasks, self.workers.jobs))
        shared = Shared(inputs, self.cache if self.workers.share_files else None)
        done = 0
        for batch in self.workers.map(compile_units, shared, batches):
            done += len(batch)
            self.progress(f"compiling: {done} of {len(tasks)} namespaces")
            yield from map(self._put_into_cache, batch)

    def compile_again(self, inputs: Inputs, task: Task) -> Compiled:
        """Return the result of a task whose entries in the cache are damaged or gone, with all its parts."""
        (compiled,) = compile_units(Shared(inputs), self._declared([task]))
        self._put_into_cache(compiled)
        return compiled

    def _put_into_cache(self, compiled: Compiled) -> Compiled:
        """Put into the cache what was not put there where it was compiled, as Dask's workers have another cache."""
        return without_entries(self.cache, compiled)

    def _declared(self, tasks: Sequence[Task]) -> list[Task]:
        """Return the tasks with what their units declare, unless what they render to before patches is in memory.

        What they declare is not at hand if their headers were recalled.
        """
        tasks = [replace(task, rendered=known_answer((RENDERED, task.rendering))) for task in tasks]
        wanted = [_scope(task) for task in tasks if task.scope and task.declared is None and task.rendered is None]
        facts = {environment: self.facts(environment) for environment in sorted({of for of, _ in wanted})}
        headers = declared_headers(self.frames, wanted, facts, self.workers) if wanted else {}
        return [
            replace(task, declared=headers[_scope(task)].declared) if _scope(task) in headers else task
            for task in tasks
        ]


def _batches(tasks: Sequence[Task], jobs: int) -> Iterator[Sequence[Task]]:
    """Yield the tasks in batches, which are smaller towards the end if there are several jobs.

    Each is of one environment, for which kustomize starts once. So the largest units, which are first and last in their
    environment, are not in memory together.
    """
    while tasks:
        size = ceil(len(tasks) / (jobs * BATCHES)) if jobs > 1 else MOST
        _, together = next(groupby(tasks[: min(MOST, max(FEW, size))], _environment))
        batch = tuple(together)
        yield batch
        tasks = tasks[len(batch) :]


def _environment(task: Task) -> str:
    return task.key.environment


def _scope(task: Task) -> Scope:
    return task.key.environment, task.scope
