"""Runs a program for as long as somebody keeps saying that it may run, and not a moment longer.

usage: python -m elector.fence PROGRAM [ARGUMENT ...]

Each line of standard input is a time of the clock CLOCK_BOOTTIME, in seconds: until then the program may run. It starts
after the first line. When the time has come, or standard input ends, or this process dies, the program is killed.

The kernel does it: a timer kills this process, and the program dies with its parent. So it holds as well for a process
that is stopped, frozen or waiting for something. That clock goes on while the machine sleeps, and nobody can set it.

Needs Linux. Runs in Dagster's image, with nothing but Python's own library.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from ctypes.util import find_library
from typing import Any

PR_SET_PDEATHSIG = 1
TIMER_ABSTIME = 1
SIGEV_SIGNAL = 0
CLOCK_BOOTTIME = 7  # <linux/time.h>
NANOSECONDS = 10**9


class Sigevent(ctypes.Structure):
    """`struct sigevent`: 64 bytes on every 64-bit Linux (sigevent(3type))."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_char * 48),
    )


class Timespec(ctypes.Structure):
    """`struct itimerspec`: the interval, which is none, and the time."""

    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


def library() -> Any:
    """Return the C library; before glibc 2.34, its timers were in another one."""
    loaded = ctypes.CDLL(None, use_errno=True)
    return loaded if hasattr(loaded, "timer_create") else ctypes.CDLL(find_library("rt"), use_errno=True)


C = library()


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies; what the process executes keeps that."""
    if C.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class KillTimer:
    """A timer of the kernel that kills this process. SIGKILL works on a stopped process, too."""

    def __init__(self) -> None:
        self._timer = ctypes.c_void_p()
        event = Sigevent(signal=signal.SIGKILL, notify=SIGEV_SIGNAL)
        if C.timer_create(CLOCK_BOOTTIME, ctypes.byref(event), ctypes.byref(self._timer)):
            raise OSError(ctypes.get_errno(), "timer_create")

    def set(self, when: float) -> None:
        """Kill at this time instead; raise OSError if the kernel refuses it."""
        seconds, nanoseconds = divmod(round(when * NANOSECONDS), NANOSECONDS)
        time = Timespec(seconds=seconds, nanoseconds=nanoseconds)
        if C.timer_settime(self._timer, TIMER_ABSTIME, ctypes.byref(time), None):
            raise OSError(ctypes.get_errno(), "timer_settime")


def run(command: list[str]) -> int:
    """Run the program; return its exit code, as a shell does."""
    parent = os.getppid()
    die_with_parent()
    timer, allowed = KillTimer(), os.fdopen(0, "rb", buffering=0)
    first = allowed.readline()
    if not first or os.getppid() != parent:
        return 1
    timer.set(float(first))
    # A signal to the whole group is for the program. A handler, as the program would inherit that it is ignored.
    signal.signal(signal.SIGTERM, lambda *_: None)
    program: subprocess.Popen[bytes] | None = None
    signal.signal(signal.SIGCHLD, lambda *_: ended(program))
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
    ended(program)
    for line in allowed:
        timer.set(float(line))
    program.kill()
    return exit_code(program.wait())


def exit_code(code: int) -> int:
    """Return the exit code of a program as a shell does: 128 and the signal that has killed it."""
    return code if code >= 0 else 128 - code


def ended(program: subprocess.Popen[bytes] | None) -> None:
    """End this process with the exit code of the program, if that has ended."""
    if program and (code := program.poll()) is not None:
        sys.exit(exit_code(code))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
