"""Workers that compile many units: this process, several processes, or a Dask cluster.

All of them return the same results in the same order.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from floe_compiler.load.digests import compiler_digest
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.node.cdk8s_process import reusing_process

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from distributed import Client

    from floe_compiler.load.mesh import Map

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

DASK = "dask="
_ADDRESS = re.compile(r"(tcp|tls)://\S+:\d+")
PATIENCE = "10s"
"""How long a scheduler may take to answer."""

MOST_JOBS = 61
"""Windows waits for no more processes than that at once (concurrent.futures)."""

NO_EXECUTOR = Rule(
    "W019",
    "executor that cannot be used",
    "The units were to be compiled by a Dask cluster (--executor dask=tcp://host:port), but it cannot be reached, has "
    "no workers or other versions, or the package for it is not installed. Without --executor, the cores of this "
    "machine do it. Or the system stopped one of the processes on this machine, as it does when memory is short.",
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
    """Does the items one by one, in this process."""

    jobs = 1
    share_files = True

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield the results. Node.js, which takes a quarter of a second to start, stays for the next item."""
        with reusing_process():
            for item in items:
                yield function(shared, item)


class Processes:
    """Does the items in processes of this machine, as many as there are jobs.

    A forked process has the shared value already; others are sent it.
    """

    share_files = True

    def __init__(self, jobs: int, start: str = "fork" if sys.platform == "linux" else "spawn") -> None:
        self.jobs = jobs
        self._start = start

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
        from concurrent.futures.process import BrokenProcessPool

        context = multiprocessing.get_context(self._start)
        pool = ProcessPoolExecutor(
            min(self.jobs, len(items)), mp_context=context, initializer=_begin, initargs=(shared,)
        )
        try:
            yield from _mapped(pool, partial(_call_with_shared, function), items)
        except BrokenProcessPool as error:
            hint = "most often memory was short: use fewer processes (--jobs 1)"
            raise _unusable("the system stopped a process that compiled units", hint) from error
        finally:
            # Only the pool's own thread may cancel: it fails on a future that somebody else cancelled.
            pool.shutdown(cancel_futures=True)


class DaskCluster:
    """Does the items on the workers of a Dask cluster. If a worker dies, others do its items."""

    share_files = False

    def __init__(self, client: Client) -> None:
        self._client = client
        self.jobs = len(client.scheduler_info(n_workers=-1)["workers"])
        if not self.jobs:
            raise _unusable("the Dask cluster has no workers", "start some: dask worker tcp://host:port --nthreads 1")

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield the results."""
        from distributed import KilledWorker

        pool: Executor = self._client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        try:
            yield from _mapped(pool, partial(_call_if_alike, compiler_digest(), function, shared), items)
        except KilledWorker as error:
            hint = "look into their logs; most often they lack memory"
            raise _unusable("too many workers of the Dask cluster died", hint) from error
        finally:
            pool.shutdown(wait=False)  # also cancels unfinished calls


def _call_if_alike(compiler: str, function: Callable[[Shared, Item], Result], shared: Shared, item: Item) -> Result:
    """Call the function in a worker of a cluster. Raises StageFailed if it has another version of the compiler."""
    if compiler_digest() != compiler:
        message = "a worker of the Dask cluster has another version of floe-compile, or of a package that it needs"
        raise _unusable(message, "install the same versions there as here")
    return function(shared, item)


_shared: Any = None


def _begin(shared: Any) -> None:
    """Prepare a new process: keep the shared value and Node.js, and end when the process that started it ends."""
    from multiprocessing.util import Finalize

    global _shared
    _shared = shared
    until_the_end = ExitStack()
    until_the_end.enter_context(reusing_process())
    Finalize(None, until_the_end.close, exitpriority=1)
    for ending in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C reaches it, too: it ends without a word
        signal.signal(ending, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call_with_shared(function: Callable[[Any, Item], Result], item: Item) -> Result:
    return function(_shared, item)


def _mapped(pool: Executor, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    futures = deque(pool.submit(function, item) for item in items)
    while futures:
        yield futures.popleft().result()  # a result that was taken is not in memory for longer


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
        raise _unusable("the package distributed is not installed", "pip install 'floe-compile[dask]'") from None
    if not _ADDRESS.fullmatch(address):  # with some, a client waits forever
        raise _unusable(f'"{address}" is not the address of a Dask scheduler', f"write {DASK}tcp://host:port")
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        message = f"no Dask scheduler answers at {address}: {error}"
        raise _unusable(message, "start it, or correct the address") from error
    with client:
        yield client


def _unusable(message: str, hint: str) -> StageFailed:
    return StageFailed([Diagnostic(NO_EXECUTOR, message, hint=hint)])
