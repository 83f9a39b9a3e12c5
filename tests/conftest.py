"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers
from hypothesis.internal.intervalsets import IntervalSet

from floe_compiler.cache.folder import VARIABLE
from floe_compiler.load import git_folder
from floe_compiler.node.cdk8s_process import kept

PATH_IN_GIT = git_folder.path_in_git
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


def pytest_configure() -> None:
    """Let Ctrl-C end what tests start: a shell without job control has programs in the background ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Search for cycles only among what tests make, and rarely.

    Otherwise, Python spends a twentieth of its time on looking through modules and tests that all stay.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let each mesh be at the top of a Git repository, wherever it is, but not in tests with the mark `git`.

    A hook costs less than a fixture, which pytest prepares anew for each of many thousand tests.
    """
    setattr(git_folder, "path_in_git", PATH_IN_GIT if item.get_closest_marker("git") else lambda _root: "")  # noqa: B010


@pytest.fixture(scope="session", autouse=True)
def _shared_by_all_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the cache of the tests, and of the programs that they start, apart from that of whoever runs them.

    Processes that share the tests share it, too. The compilations in one of them share a process of Node.js. They use
    one core unless a test says otherwise: other tests use the others, and to fork a process that has all tests in its
    memory costs more than it saves.
    """
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with pytest.MonkeyPatch.context() as patch, kept():
        patch.setenv(VARIABLE, str(shared / "cache"))
        patch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
        yield
