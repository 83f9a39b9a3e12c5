"""What lets `watch` share its work with a second process in tests."""

from __future__ import annotations

import time

from floe_compiler.commands.second_process import SecondProcess
from floe_compiler.pipeline.workers import ThisProcess


class TwoJobs(ThisProcess):
    """Compiles in this process, though there is another core."""

    jobs = 2


def wait_for(second: SecondProcess, seconds: float = 60) -> None:
    """Wait until the second process can be asked: it has begun, and has answered what it was told before."""
    until = time.monotonic() + seconds
    while not second.environments:
        assert time.monotonic() < until
        second.ask()
        time.sleep(0.02)
    with second.awaited():
        while second.entries() is not None:
            pass
