"""A plugin of pytest that runs the tests in several processes, which are forked from the one that has collected them.

A process that starts anew collects all tests again, which costs a good part of what it costs to run them. A fork has
them in its memory, with all that their modules import (docs/decisions/0061-forked-tests.md).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any

import pytest
from pluggy import PluggyTeardownRaisedWarning

FORK = multiprocessing.get_context("fork")


@dataclass
class Worker:
    """A process that runs tests.

    `unfinished` are the indexes of its tests in the session, the one that runs first; `latest` is the one before it.
    """

    process: ForkProcess
    connection: Connection
    unfinished: deque[int] = field(default_factory=deque)
    latest: int = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the number of processes."""
    parser.addoption("--processes", type=int, default=1, metavar="N", help="run the tests in N forked processes")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in as many processes as asked for; if it is one, leave it to pytest."""
    options = session.config.option
    if options.processes < 2 or options.collectonly or session.testsfailed:
        return None
    run_in_forks(session, options.processes)
    return True


def run_in_forks(session: pytest.Session, processes: int) -> None:
    """Run the tests of a session in so many processes, and report their results in this one.

    A process gets the tests of one module at a time, as they share what they set up. One that dies fails the test that
    it ran, and another one takes its place.

    Raises `pytest.Session.Failed` after as many failures as `--maxfail` allows.
    """
    modules = deque(_by_module(session))
    workers: list[Worker] = []
    numbers = count()
    try:
        while True:
            for _ in range(min(processes - len(workers), len(modules))):
                workers.append(_start(session, next(numbers), [worker.connection for worker in workers]))
            if not workers:
                return
            # Not only for the end of a connection, which what a test has forked may keep open.
            ready = wait([end for worker in workers for end in (worker.connection, worker.process.sentinel)])
            ended = [worker for worker in workers if not _answer(session, worker, modules, ready)]
            for worker in ended:
                workers.remove(worker)
                worker.process.join()
                if worker.process.exitcode or worker.unfinished:
                    _report_death(session, worker)
                modules.extendleft([[*worker.unfinished]] if worker.unfinished else [])
            if session.shouldfail:
                for worker in workers:
                    os.kill(worker.process.pid or 0, signal.SIGINT)
                raise session.Failed(session.shouldfail)
    finally:
        for worker in workers:  # they tear down what their tests have set up: Ctrl-C has reached them, too
            worker.process.join(10)
            worker.process.kill()


def _by_module(session: pytest.Session) -> Iterator[list[int]]:
    for _, tests in groupby(range(len(session.items)), lambda index: session.items[index].path):
        yield [*tests]


def _start(session: pytest.Session, number: int, inherited: Sequence[Connection]) -> Worker:
    connection, other_end = FORK.Pipe()
    arguments = (session, other_end, number, [*inherited, connection])
    process = FORK.Process(target=_work, args=arguments, name=f"tests-{number}")
    process.start()
    other_end.close()
    return Worker(process, connection)


def _answer(session: pytest.Session, worker: Worker, modules: deque[list[int]], ready: Sequence[object]) -> bool:
    """Take the next message of a worker: it wants tests, has a report, has finished a test, or has used snapshots.

    Returns whether it goes on.
    """
    if worker.connection not in ready:
        return worker.process.sentinel not in ready
    try:
        kind, content = worker.connection.recv()
    except EOFError:
        return False
    if kind == "wants":
        tests = modules.popleft() if modules else []
        worker.unfinished.extend(tests)
        worker.connection.send(tests)
    elif kind == "report":
        hook = session.config.hook
        hook.pytest_runtest_logreport(report=hook.pytest_report_from_serializable(config=session.config, data=content))
    elif kind == "finished":
        worker.latest = worker.unfinished.popleft()
    else:
        session.config._syrupy.add_worker_report(content["syrupy_report"])  # type: ignore[attr-defined]
    return True


def _report_death(session: pytest.Session, worker: Worker) -> None:
    """Let the test fail that the worker ran, or the last one if it failed to tear down what the session shares."""
    item = session.items[worker.unfinished.popleft() if worker.unfinished else worker.latest]
    message = f"The process that ran this test has ended with {worker.process.exitcode}."
    report = pytest.TestReport(item.nodeid, item.location, {}, "failed", message, "call")
    session.config.hook.pytest_runtest_logreport(report=report)


def _work(session: pytest.Session, connection: Connection, number: int, inherited: Sequence[Connection]) -> None:
    for of_another in inherited:
        of_another.close()
    config = session.config
    _leave_the_terminal(config)
    config.pluginmanager.register(_Reporter(config, connection))
    factory = config._tmp_path_factory  # type: ignore[attr-defined]
    factory._basetemp = factory.getbasetemp() / f"worker-{number}"
    factory._basetemp.mkdir()
    try:
        for tests in _handed_out(session, connection):
            # What follows the last one is not known yet. Of its fixtures, it may need those of the session.
            for item, following in zip(tests, [*tests[1:], session], strict=True):
                config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                connection.send(("finished", None))
        connection.send(("snapshots", _used_snapshots(config)))
    except (KeyboardInterrupt, PluggyTeardownRaisedWarning):
        pass  # Ctrl-C, or as many failures as allowed; in a hook, pluggy warns of it
    finally:
        session._setupstate.teardown_exact(None)


def _leave_the_terminal(config: pytest.Config) -> None:
    """Print nothing, and capture what tests print in files of this process alone."""
    config.pluginmanager.unregister(name="terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    capture.stop_global_capturing()
    capture.start_global_capturing()


class _Reporter:
    """Sends what pytest reports in a worker to the process that prints it."""

    def __init__(self, config: pytest.Config, connection: Connection) -> None:
        self.config = config
        self.connection = connection

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.connection.send(("report", data))


def _handed_out(session: pytest.Session, connection: Connection) -> Iterator[Sequence[pytest.Item]]:
    while True:
        connection.send(("wants", None))
        tests = connection.recv()
        if not tests:
            return
        yield [session.items[index] for index in tests]


def _used_snapshots(config: pytest.Config) -> Mapping[str, Any]:
    """Write new snapshots, and return which were used: the process that has all of these knows which none has used.

    syrupy does this for xdist, and asks the environment whether a process is one of its workers.
    """
    snapshots = config._syrupy  # type: ignore[attr-defined]
    snapshots.flush_snapshot_write_queue()
    config.workeroutput = {}  # type: ignore[attr-defined]
    os.environ["PYTEST_XDIST_WORKER"] = "forked"
    snapshots.finish()
    return config.workeroutput  # type: ignore[attr-defined, no-any-return]
