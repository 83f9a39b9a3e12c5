"""What holds for all tests."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers
from hypothesis.internal.intervalsets import IntervalSet

from floe_compiler.cache.folder import VARIABLE
from floe_compiler.cli import main
from floe_compiler.components import registry
from floe_compiler.load import git_folder
from floe_compiler.node.cdk8s_process import reusing_process
from floe_compiler.overlay import kustomize, portions
from floe_compiler.resolve.schemas import plain_schemas

pytest_plugins = ["forked_workers"]

SMALL = Path(__file__).parent / "meshes" / "small"
PATH_IN_GIT = git_folder.path_in_git
MEMORY, NEEDED = Path("/dev/shm"), 2 << 30
UTF_8 = IntervalSet([(0, 0xD7FF), (0xE000, sys.maxunicode)]), IntervalSet([])
INTERVALS = charmap.intervals_from_codec

# Few examples, always the same, keep the gate short: `make thorough` tries many, and others each time.
settings.register_profile("fast", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fast")
settings.load_profile(PROFILE)
if PROFILE == "fast":
    # Hypothesis would read all modules that are loaded for constants to try. In each process, that takes seconds, and
    # as the modules depend on the tests before, so would the examples.
    providers._get_local_constants = lambda: providers._local_constants
# It would also try to encode each character, before it writes its first text in a new clone: 3 seconds in each process.
charmap.intervals_from_codec = cache(lambda codec: UTF_8 if codec == "utf-8" else INTERVALS(codec))


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C end what tests start: a shell without job control has programs in the background ignore it.

    A run of all tests writes into memory, if there is room: it makes 70,000 files, for which processes wait otherwise.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.processes > 1 and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED:
        folder = Path(tempfile.mkdtemp(prefix="t-", dir=MEMORY))
        folder.chmod(0o755)  # some programs run as another user
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make what nearly all tests need before processes are forked, and search for cycles only among what tests make.

    Otherwise, Python spends a twentieth of its time on looking through modules and tests that all stay.
    """
    if session.config.option.processes > 1:
        plain_schemas(registry())
        _compile_once()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _compile_once() -> None:
    """Compile a mesh, which takes a second and a half the first time, a tenth of it after that."""
    with tempfile.TemporaryDirectory() as folder:
        mesh = Path(folder, "mesh")
        shutil.copytree(SMALL, mesh, copy_function=shutil.copyfile)
        assert main(["compile", "--root", str(mesh), "--cache", f"{folder}/cache", "--jobs", "1", "--quiet"]) == 0


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let each mesh be at the top of a Git repository, wherever it is, but not in tests with the mark `git`.

    A hook costs less than a fixture, which pytest prepares anew for each of many thousand tests.
    """
    setattr(git_folder, "path_in_git", PATH_IN_GIT if item.get_closest_marker("git") else lambda _root: "")  # noqa: B010


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test, but report that it was set up and torn down only where that failed or skipped it.

    Each report goes from one process to another: for tests that mostly take a thousandth of a second, that is a good
    part of all that they cost.
    """
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


RunKustomize = Callable[[list[str], str, Mapping[str, str]], tuple[str, list[str]]]


def remembering(run: RunKustomize) -> RunKustomize:
    """Return `run_kustomize`, which does not start kustomize again for the very files for which it has answered.

    To start it takes a tenth of a second, more than all else in a small mesh, and many tests compile the same one.
    """
    usual = kustomize.find_kustomize()

    @lru_cache(maxsize=500)
    def answer(folder: str, files: tuple[tuple[str, str], ...]) -> tuple[str, list[str]] | str:
        try:
            return run(usual, folder, dict(files))
        except kustomize.KustomizeError as error:
            return str(error)

    def remembered(command: list[str], folder: str, files: Mapping[str, str]) -> tuple[str, list[str]]:
        if command != usual:
            return run(command, folder, files)
        result = answer(folder, tuple(files.items()))
        if isinstance(result, str):
            raise kustomize.KustomizeError(result)
        text, warnings = result
        return text, [*warnings]

    return remembered


@pytest.fixture(scope="session", autouse=True)
def _shared_by_all_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the cache of the tests, and of the programs that they start, apart from that of whoever runs them.

    Processes that share the tests share it, too. The compilations in one of them share a process of Node.js. They use
    one core unless a test says otherwise: other tests use the others, and to fork a process that has all tests in its
    memory costs more than it saves. And they ask kustomize once for what most of them ask it.
    """
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if multiprocessing.parent_process() else folder
    with pytest.MonkeyPatch.context() as patch, reusing_process():
        patch.setenv(VARIABLE, str(shared / "cache"))
        patch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
        remembered = remembering(kustomize.run_kustomize)
        for module in (kustomize, portions):
            patch.setattr(module, "run_kustomize", remembered)
        yield
