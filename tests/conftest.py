"""What holds for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from floe_compiler.cache.folder import VARIABLE
from floe_compiler.load import git_folder
from floe_compiler.node.cdk8s_process import kept

PATH_IN_GIT = git_folder.path_in_git

# Few examples, always the same, keep the gate short: `make thorough` tries many, and others each time.
settings.register_profile("fast", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the cache of the tests, and of the programs that they start, apart from that of whoever runs them.

    Processes that share the tests share it, too.
    """
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(shared / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_node() -> Iterator[None]:
    """Let the compilations in one process of the tests share a process of Node.js."""
    with kept():
        yield


@pytest.fixture(scope="session", autouse=True)
def _at_the_top_of_a_repository() -> Iterator[None]:
    """Let each mesh be at the top of a Git repository, wherever the tests keep it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(git_folder, "path_in_git", lambda _root: "")
        yield


@pytest.fixture(autouse=True)
def _where_git_says(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for the Git repository in tests with the mark `git`."""
    if request.node.get_closest_marker("git"):
        monkeypatch.setattr(git_folder, "path_in_git", PATH_IN_GIT)
