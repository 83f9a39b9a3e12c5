"""Tests in several processes: everything is reported as if they ran in one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

MODULE = """
import os
import pytest

@pytest.fixture(scope="module", autouse=True)
def shared():
    yield
    with open({log!r}, "a") as log:
        print("torn down", file=log)

def test_ends_its_process():
    if {ends}:
        os._exit(0)

def test_passes(snapshot):
    assert snapshot == "as it was"

def test_fails():
    print("what it printed")
    assert not {ends}

@pytest.mark.skip(reason="not today")
def test_is_skipped():
    pass
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    alone = ("-p", "forked_workers", "-p", "syrupy", "-p", "no:cacheprovider", "-ra", "-W", "ignore")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-m", "pytest", *alone, "--processes", "2", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def modules(tmp_path: Path) -> Sequence[Path]:
    """Return two modules of tests; in the first, one test fails, and one ends its process."""
    modules_ = [tmp_path / "test_first.py", tmp_path / "test_second.py"]
    for module in modules_:
        module.write_text(MODULE.format(log=str(tmp_path / f"{module.stem}.log"), ends=module is modules_[0]))
    return modules_


def test_all_results_are_reported_and_dead_workers_are_replaced(modules: Sequence[Path], tmp_path: Path) -> None:
    result = run(tmp_path, "--snapshot-update")
    assert "2 snapshots generated." in result.stdout
    assert sorted(path.name for path in (tmp_path / "__snapshots__").iterdir()) == [
        "test_first.ambr",
        "test_second.ambr",
    ]
    modules[1].write_text(
        modules[1].read_text().replace("def test_passes(snapshot)", 'def test_passes(snapshot="as it was")')
    )
    done = run(tmp_path)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "test_first.py::test_ends_its_process - The process" in done.stdout
    assert "FAILED test_first.py::test_fails - assert not True" in done.stdout
    assert "The process that ran this test has ended with 0." in done.stdout
    assert "what it printed" in done.stdout
    assert done.stdout.count(": not today") == 2
    assert "1 snapshot passed. 1 snapshot unused." in done.stdout
    assert "2 failed, 4 passed, 2 skipped" in done.stdout
    assert len((tmp_path / "test_second.log").read_text().splitlines()) == 2  # once in each of the two runs


def test_it_stops_after_the_allowed_number_of_failures(modules: Sequence[Path], tmp_path: Path) -> None:
    slow = (
        modules[1]
        .read_text()
        .replace("def test_passes(snapshot):", "def test_passes():\n    __import__('time').sleep(60)")
    )
    modules[1].write_text(slow)
    done = run(tmp_path, "--maxfail", "1", "-k", "passes or fails", "--snapshot-update")
    assert "stopping after 1 failures" in done.stdout
    assert "1 failed" in done.stdout
    assert done.stderr == ""
    assert (tmp_path / "test_second.log").read_text() == "torn down\n"
