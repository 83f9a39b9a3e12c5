"""The program `floe-compile`: imports hardly anything, so that it is ready for signals before the rest is imported."""

import os
import signal
import sys
from types import FrameType

from floe_compiler.commands.exit_codes import INTERRUPTED, TERMINATED


class Terminated(KeyboardInterrupt):
    """SIGTERM: the run ends as after Ctrl-C, with its temporary folders removed."""


def main() -> int:
    """Run the program and return its exit code."""
    try:
        signal.signal(signal.SIGTERM, _terminated)
        _open_standard_streams()
        from floe_compiler.cli import main as run

        return run()
    except KeyboardInterrupt as interrupt:
        return ended_by(interrupt)


def ended_by(interrupt: KeyboardInterrupt) -> int:
    """Say that a signal has ended the run, and return the exit code."""
    terminated = isinstance(interrupt, Terminated)
    sys.stderr.write(f"floe-compile: {'terminated' if terminated else 'interrupted'}\n")
    return TERMINATED if terminated else INTERRUPTED


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def _open_standard_streams() -> None:
    """Send what is written to a closed stream nowhere. Otherwise, the next file that is opened would take its place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 -- as long as the process
