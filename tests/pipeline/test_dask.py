"""A Dask cluster does the work: a real scheduler and two workers on the loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh, headers, unit_compiler
from floe_compiler.pipeline import workers as workers_module
from floe_compiler.pipeline.units import Shared
from floe_compiler.pipeline.workers import DaskCluster, Workers, workers
from pipeline.mesh_of_three import Recorder, every_unit, files, write

TESTS = Path(__file__).parents[1]
CLUSTER = Path(__file__).with_name("dask_cluster.py")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a scheduler with two workers, which share neither cache nor temporary files with us."""
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "FLOE_COMPILE_CACHE": str(folder / "none")}
    with (folder / "log").open("w") as log:
        cluster = subprocess.Popen(
            [sys.executable, CLUSTER, file], env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    try:
        yield wait_for_workers(file, 2)
        assert not (folder / "none").exists()
    finally:
        cluster.communicate()


def wait_for_workers(file: Path, number: int) -> str:
    """Return the scheduler's address once it has that many workers."""
    from distributed import Client

    until = time.monotonic() + 60
    while not (address := address_in(file)):
        assert time.monotonic() < until, "no scheduler"
        time.sleep(0.05)
    with Client(address, timeout="30s", set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(number, timeout=60)
    return address


def address_in(file: Path) -> str:
    """Return the address in a scheduler's file; empty while it is not yet written as a whole."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (OSError, ValueError):
        return ""


@pytest.fixture(autouse=True)
def divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three units be a piece of work, and each scope one of its own: each piece of units starts Node.js."""
    monkeypatch.setattr(unit_compiler, "FEW", 3)
    monkeypatch.setattr(headers, "CHUNK", 1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the mesh."""
    return write(tmp_path_factory.mktemp("mesh"), files())


@pytest.fixture(scope="module")
def expected(root: Path) -> dict[str, str]:
    """Return what the mesh compiles to in this process."""
    return dict(compile_mesh(root, ("dev",)).files)


class Killing:
    """Workers of which the first that gets an item is killed by it. What is sent to them is looked at, too."""

    def __init__(self, workers_: Workers, marker: Path) -> None:
        self._others, self._marker = workers_, marker
        self.jobs, self.share_files = workers_.jobs, workers_.share_files
        self.caches: list[object] = []

    def map(self, function: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any]) -> Iterator[Any]:
        if isinstance(shared, Shared):
            self.caches.append(shared.cache)
            return self._others.map(die_once, (str(self._marker), function, shared), items)
        return self._others.map(function, shared, items)


def die_once(shared: tuple[str, Callable[[Any, Any], Any], Any], item: Any) -> Any:
    """Kill the process that this runs in, unless the marker says that it has happened; else call the function."""
    marker, function, argument = shared
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return function(argument, item)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def test_the_command_line_lets_the_cluster_compile(
    address: str, root: Path, expected: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh = write(tmp_path, files())
    options = ("--root", str(mesh), "--env", "dev", "--executor", f"dask={address}", "--no-cache")
    assert main(["compile", *options]) == 0, capsys.readouterr().err
    assert {path: (mesh / path).read_text() for path in expected} == expected


def refusal(address: str) -> tuple[str, str, str]:
    """Return code, message and hint of what is wrong with an executor."""
    with pytest.raises(StageFailed) as failed, workers(executor=f"dask={address}") as opened:
        list(opened.map(divmod, 7, [2, 3]))
    (diagnostic,) = failed.value.diagnostics
    return diagnostic.rule.code, diagnostic.message, diagnostic.hint


def test_workers_with_another_compiler_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "compiler_digest", lambda: "another")
    code, message, hint = refusal(address)
    assert code == "W019"
    assert "another version of floe-compile" in message
    assert "same versions" in hint


def test_other_workers_finish_the_items_of_a_lost_worker(
    address: str, root: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    """The last test of the cluster: one of its workers is gone then."""
    cache = Recorder()
    with workers(executor=f"dask={address}") as cluster:
        assert cluster.jobs == 2
        killing = Killing(cluster, tmp_path / "died")
        assert dict(compile_mesh(root, ("dev",), workers=killing, cache=cache).files) == expected
        with pytest.raises(ZeroDivisionError):
            list(cluster.map(divmod, 7, [2, 0]))
    assert (tmp_path / "died").exists()
    assert killing.caches
    assert {*killing.caches} == {None}, "workers elsewhere do not have the files of this machine"
    assert cache.compiled == every_unit("dev"), "their results are cached here"
    again = Recorder(cache)
    assert dict(compile_mesh(root, ("dev",), cache=again).files) == expected
    assert again.put_entries == []


def test_a_scheduler_that_does_not_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "PATIENCE", "0.2s")
    code, message, hint = refusal("tcp://127.0.0.1:1")
    assert code == "W019"
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in message
    assert hint == "start it, or correct the address"


@pytest.mark.parametrize("wrong", ["127.0.0.1:1", "nowhere", "", "tcp://", "tcp://scheduler", "ftp://127.0.0.1:1"])
def test_an_invalid_address_is_reported(wrong: str) -> None:
    assert refusal(wrong) == (
        "W019",
        f'"{wrong}" is not the address of a Dask scheduler',
        "write dask=tcp://host:port",
    )


def test_a_missing_package_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        arguments = ["check", "--root", str(write(tmp_path, files())), "--executor", "dask=tcp://127.0.0.1:1"]
        assert main(arguments) == 1
    output = capsys.readouterr()
    assert "W019" in output.out + output.err
    assert "pip install 'floe-compile[dask]'" in output.out + output.err


class Client:
    """A client of a cluster with so many workers; each item is done in a thread."""

    def __init__(self, number: int) -> None:
        self._number = number

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        return {"workers": dict.fromkeys(range(self._number))}

    def get_executor(self, **_options: Any) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1)


def test_a_cluster_without_workers_is_reported() -> None:
    with pytest.raises(StageFailed) as failed:
        DaskCluster(Client(0))  # type: ignore[arg-type]
    assert failed.value.diagnostics[0].hint.startswith("start some: dask worker")


def kill_workers(_shared: None, _item: int) -> None:
    from distributed import KilledWorker

    raise KilledWorker("item", None, 3)  # type: ignore[arg-type]


def test_an_item_that_kills_every_worker_is_reported() -> None:
    with pytest.raises(StageFailed) as failed:
        list(DaskCluster(Client(2)).map(kill_workers, None, [1]))  # type: ignore[arg-type]
    assert failed.value.diagnostics[0].message == "too many workers of the Dask cluster died"
