"""kustomize may be started before it is needed: what it builds is the same, and nothing of it is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from floe_compiler.overlay import started_ahead
from floe_compiler.overlay.kustomize import KustomizeError, find_kustomize, run_kustomize
from floe_compiler.overlay.started_ahead import MOST_BYTES, Waiting, start_next, starting_ahead

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
FILES = {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": OBJECT}
PREFIXED = {**FILES, "base/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: x-\n"}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Say that kustomize has run once, so that it can be started ahead."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    command = find_kustomize()
    with starting_ahead():
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "run", lambda words, **_: subprocess.CompletedProcess(words, 0, "", ""))
            run_kustomize(command, "base", FILES)
        yield command
    assert not [*tmp_path.iterdir()], "a temporary folder is left"


def waiting(seconds: float = 30) -> Waiting:
    """Start the program, and return it when it waits."""
    until = time.monotonic() + seconds
    start_next()
    while time.monotonic() < until:
        assert started_ahead._ahead is not None
        (waiting_,) = started_ahead._ahead.waiting.values()
        if waiting_.open():
            return waiting_
        time.sleep(0.01)
    raise AssertionError("it does not wait")


def test_a_process_started_ahead_builds_the_same(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run_kustomize(command, "base", PREFIXED)
    started = waiting()
    monkeypatch.setattr(subprocess, "run", None)

    assert run_kustomize(command, "base", PREFIXED) == expected
    assert "x-a" in expected[0]
    assert started.process.poll() == 0
    with pytest.raises(TypeError):  # only one had been started
        run_kustomize(command, "base", FILES)


def test_a_process_that_is_not_ready_or_has_ended_is_not_awaited(command: list[str]) -> None:
    start_next()
    assert run_kustomize(command, "base", FILES)[0] == OBJECT.replace("{name: a}", "\n  name: a").replace(": \n", ":\n")
    waiting().process.kill()
    assert "name: a" in run_kustomize(command, "base", FILES)[0]


def test_errors_are_those_of_a_separate_run(command: list[str]) -> None:
    wrong = {**FILES, "base/kustomization.yaml": "resources: [b.yaml]\n"}
    waiting()
    with pytest.raises(KustomizeError) as raised:
        run_kustomize(command, "base", wrong)
    with pytest.raises(KustomizeError) as expected:
        run_kustomize(command, "base", wrong)
    assert str(raised.value) == str(expected.value)


def test_warnings_are_those_of_a_separate_run(command: list[str]) -> None:
    old = {**FILES, "base/kustomization.yaml": "resources: [a.yaml]\ncommonLabels: {a: b}\n"}
    waiting()
    answer, expected = (run_kustomize(command, "base", old) for _ in range(2))
    assert answer == expected
    assert expected[1]


def test_a_file_too_large_for_a_pipe_is_not_sent_through_it(command: list[str]) -> None:
    started = waiting()
    long = {**FILES, "base/kustomization.yaml": f"{FILES['base/kustomization.yaml']}# {MOST_BYTES * '-'}\n"}
    assert "name: a" in run_kustomize(command, "base", long)[0]
    assert started.process.poll() != 0


def test_a_process_waits_in_the_folder_of_the_last_run(command: list[str]) -> None:
    first = waiting()
    start_next()
    assert waiting() is first
    run_kustomize(command, "other", {file.replace("base", "other"): text for file, text in FILES.items()})
    second = waiting()
    assert second.first == "other/kustomization.yaml"
    assert first.process.poll() is not None
    assert not Path(first.staged.name).exists()


def test_outside_of_the_context_nothing_is_started() -> None:
    run_kustomize(find_kustomize(), "base", FILES)
    start_next()
    assert started_ahead._ahead is None


def started_and_killed(command: list[str], sender: Connection) -> None:
    """Start the program, say which process it is, and end without a chance to end it, too."""
    with starting_ahead():
        run_kustomize(command, "base", FILES)
        sender.send(waiting().process.pid)
        os.kill(os.getpid(), signal.SIGKILL)


def test_it_ends_with_the_process_that_has_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    run = fork.Process(target=started_and_killed, args=(find_kustomize(), sender))
    run.start()
    sender.close()
    pid, until = receiver.recv(), time.monotonic() + 10
    run.join(60)
    assert run.exitcode == -signal.SIGKILL
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return  # it has ended, and nobody asks for its code
        time.sleep(0.02)
    pytest.fail("it goes on")
