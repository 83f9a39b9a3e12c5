"""What a program costs: seconds on the clock, seconds of the processors, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_KIB = 1 if sys.platform != "darwin" else 1024
"""Linux counts ru_maxrss in KiB, macOS in bytes (getrusage(2) of each)."""


_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Without the variable that has Python compile its own sources in each run, as in some containers."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one or more runs took. `processor_seconds` and `peak_mib` include the processes that a run starts.

    `peak_mib` is the memory of the largest single process, not of all together.
    """

    seconds: float
    processor_seconds: float
    peak_mib: float


def cost_of(commands: Iterable[Sequence[str | Path]]) -> Cost:
    """Run commands one after another, each in a fresh process; exit with its output if one fails."""
    costs = [_run(command) for command in commands]
    return Cost(
        sum(cost.seconds for cost in costs),
        sum(cost.processor_seconds for cost in costs),
        max(cost.peak_mib for cost in costs),
    )


def _run(command: Sequence[str | Path]) -> Cost:
    with tempfile.TemporaryFile() as output:
        start = perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, env=_ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{command[0]} failed:\n{output.read().decode(errors='replace')}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _KIB / 1024)
