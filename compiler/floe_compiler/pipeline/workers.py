"""Who does the work of many units: this process, several processes, or a cluster of Dask.

All of them are a `concurrent.futures.Executor`, or none at all, and give the same results in the same order.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from distributed import Client

    from floe_compiler.load.mesh import Map

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

DASK = "dask="
MOST_JOBS = 61
"""Windows waits for no more processes than that at once (concurrent.futures)."""

NO_EXECUTOR = Rule(
    "W019",
    "executor that cannot be used",
    "The units were to be compiled by a Dask cluster (--executor dask=tcp://host:port), but it cannot be reached, or "
    "the package for it is not installed. Without --executor, the cores of this machine do it.",
)


class Workers(Protocol):
    """Calls a function for each of many items.

    `jobs` is how many are done at a time. `share_files` tells whether all workers see the files of this machine.
    """

    jobs: int
    share_files: bool

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield `function(shared, item)` for each item, in order. The function is a module's own; all values pickle."""


class ThisProcess:
    """Does one item after the other."""

    jobs = 1
    share_files = True

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield the results."""
        return (function(shared, item) for item in items)


class Processes:
    """Does the items in processes of this machine, as many as there are jobs.

    Where processes can be forked, they have what is shared without being sent it.
    """

    share_files = True

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield the results; a single item is not worth a process."""
        if len(items) < 2:
            yield from ThisProcess().map(function, shared, items)
            return
        # A run without anything to do opens workers, too, and should not wait for these imports.
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        with ProcessPoolExecutor(
            min(self.jobs, len(items)), mp_context=context, initializer=_share, initargs=(shared,)
        ) as pool:
            yield from _mapped(pool, partial(_call_with_shared, function), items)


class DaskCluster:
    """Does the items on the workers of a Dask cluster. A worker that dies is made up for by the others."""

    share_files = False

    def __init__(self, client: Client) -> None:
        self._client = client
        self.jobs = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield the results."""
        pool: Executor = self._client.get_executor(pure=False, retries=RETRIES)  # type: ignore[no-untyped-call]
        with pool:
            yield from _mapped(pool, partial(function, shared), items)


RETRIES = 3
"""How often Dask does an item again whose worker has died."""

_shared: Any = None


def _share(shared: Any) -> None:
    global _shared
    _shared = shared


def _call_with_shared(function: Callable[[Any, Item], Result], item: Item) -> Result:
    return function(_shared, item)


def _mapped(pool: Executor, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    futures = [pool.submit(function, item) for item in items]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def map_with(workers: Workers) -> Map:
    """Return a function like `map` whose calls are made by workers."""

    def mapped(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        return workers.map(_call, function, tuple(items))

    return mapped


def _call(function: Callable[[Item], Result], item: Item) -> Result:
    return function(item)


def default_jobs() -> int:
    """Return the number of processor cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_JOBS)


@contextmanager
def workers(jobs: int = 1, executor: str = "") -> Iterator[Workers]:
    """Open the workers: as many processes as `jobs`, or what `executor` names (`dask=tcp://host:port`).

    Raises StageFailed (W019) if there is no such executor.
    """
    if not executor:
        yield ThisProcess() if jobs < 2 else Processes(min(jobs, MOST_JOBS))
        return
    with _dask(executor.removeprefix(DASK)) as client:
        yield DaskCluster(client)


@contextmanager
def _dask(address: str) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError:
        message, hint = "the package distributed is not installed", "pip install 'floe-compile[dask]'"
        raise StageFailed([Diagnostic(NO_EXECUTOR, message, hint=hint)]) from None
    try:
        client = Client(address, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        message = f"no Dask scheduler answers at {address}: {error}"
        raise StageFailed([Diagnostic(NO_EXECUTOR, message, hint="start it, or correct the address")]) from error
    with client:
        yield client
