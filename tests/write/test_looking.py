"""What another process has seen is what this one would see; whatever goes wrong there, this one looks itself."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from floe_compiler.model.cache import Cache
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.spill import Spill
from floe_compiler.write import looking
from floe_compiler.write.look import Looks, look
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
    """Return the processes that looked, of those that this one knows of."""
    pids: list[int] = []

    def noted(
        root: Path, environments: Iterator[str], store: Cache, complete: bool = True, spill: Spill | None = None
    ) -> Looks:
        pids.append(os.getpid())
        return look(root, environments, store, complete, spill)

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


def same(earlier: Looks, other: Looks) -> bool:
    """Compare two looks but for the stats: those of new files are kept only after some milliseconds."""

    def told(looks: Looks) -> list[object]:
        return [
            (seen.environment, seen.index, seen.snapshot.hashes, seen.snapshot.with_line_feeds, seen.snapshot.folders)
            for seen in looks
        ]

    return (earlier.findings, told(earlier)) == (other.findings, told(other))


def looked(root: Path, before: Callable[[], object] = lambda: None) -> Looks:
    with looking.looking(root, DIGESTS, STORE) as seen:
        before()
        first = seen()
        assert seen() is first
    return first


@forking
def test_another_process_sees_the_same(root: Path, looks: list[int], forked: list[int]) -> None:
    assert same(looked(root), look(root, DIGESTS, STORE))
    assert looks == [], "this process did not look"
    with pytest.raises(ChildProcessError):
        os.waitpid(forked[0], os.WNOHANG)


def test_one_core_does_it_itself(root: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "linux":
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert same(looked(root), look(root, DIGESTS, STORE))
    assert looks == [os.getpid()]


@forking
def test_what_must_be_reported_is_seen_here(root: Path, looks: list[int]) -> None:
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
    here = os.getpid()

    def slow(*arguments: object) -> Looks:
        if os.getpid() != here:
            time.sleep(60)
        looks.append(os.getpid())
        return look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(looking, "look", slow)
    assert same(looked(root, lambda: os.kill(forked[0], number)), look(root, DIGESTS, STORE))
    assert looks == [here]


@forking
def test_a_run_that_fails_does_not_wait_for_what_was_seen(tmp_path: Path, looks: list[int]) -> None:
    texts = {f"a__{number:04}": "x" for number in range(2000)}  # more than a pipe holds
    write_output(tmp_path, files(**texts))
    started = time.monotonic()
    with pytest.raises(RuntimeError), looking.looking(tmp_path, DIGESTS, STORE):
        raise RuntimeError
    assert time.monotonic() - started < 30
    assert looks == []
