"""A scheduler of Dask and two workers, which run until the input of this program ends.

They are what `dask scheduler` and `dask worker` start, but forks of one process: what each takes longest to do is to
import Dask and the compiler.
"""

from __future__ import annotations

import os
import signal
import sys

import dask
from distributed.cli import dask_scheduler, dask_worker

import floe_compiler.check
import floe_compiler.pipeline.units  # noqa: F401 -- for the workers, as the one above
from floe_compiler.components import registry

LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", sys.argv[-1])
SCHEDULER = ("--port", "0", "--no-show")
WORKER = ("--nthreads", "1", "--no-nanny", "--death-timeout", "60")


def main() -> None:
    """Start the three, and kill them in the end."""
    registry()
    dask.config.set({"distributed.worker.profile.enabled": False})  # it looks a hundred times a second
    programs = (dask_scheduler.main, SCHEDULER), (dask_worker.main, WORKER), (dask_worker.main, WORKER)
    started = []
    for program, options in programs:
        started.append(os.fork())
        if not started[-1]:
            os.close(sys.stdin.fileno())
            program([*LOOPBACK, *options])
    sys.stdin.read()
    for process in started:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


if __name__ == "__main__":
    main()
