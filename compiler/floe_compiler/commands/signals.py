"""The ends of a run that somebody asked for: Ctrl-C (SIGINT), and SIGTERM, as CI systems send it to a cancelled job."""

import signal
import sys
from types import FrameType

from floe_compiler.commands.exit_codes import INTERRUPTED, TERMINATED


class Terminated(KeyboardInterrupt):
    """SIGTERM: the run ends as after Ctrl-C, with its temporary folders removed."""


def heed_termination() -> None:
    """Let SIGTERM raise `Terminated`, as SIGINT raises KeyboardInterrupt."""
    signal.signal(signal.SIGTERM, _terminated)


def ended_by(interrupt: KeyboardInterrupt) -> int:
    """Say that a signal has ended the run, and return the exit code."""
    terminated = isinstance(interrupt, Terminated)
    sys.stderr.write(f"floe-compile: {'terminated' if terminated else 'interrupted'}\n")
    return TERMINATED if terminated else INTERRUPTED


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
