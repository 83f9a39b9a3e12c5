"""The second process of `watch`: what it makes is taken, and what it does not make is made without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from floe_compiler.cache.store import Store
from floe_compiler.commands import second_process as module
from floe_compiler.commands.compiling import Chosen, Compiling
from floe_compiler.commands.second_process import SecondProcess, second_process
from floe_compiler.commands.watch import Watch
from floe_compiler.model.object_memory import remembering
from floe_compiler.node.cdk8s_process import reusing_process
from floe_compiler.pipeline import compile_mesh, unit_compiler
from floe_compiler.pipeline.units import Compiled, Shared, Task, compile_units
from floe_compiler.pipeline.workers import ThisProcess, Workers
from floe_compiler.report.diff import EnvironmentDiff
from shared_watch import TwoJobs, wait_for
from small_mesh import PRODUCT, add_environment, small_mesh

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")

SECONDS = 120
SHARED, ALONE = ["dev/floe-sales-domain"], ["dev/floe-sales-domain", "qa/floe-sales-domain"]


class Watched:
    """A mesh of two environments, and what this process compiles of it."""

    def __init__(self, mesh: Path) -> None:
        run = Compiling(Chosen(mesh, mesh), Store(mesh.parent / "cache"), TwoJobs(), lambda _: None)
        self.mesh, self.watch = mesh, Watch(run, clock=lambda: 0)
        self.compiled: list[str] = []
        self.minute = 0

    @property
    def second(self) -> SecondProcess:
        """Return the second process."""
        assert self.watch.second
        return self.watch.second

    def compile_units(
        self, shared: Shared, tasks: Sequence[Task], meanwhile: Callable[[], object] | None = None
    ) -> list[Compiled]:
        """Compile, and note which units."""
        self.compiled += [f"{task.key.environment}/{task.key.namespace}" for task in tasks]
        return compile_units(shared, tasks, meanwhile)

    def save(self) -> None:
        """Let the product run a minute later."""
        path = self.mesh / PRODUCT
        path.write_text(path.read_text().replace(f"{self.minute} 6 *", f"{self.minute + 1} 6 *"))
        self.minute += 1

    def answer(self) -> list[str]:
        """Answer a save, and return what this process has compiled for it."""
        self.compiled.clear()
        self.save()
        self.watch.answer()
        self.watch.keep_results()
        return sorted(self.compiled)

    def is_right(self) -> bool:
        """Return whether all is as if it was compiled from nothing."""
        compiled, expected = self.watch.compiled, compile_mesh(self.mesh)
        assert compiled
        return (dict(compiled.files), compiled.warnings) == (dict(expected.files), expected.warnings)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    mesh = small_mesh(tmp_path_factory.mktemp("second") / "mesh", {})
    add_environment(mesh, "qa")
    watched = Watched(mesh)
    with pytest.MonkeyPatch.context() as patched, remembering(), reusing_process():
        patched.setattr(unit_compiler, "compile_units", watched.compile_units)
        watched.watch.begin()
        watched.watch.read_ahead()
        wait_for(watched.second)
        assert watched.answer() == SHARED
        yield watched
        watched.watch.close()


def test_it_compiles_half_of_the_environments(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        capsys.readouterr()
        assert watched.answer() == SHARED
        shown = capsys.readouterr()
        change = f'      ~ spec.schedule: "{watched.minute - 1} 6 * * *" -> "{watched.minute} 6 * * *"'
        assert [line for line in shown.out.splitlines() if "~ spec" in line] == [change] * 2
        assert shown.err == "floe-compile: dev: 1 changed; qa: 1 changed (0.00 s)\n"
    assert watched.is_right()


def test_what_it_compiles_is_kept_for_other_runs(watched: Watched) -> None:
    assert watched.answer() == SHARED
    assert compile_mesh(watched.mesh, cache=Store(watched.mesh.parent / "cache")).compiled_units == {}


def test_its_differences_are_taken(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, EnvironmentDiff] = {}

    def noted(*args: object) -> object:
        known.update(args[2])  # type: ignore[call-overload]
        return ()

    monkeypatch.setattr("floe_compiler.commands.watch.differences_between", noted)
    assert watched.answer() == SHARED
    assert [(name, [change.identity.name for change in diff.changes]) for name, diff in known.items()] == [
        ("qa", ["orders"])
    ]


def test_if_it_has_seen_other_files_its_part_is_compiled_here(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = SecondProcess.ask

    def ask_too_early(second: SecondProcess) -> None:
        ask(second)
        assert second.is_answering(SECONDS)
        watched.save()

    monkeypatch.setattr(SecondProcess, "ask", ask_too_early)
    assert watched.answer() == ALONE
    assert watched.is_right()
    assert f'-> "{watched.minute} 6 * * *"' in capsys.readouterr().out
    monkeypatch.undo()
    wait_for(watched.second)
    assert watched.answer() == SHARED


def test_if_it_is_late_its_part_is_compiled_here(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    pid = watched.second.process.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    begin = time.monotonic()
    try:
        assert watched.answer() == ALONE
        assert time.monotonic() - begin < SECONDS / 2
        monkeypatch.setattr(module, "PATIENCE", SECONDS)
        assert watched.answer() == ALONE, "it is not waited for again"
        assert watched.is_right()
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(watched.second)
    assert watched.answer() == SHARED
    assert watched.is_right()


def test_an_error_is_found_here(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    text = (watched.mesh / PRODUCT).read_text()
    (watched.mesh / PRODUCT).write_text(text.replace(" 6 * * *", " 25 * * *"))
    watched.watch.answer()
    assert "floe-compile: 1 error; the next save is compiled again\n" in capsys.readouterr().err
    (watched.mesh / PRODUCT).write_text(text)
    wait_for(watched.second)
    assert watched.answer() == SHARED
    assert watched.is_right()


@pytest.mark.parametrize(
    ("environments", "workers"), [(("dev",), TwoJobs()), ((), ThisProcess())], ids=["one environment", "one core"]
)
def test_there_is_none_if_it_has_nothing_to_do(
    watched: Watched, environments: tuple[str, ...], workers: Workers
) -> None:
    run = Compiling(Chosen(watched.mesh, watched.mesh, environments), Store(watched.mesh), workers, lambda _: None)
    assert second_process(run, run.compiled()) is None


def test_if_it_ends_all_is_compiled_here(watched: Watched) -> None:  # the last one that needs it
    watched.second.process.kill()
    for _ in range(2):
        assert watched.answer() == ALONE
    assert watched.is_right()


def started(mesh: Path, temporary: Path) -> subprocess.Popen[str]:
    """Return the program, in a group of processes of its own, as soon as it has started the second process."""
    temporary.mkdir()
    program = "import sys; from floe_compiler.program import main; sys.exit(main())"
    run = subprocess.Popen(
        [sys.executable, "-c", program, "watch", "--jobs", "2", "--root", mesh, "--cache", mesh.parent / "cache"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    )
    wait_until(lambda: len(programs_of(run.pid)) > 2)  # one keeps track of what processes share
    return run


def programs_of(group: int) -> list[str]:
    """Return the names of the processes in a group that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, fields = stat.read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        state, _, its_group = fields.split()[:3]
        if int(its_group) == group and state != "Z":
            found.append(name)
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="the processes of a group are read from /proc")
@pytest.mark.thorough  # two whole programs, each with a second process
def test_it_ends_with_the_first_process(watched: Watched, tmp_path: Path) -> None:
    interrupted = started(watched.mesh, tmp_path / "interrupted")
    os.killpg(interrupted.pid, signal.SIGINT)  # as Ctrl-C does
    killed = started(watched.mesh, tmp_path / "killed")
    assert killed.stderr
    while "watching" not in killed.stderr.readline():
        assert killed.poll() is None
    killed.kill()
    said = interrupted.communicate(timeout=SECONDS)[1].splitlines()
    assert said[-1] == "floe-compile: interrupted"
    assert [line for line in said if not line.startswith("floe-compile: ")] == []
    assert interrupted.returncode == 130
    assert list((tmp_path / "interrupted").iterdir()) == []
    wait_until(lambda: not programs_of(interrupted.pid) + programs_of(killed.pid))
    killed.communicate()
