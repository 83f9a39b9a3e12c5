"""The fence of a program, and when a pod considers the Lease free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from elector_pods import alive, eventually, now, rendered_package
from floe_compiler.components.orchestrator_dagster.elector.election import Seen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fence needs a timer of Linux")

SLEEP = "echo $$; sleep 60"
STUBBORN = f"trap '' TERM; {SLEEP}"


def fence(script: str, seconds: float | None = 30) -> tuple[subprocess.Popen[bytes], int]:
    """Start a fenced shell that may run for this time; return the fence, and the process ID of the shell."""
    command = [sys.executable, "-m", "elector.fence", "sh", "-c", script]
    fenced = subprocess.Popen(command, cwd=rendered_package(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert fenced.stdin
    assert fenced.stdout
    if seconds is None:
        close(fenced)
        return fenced, 0
    allow(fenced, seconds)
    return fenced, int(fenced.stdout.readline() or 0)


def allow(fenced: subprocess.Popen[bytes], seconds: float) -> None:
    assert fenced.stdin
    fenced.stdin.write(f"{now() + seconds:.6f}\n".encode())


def close(fenced: subprocess.Popen[bytes]) -> None:
    assert fenced.stdin
    assert fenced.stdout
    fenced.stdin.close()
    fenced.stdout.close()


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("script", [SLEEP, STUBBORN], ids=["polite", "stubborn"])
def test_the_kernel_kills_the_program_at_its_deadline(script: str, stopped: bool) -> None:
    fenced, shell = fence(script)
    allow(fenced, 1.0)
    started = now()
    if stopped:
        time.sleep(0.3)  # it reads what it may
        for pid in (fenced.pid, shell):
            os.kill(pid, signal.SIGSTOP)
    assert fenced.wait(10) == -signal.SIGKILL
    assert 0.9 < now() - started < 5
    eventually(lambda: not alive(shell), 5)
    close(fenced)


def test_the_program_runs_as_long_as_its_time_is_extended() -> None:
    fenced, shell = fence(SLEEP, 3)
    for _ in range(20):
        time.sleep(0.2)
        allow(fenced, 3)
    assert alive(shell)
    close(fenced)
    assert fenced.wait(5) == 128 + signal.SIGKILL, "nobody extends its time any more"
    assert not alive(shell)


def test_the_program_dies_with_the_fence() -> None:
    fenced, shell = fence(STUBBORN)
    fenced.kill()
    fenced.wait()
    eventually(lambda: not alive(shell), 5)
    close(fenced)


def test_nothing_starts_without_a_deadline(tmp_path: Path) -> None:
    fenced, _ = fence(f"touch {tmp_path}/started", seconds=None)
    assert fenced.wait(10) == 1
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(("script", "code"), [("echo 1; exit 3", 3), ("echo 1; kill -9 $$", 137), ("echo 1", 0)])
def test_the_fence_ends_with_the_program(script: str, code: int) -> None:
    fenced, _ = fence(script)
    assert fenced.wait(10) == code
    close(fenced)


def test_signals_are_passed_to_the_program() -> None:
    fenced, shell = fence("trap 'exit 7' TERM; echo $$; while :; do sleep 0.1; done")
    fenced.terminate()
    time.sleep(0.3)
    assert alive(shell)
    os.kill(shell, signal.SIGTERM)
    assert fenced.wait(10) == 7
    close(fenced)


def lease(version: str, holder: str = "other", duration: object = 8) -> dict[str, Any]:
    return {
        "metadata": {"resourceVersion": version},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": duration},
    }


def test_a_lease_is_free_one_duration_after_its_last_change() -> None:
    observer = Seen("me", 8)
    assert observer.free_at(lease("1"), 100) == 108
    assert observer.free_at(lease("1"), 105) == 108
    assert observer.free_at(lease("2"), 107) == 115
    assert observer.free_at(lease("2"), 200) == 115


def test_the_longer_duration_counts() -> None:
    """During a change of settings, the holder uses its own duration."""
    assert Seen("me", 8).free_at(lease("1", duration=15), 100) == 115
    assert Seen("me", 15).free_at(lease("1", duration=8), 100) == 115
    assert Seen("me", 8).free_at(lease("1", duration=None), 100) == 108


def test_a_released_lease_and_ones_own_are_free() -> None:
    observer = Seen("me", 8)
    assert observer.free_at(lease("1", holder="", duration=1), 100) == 100
    assert observer.free_at(lease("2", holder="me"), 101) == 101
    assert observer.free_at(lease("3", holder=""), 102) == 110, "somebody has changed it"


def test_a_missing_lease_counts_like_a_new_one() -> None:
    observer = Seen("me", 8)
    assert observer.free_at(lease("1"), 100) == 108
    assert observer.free_at(None, 107) == 115
    assert observer.free_at(None, 114) == 115
