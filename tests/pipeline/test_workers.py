"""All kinds and numbers of workers return the same results in the same order."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache.store import Store
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed
from floe_compiler.model.span import Span
from floe_compiler.model.units import UnitKey
from floe_compiler.node import cdk8s_process
from floe_compiler.pipeline import cached_trees, compile_mesh, headers, unit_compiler
from floe_compiler.pipeline.units import Task, compile_units
from floe_compiler.pipeline.workers import MOST_JOBS, Processes, ThisProcess, Workers, default_jobs, map_with, workers
from pipeline.mesh_of_three import (
    BASE,
    DEV,
    DOMAINS,
    ORDERS,
    config_map,
    dev,
    domain,
    files,
    kustomization,
    namespace,
    product,
    write,
)
from pipeline.tasks import later_first

WORKERS: dict[str, Workers] = {
    "this process": ThisProcess(),
    "1 process": Processes(1),
    "2 processes": Processes(2),
    "7 processes": Processes(7),
    "a process that shares nothing": Processes(1, "spawn"),
}
WRONG = Rule("X001", "wrong", "It is wrong.")


@pytest.fixture
def finely_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each unit and scope be a piece of work of its own, however few there are."""
    monkeypatch.setattr(unit_compiler, "FEW", 1)
    monkeypatch.setattr(unit_compiler, "BATCHES", 9)
    monkeypatch.setattr(headers, "CHUNK", 1)


def with_notes(root: Path) -> Path:
    """Make the mesh with an object in each namespace that nothing reads: a warning for each."""
    notes = {f"base/{name}.yaml": config_map("remark", namespace=namespace(name)) for name in DOMAINS}
    listed = [path.removeprefix("base/") for path in notes]
    return write(root, {**files(), **notes, BASE: kustomization(["priority-class.yaml", *listed])})


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a cache."""
    return Store(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def expected(cache: Store, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return what the mesh compiles to in this process, all units at once."""
    return outcome(with_notes(tmp_path_factory.mktemp("mesh")), cache=cache)


def outcome(root: Path, workers: Workers | None = None, cache: Store | None = None) -> list[Any]:
    """Return the files in their order, and the warnings in theirs; or the errors in theirs."""
    try:
        compiled = compile_mesh(root, ("dev",), workers=workers, cache=cache)
    except StageFailed as failed:
        return list(failed.diagnostics)
    return [*compiled.files.items(), *compiled.warnings]


@pytest.mark.usefixtures("finely_divided")
@pytest.mark.parametrize(
    "who", [pytest.param(who, marks=pytest.mark.thorough) if who == "1 process" else who for who in WORKERS]
)
def test_output_and_warnings_are_the_same_with_any_number_of_workers(
    who: str, expected: list[Any], cache: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = with_notes(tmp_path / "mesh")
    if who != "2 processes":  # In each of the others, Node.js need not start.
        shutil.copytree(cache.folder / cached_trees.KIND, tmp_path / "cache" / cached_trees.KIND)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    if "shares nothing" in who:  # It has to import the compiler: to pickle headers is left to tests of Dask.
        monkeypatch.setattr(headers, "CHUNK", len(DOMAINS) + 1)
    assert outcome(root, WORKERS[who], Store(tmp_path / "cache")) == expected
    assert len([outcome for outcome in expected if isinstance(outcome, Diagnostic)]) >= len(DOMAINS)
    assert not [*(tmp_path / "temporary").iterdir()]


class Watched(ThisProcess):
    """Does everything in this process, and knows how many units were compiled at once."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def map(self, function: Any, shared: Any, items: Sequence[Any]) -> Iterator[Any]:
        """Note the sizes of batches, and yield the results."""
        if function is compile_units:
            self.batches += map(len, items)
        return super().map(function, shared, items)


def test_a_batch_has_no_more_units_in_a_larger_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"FEW": 1, "BATCHES": 1, "MOST": 2}.items():
        monkeypatch.setattr(unit_compiler, name, size)
    watched = Watched()
    compile_mesh(with_notes(tmp_path / "mesh"), ("dev",), workers=watched)
    assert max(watched.batches) == 2
    assert sum(watched.batches) > len(DOMAINS)


def test_batches_get_smaller_towards_the_end() -> None:
    tasks = [Task(UnitKey("dev", "", str(number)), "") for number in range(500)]

    def sizes(jobs: int) -> list[int]:
        batches = list(unit_compiler._batches(tasks, jobs))
        assert [task for batch in batches for task in batch] == tasks
        return list(map(len, batches))

    assert sizes(1) == [unit_compiler.MOST] * 10
    assert sizes(2) == sorted(sizes(2), reverse=True)
    assert sizes(2)[0] == unit_compiler.MOST
    assert sizes(2)[-2] == headers.FEW >= sizes(2)[-1]


def test_one_process_keeps_its_node_for_all_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk8s_process, "_idle", None)

    first, second = ThisProcess().map(lambda *_: cdk8s_process._idle, None, (1, 2))

    assert first is second is not None
    assert cdk8s_process._idle is None


class Large:
    """A result that tells how many of its kind are in memory."""

    alive = 0

    def __init__(self) -> None:
        Large.alive += 1

    def __setstate__(self, _: object) -> None:
        Large.alive += 1

    def __getstate__(self) -> object:
        return "not empty, so that it is set"

    def __del__(self) -> None:
        Large.alive -= 1


def large(_shared: object, _item: int) -> Large:
    """Return a result."""
    return Large()


def test_consumed_results_are_released() -> None:
    results = Processes(2).map(large, None, range(6))
    for _ in range(5):
        next(results)
    gc.collect(1)  # what is young: to look through all that tests have left takes longer than all else
    assert Large.alive <= 2, "the last one that was taken, and one to come"
    assert next(results)


class OnlyTrees(Store):
    """A cache of nothing but what cdk8s says, so that not every process has to start it."""

    def get(self, kind: str, key: str) -> bytes | None:
        """Return what is kept of it."""
        return super().get(kind, key) if kind == cached_trees.KIND else None


MISTAKES: dict[str, dict[str, Any]] = {
    "check": {
        DEV: dev(finance="{pods: 1}", sales="{cpu: 1m}"),
        "domains/marketing/domain.yaml": domain("marketing", quota={"memory": "1Mi"}),
    },
    "resolve": {
        "domains/marketing/domain.yaml": domain("marketing", orchestrator={"database": {"server": "x"}}),
        DEV: dev(
            finance="{pods: 70}, orchestrator: {database: {server: x}}",
            sales="{pods: 80}, orchestrator: {database: {server: x}}",
        ),
    },
    "load": {ORDERS: product("orders", run_by="nobody"), DEV: dev(finance="{pods: many}", sales="{cpu: lots}")},
}


@pytest.mark.usefixtures("finely_divided")
@pytest.mark.parametrize(
    ("stage", "jobs"),
    [
        ("check", 2),
        ("resolve", 2),
        ("load", 7),
        *(pytest.param(*case, marks=pytest.mark.thorough) for case in (("check", 7), ("resolve", 7), ("load", 2))),
    ],
)
def test_the_order_of_errors_is_the_same(stage: str, jobs: int, tmp_path: Path) -> None:
    root = write(with_notes(tmp_path / "mesh"), MISTAKES[stage])
    cache = OnlyTrees(tmp_path / "cache")
    alone = outcome(root, cache=cache)
    assert {diagnostic.rule.code[0] for diagnostic in alone if diagnostic.severity == "error"} == {stage[0].upper()}
    assert len({diagnostic.span.file for diagnostic in alone}) > 1, alone
    assert outcome(root, Processes(jobs), cache) == alone


def fail(shared: Exception, item: int) -> int:
    """Raise what is shared for the second item."""
    if item == 1:
        raise shared
    return item


def own_id(_shared: None, _item: int) -> int:
    """Return the process that does the item."""
    time.sleep(0.05)
    return os.getpid()


@pytest.mark.parametrize("who", WORKERS)
def test_results_have_the_order_of_the_items(who: str) -> None:
    assert [*WORKERS[who].map(later_first, 0.05, range(5))] == [0, 10, 20, 30, 40]
    assert [*WORKERS[who].map(later_first, 0.0, [])] == []


@pytest.mark.parametrize("who", ["this process", "2 processes"])
def test_a_function_is_mapped_as_well(who: str) -> None:
    assert [*map_with(WORKERS[who])(abs, [-1, -2, 3])] == [1, 2, 3]


def test_one_item_runs_in_this_process_and_many_in_workers() -> None:
    assert [*Processes(2).map(own_id, None, [0])] == [os.getpid()]
    processes = {*Processes(2).map(own_id, None, range(6))}
    assert len(processes) == 2
    assert os.getpid() not in processes


ERRORS = (
    StageFailed([Diagnostic(WRONG, "wrong", Span("a.yaml", 3, 4)), Diagnostic(WRONG, "as well")]),
    headers.NotResolved(),
    ValueError("wrong", 7),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("who", ["this process", "2 processes"])
def test_an_error_keeps_its_type(who: str, error: Exception) -> None:
    done: list[int] = []
    with pytest.raises(type(error)) as raised:
        done.extend(WORKERS[who].map(fail, error, range(4)))
    assert raised.value.args == error.args
    if isinstance(error, StageFailed) and isinstance(raised.value, StageFailed):
        assert raised.value.diagnostics == error.diagnostics


SLEEP = r"""
import os, time
from floe_compiler.pipeline.workers import Processes
def sleep(_shared, _item):
    os.write(1, b"%d\n" % os.getpid())
    time.sleep(60)
try:
    list(Processes(2).map(sleep, None, range(9)))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("end", ["interrupted in the terminal", "terminated", "killed"])
def test_workers_end_with_the_process_that_started_them(end: str) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", SLEEP],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert run.stdout
    children: list[int] = []
    try:
        children += [int(run.stdout.readline()) for _ in range(2)]
        if end == "interrupted in the terminal":
            os.killpg(run.pid, signal.SIGINT)  # as the terminal does
        else:
            run.send_signal(signal.SIGTERM if end == "terminated" else signal.SIGKILL)
        output, errors = run.communicate(timeout=20)
        until = time.monotonic() + 20
        while any(map(is_running, children)) and time.monotonic() < until:
            time.sleep(0.05)
        assert not [*filter(is_running, children)]
        assert errors == ""
        assert ("interrupted" in output) == (end == "interrupted in the terminal")
    finally:
        for process in filter(is_running, (run.pid, *children)):
            os.kill(process, signal.SIGKILL)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def test_the_option_jobs_sets_the_number_of_workers() -> None:
    with workers(1) as single, workers(3) as three, workers(1000) as many:
        assert isinstance(single, ThisProcess)
        assert isinstance(three, Processes)
        assert (single.jobs, three.jobs, many.jobs) == (1, 3, MOST_JOBS)
    assert 1 <= default_jobs() <= MOST_JOBS


def end_at_once(_shared: None, _item: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_killed_by_the_system_is_not_reported_as_a_bug() -> None:
    with pytest.raises(StageFailed) as failed:
        list(Processes(2).map(end_at_once, None, (1, 2)))
    (diagnostic,) = failed.value.diagnostics
    assert diagnostic.rule.code == "W019"
    assert "--jobs 1" in diagnostic.hint
