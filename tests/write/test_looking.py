"""A look by another process equals one by this process, which looks itself if anything fails there."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from floe_compiler.model.cache import Cache
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.write import looking
from floe_compiler.write.output import Look, look
from write.tree import DIGESTS, STORE, files, write_output

forking = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_output(tmp_path, files(a__one="1", a__two="2"))
    (tmp_path / "output/dev/a/three.yaml").write_bytes(b"foreign\r\n")
    return tmp_path


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "linux":
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the known processes that looked."""
    pids: list[int] = []

    def noted(root: Path, environments: Iterator[str], store: Cache, complete: bool = True) -> Look:
        pids.append(os.getpid())
        return look(root, environments, store, complete)

    monkeypatch.setattr(looking, "look", noted)
    return pids


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the processes that were forked."""
    pids, fork = [], os.fork

    def noted() -> int:
        pids.append(fork())
        return pids[-1]

    monkeypatch.setattr(os, "fork", noted)
    return pids


def same_look(earlier: Look, later: Look) -> bool:
    """Compare two looks except their stats: those of new files are kept only after some milliseconds."""
    (first, snapshot), (second, later_snapshot) = ((look, look.snapshot) for look in (earlier, later))
    return (first.indexes, first.findings) == (second.indexes, second.findings) and (
        (snapshot.hashes, snapshot.with_line_feeds, snapshot.folders)
        == (later_snapshot.hashes, later_snapshot.with_line_feeds, later_snapshot.folders)
    )


def looked(root: Path, before: Callable[[], object] = lambda: None) -> Look:
    with looking.looking(root, DIGESTS, STORE) as look:
        before()
        first = look()
        assert look() is first
    return first


@forking
def test_another_process_gives_the_same_result(root: Path, looks: list[int], forked: list[int]) -> None:
    assert same_look(looked(root), look(root, DIGESTS, STORE))
    assert looks == [], "this process did not look"
    with pytest.raises(ChildProcessError):
        os.waitpid(forked[0], os.WNOHANG)


def test_with_one_core_no_process_is_forked(root: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "linux":
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert same_look(looked(root), look(root, DIGESTS, STORE))
    assert looks == [os.getpid()]


@forking
def test_findings_are_reported_by_this_process(root: Path, looks: list[int]) -> None:
    (root / "output/dev/a/link.yaml").symlink_to("one.yaml")
    assert [finding.rule.code for finding in looked(root).findings] == ["W010"]
    assert looks == [os.getpid()]


@forking
def test_an_output_that_cannot_be_read_is_reported_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "look", lambda *_: (_ for _ in ()).throw(StageFailed([])))
    with pytest.raises(StageFailed):
        looked(root)


@forking
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_killed_is_replaced(
    root: Path, looks: list[int], forked: list[int], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    own_pid = os.getpid()

    def slow(*arguments: object) -> Look:
        if os.getpid() != own_pid:
            time.sleep(60)
        looks.append(os.getpid())
        return look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(looking, "look", slow)
    assert same_look(looked(root, lambda: os.kill(forked[0], number)), look(root, DIGESTS, STORE))
    assert looks == [own_pid]


@forking
def test_a_failing_run_does_not_wait_for_the_other_process(tmp_path: Path, looks: list[int]) -> None:
    texts = {f"a__{number:04}": "x" for number in range(2000)}  # more than a pipe holds
    write_output(tmp_path, files(**texts))
    started = time.monotonic()
    with pytest.raises(RuntimeError), looking.looking(tmp_path, DIGESTS, STORE):
        raise RuntimeError
    assert time.monotonic() - started < 30
    assert looks == []
