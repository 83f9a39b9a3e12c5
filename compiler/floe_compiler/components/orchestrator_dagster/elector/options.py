"""The options of the command line."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """All times are in seconds."""

    lease: str
    """The name of the Lease, which is created if it does not exist."""
    duration: float
    """Others take the Lease when nobody has renewed it for so long."""
    renew_deadline: float
    """The program is ended if the Lease has not been renewed for so long."""
    retry: float
    """How often the Lease is renewed, or looked at."""
    stop: float
    """How long the program has to end before it is killed. With the renew deadline, less than the duration."""
    rivals: str
    """The labels of pods that run the program without a Lease."""
    port: int
    """The port of the probes."""
    check: tuple[str, ...]
    """A command that says whether the program works; none: it is not asked."""
    check_interval: float
    check_timeout: float
    check_failures: int
    """How many checks must fail in a row until the program counts as broken."""
    program: tuple[str, ...]


def parse(arguments: list[str]) -> Options:
    """Return the options; exit with a message if they are wrong."""
    parser = argparse.ArgumentParser(prog="elector")
    for name in ("--lease", "--rivals"):
        parser.add_argument(name, required=True)
    for name in ("--duration", "--renew-deadline", "--retry", "--stop"):
        parser.add_argument(name, type=float, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--check", type=lambda text: tuple(shlex.split(text)), default=())
    parser.add_argument("--check-interval", type=float, default=60)
    parser.add_argument("--check-timeout", type=float, default=60)
    parser.add_argument("--check-failures", type=int, default=1)
    parser.add_argument("program", nargs="+")
    found = vars(parser.parse_args(arguments))
    return Options(**{**found, "program": tuple(found["program"])})
