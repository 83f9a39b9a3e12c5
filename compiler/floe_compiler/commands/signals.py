"""The ends of a run that somebody asked for: Ctrl-C (SIGINT), and SIGTERM, as CI systems send it to a cancelled job."""

import os
import signal
import sys
from types import FrameType

from floe_compiler.commands.exit_codes import INTERRUPTED, TERMINATED


class Terminated(KeyboardInterrupt):
    """SIGTERM: the run ends as after Ctrl-C, with its temporary folders removed."""


_received: KeyboardInterrupt | None = None


def received() -> KeyboardInterrupt | None:
    """Return what a signal has raised. A later error may follow from it: some modules in C turn it into another one."""
    return _received


def end_at_once() -> None:
    """Let both end the process where it is, as long as there is nothing to clean up.

    Some modules in C crash if they are interrupted while they are imported.
    """
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)


def end_in_order() -> None:
    """Let SIGTERM raise `Terminated`, and SIGINT KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _raise)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _raise)


def ended_by(interrupt: KeyboardInterrupt) -> int:
    """Say that a signal has ended the run, and return the exit code."""
    terminated = isinstance(interrupt, Terminated)
    sys.stderr.write(f"floe-compile: {'terminated' if terminated else 'interrupted'}\n")
    sys.stderr.flush()
    return TERMINATED if terminated else INTERRUPTED


def _end(number: int, _frame: FrameType | None) -> None:
    os._exit(ended_by(Terminated() if number == signal.SIGTERM else KeyboardInterrupt()))


def _raise(number: int, _frame: FrameType | None) -> None:
    global _received
    _received = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
    raise _received
