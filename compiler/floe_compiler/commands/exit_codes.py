"""What the exit code of every verb means."""

from __future__ import annotations

DONE = 0
FOUND = 1
"""Errors in the inputs, an output that is not current, or files that the hook changed."""

USAGE = 2
BUG = 3
INTERRUPTED = 130
"""128 + SIGINT, as in shells."""

PIPE_CLOSED = 141
"""128 + SIGPIPE: the reader of the output has ended, as in `floe-compile diff | head`."""

TERMINATED = 143
"""128 + SIGTERM: somebody asked the process to end, as CI systems do when a job is cancelled."""


class UsageError(Exception):
    """The command line is wrong; the message says why, and what to do."""
