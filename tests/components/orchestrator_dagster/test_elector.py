"""The elector: two programs never run at once, and one runs again soon, whatever goes wrong.

The pods are processes of this machine, and the Kubernetes API is a server on the loopback. `test_elector_real.py` has the
real ones. Where times are measured, they are those of a machine with other work, so that limits are wide.
"""

from __future__ import annotations

import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elector_pods import FAST, Pod, Times, alive, eventually, now, running
from lease_server import LeaseServer, lease_server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fence needs a timer of Linux")

SLACK = 3.0
"""Seconds by which a busy machine may be late."""


@pytest.fixture
def api() -> Iterator[LeaseServer]:
    with lease_server() as server:
        yield server


class Two(NamedTuple):
    """Two pods: the one that leads, and the one that stands by."""

    api: LeaseServer
    leader: Pod
    standby: Pod
    folder: Path

    def starts(self) -> int:
        return len(self.leader.starts())

    def pods(self) -> list[str]:
        return [one.pod for one in self.leader.starts()]

    def no_overlap(self) -> None:
        assert [one for one in self.leader.starts() if one.word != "start"] == []

    def takeover(self, before: int, within: float) -> float:
        """Wait until the program has started again, and return when."""
        eventually(lambda: self.starts() > before, within)
        return self.leader.starts()[before].when


def two(api: LeaseServer, folder: Path, times: Times = FAST, **variant: bool) -> Two:
    api.give_back()
    first = Pod("first", folder, api.port, times, **variant)
    eventually(lambda: first.starts())
    second = Pod("second", folder, api.port, times, **variant)
    eventually(lambda: ready(second))
    return Two(api, first, second, folder)


def ready(pod: Pod, path: str = "/readyz") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{pod.port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False
    except OSError:
        return False


def test_one_leads_and_the_other_waits(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path)
    with running(pods.leader, pods.standby):
        time.sleep(2 * FAST.duration)
        assert pods.pods() == ["first"]
        assert api.holder() == "first"
        spec = api.leases["leader"]["spec"]
        assert (spec["leaseDurationSeconds"], spec["leaseTransitions"]) == (2, 1)
        assert spec["acquireTime"] < spec["renewTime"]


def test_a_pod_that_stops_gives_the_lease_back(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path, Times(20, 10, 0.2, 0.3))
    with running(pods.leader, pods.standby):
        stopped = now()
        pods.leader.signal(signal.SIGTERM, pods.leader.elector.pid)
        assert pods.takeover(1, 10) - stopped < 0.2 + SLACK, "it does not wait for the end of the Lease"
        assert pods.leader.elector.wait(5) == 0
        assert api.leases["leader"]["spec"]["leaseTransitions"] == 2
        pods.no_overlap()


class Fault(NamedTuple):
    """What goes wrong, and what makes it right again."""

    begin: Callable[[Two], object]
    end: Callable[[Two], object]
    variant: str = ""


def send(number: int, *which: int) -> Callable[[Two], object]:
    """Send a signal to some processes of the leader: 0 is its elector, 1 its fence, 2 its program."""
    return lambda pods: pods.leader.signal(number, *(pods.leader.processes()[one] for one in which))


def cut(fault: str) -> Callable[[Two], object]:
    return lambda pods: pods.api.faults.update(first=fault)  # type: ignore[arg-type]


def resume(pods: Two) -> None:
    """Let all that is left of the leader go on: its program first, which would be the worst."""
    pods.leader.signal(signal.SIGCONT, *reversed(pods.leader.processes()))


KILL, STOP = signal.SIGKILL, signal.SIGSTOP
FAULTS = {
    "its elector is killed": Fault(send(KILL, 0), resume),
    "its elector is killed, and its program ignores SIGTERM": Fault(send(KILL, 0), resume, "stubborn"),
    "all of it is killed": Fault(send(KILL, 0, 1, 2), resume),
    "all of it is stopped": Fault(send(STOP, 0, 1, 2), resume),
    "its elector is stopped": Fault(send(STOP, 0), resume),
    "it does not reach the API": Fault(cut("silent"), cut("")),
    "it does not reach the API, and its program ignores SIGTERM": Fault(cut("silent"), cut(""), "stubborn"),
    "it does not hear the API's answers": Fault(cut("unanswered"), cut("")),
    "the API answers it 500": Fault(cut("broken"), cut("")),
    "all of it is stopped, and clocks jump": Fault(send(STOP, 0, 1, 2), resume, "steps"),
    "it does not reach the API, and clocks jump": Fault(cut("silent"), cut(""), "steps"),
}
"""What can go wrong with the pod that leads; the other one must take over."""


def trial(api: LeaseServer, folder: Path, name: str, times: Times = FAST, pause: float = 0.5) -> float:
    """Let something go wrong, and then right again; return how long no program ran."""
    fault = FAULTS[name]
    pods = two(api, folder, times, **({fault.variant: True} if fault.variant else {}))
    with running(pods.leader, pods.standby):
        time.sleep(pause)
        broken = now()
        fault.begin(pods)
        # Who hears no answers renews once more when it asks.
        latest = times.duration + times.renew_deadline + 2 * times.retry + SLACK
        gap = pods.takeover(1, latest + SLACK) - broken
        assert pods.pods() == ["first", "second"]
        assert gap < (latest if "hear" in name else times.duration + 2 * times.retry + SLACK)
        fault.end(pods)
        time.sleep(pause)
        pods.no_overlap()
        assert pods.pods() == ["first", "second"], "the one that is back waits"
        assert pods.leader.elector.poll() in (None, -KILL), "it waits for the Lease again"
        return gap


@pytest.mark.parametrize("name", FAULTS)
def test_the_other_pod_takes_over_and_two_programs_never_run_at_once(
    api: LeaseServer, tmp_path: Path, name: str
) -> None:
    trial(api, tmp_path, name)
