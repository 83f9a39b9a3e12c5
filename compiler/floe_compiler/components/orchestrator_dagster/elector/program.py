"""The program that runs while a pod holds the Lease."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

from .clock import now
from .options import Options

LONGEST_START = 600
"""Seconds that a program may take until its health check succeeds for the first time."""


class HealthCheck:
    """A command that says whether the program works, and that runs beside it again and again."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._first = now()
        self._failures, self._succeeded = 0, False

    def failed(self) -> bool:
        """Go on with the check; return whether it has failed too often."""
        if self._process is None:
            if self._options.check and now() >= self._started + self._options.check_interval:
                self._started = now()
                self._process = subprocess.Popen(
                    self._options.check, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
                )
            return False
        if self._process.poll() is None and now() < self._started + self._options.check_timeout:
            return False
        self._process.kill()
        works = self._process.wait() == 0
        self._process, self._succeeded = None, self._succeeded or works
        self._failures = 0 if works else self._failures + 1
        tolerated = not self._succeeded and now() < self._first + LONGEST_START
        return self._failures >= self._options.check_failures and not tolerated

    def stop(self) -> None:
        """End the check that runs."""
        if self._process:
            self._process.kill()
            self._process.wait()


class Program:
    """The program, behind its fence. `deadline` is when it must have been ended unless the Lease is renewed."""

    def __init__(self, options: Options, deadline: float) -> None:
        fence = (sys.executable, "-m", f"{__package__}.fence")
        self._grace = options.stop
        self._fence = subprocess.Popen(
            (*fence, *options.program), stdin=subprocess.PIPE, start_new_session=True, bufsize=0
        )
        self.check = HealthCheck(options)
        self.allow(deadline)

    def allow(self, deadline: float) -> None:
        """Let the program run until then."""
        self.deadline = deadline
        with suppress(OSError):  # it has ended
            assert self._fence.stdin  # noqa: S101 - a pipe
            self._fence.stdin.write(f"{deadline + self._grace:.6f}\n".encode())

    def ended(self) -> int | None:
        """Return the program's exit code if it has ended."""
        return self._fence.poll()

    def stop(self) -> None:
        """End the program; kill it when its time has come."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._fence.wait(max(self.deadline + self._grace - now(), 0))
        self.kill()

    def kill(self) -> None:
        """Kill the program, and wait until all of its processes are gone."""
        self._signal(signal.SIGKILL)
        self._fence.wait()
        self.check.stop()
        # Those that it has left behind are now children of this process.
        self._signal(signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-self._fence.pid, 0)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._fence.pid, number)
