"""The elector: two programs never run at once, and one runs again soon, whatever goes wrong.

The pods are processes of this machine, and the Kubernetes API is a server on the loopback; `test_elector_real.py` uses
a real one. Limits of time are wide, as the machine may have other work.
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
from hypothesis import given, settings
from hypothesis import strategies as st

from elector_pods import FAST, Pod, Times, alive, eventually, now, running
from lease_server import Fault, LeaseServer, lease_server

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
        return [start.pod for start in self.leader.starts()]

    def no_overlap(self) -> None:
        assert [start for start in self.leader.starts() if start.word != "start"] == []

    def takeover(self, before: int, within: float) -> float:
        """Wait until the program has started again, and return the time."""
        eventually(lambda: self.starts() > before, within)
        return self.leader.starts()[before].when


def two(api: LeaseServer, folder: Path, times: Times = FAST, variant: str = "") -> Two:
    api.give_back()
    steps, stubborn = variant == "steps", variant == "stubborn"
    first = Pod("first", folder, api.port, times, steps=steps, stubborn=stubborn)
    eventually(lambda: first.starts())
    second = Pod("second", folder, api.port, times, steps=steps, stubborn=stubborn)
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
        assert (spec["leaseDurationSeconds"], spec["leaseTransitions"]) == (3, 1)
        assert spec["acquireTime"] < spec["renewTime"]
        for number in range(10):
            api.change("leader", note=number)
            time.sleep(FAST.retry)
        time.sleep(FAST.duration)
        assert pods.pods() == ["first"], "other changes of the Lease do no harm"


def test_a_pod_that_stops_gives_the_lease_back(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path, Times(20, 10, 0.2, 0.3))
    with running(pods.leader, pods.standby):
        stopped = now()
        pods.leader.signal(signal.SIGTERM, pods.leader.elector.pid)
        assert pods.takeover(1, 10) - stopped < 0.2 + SLACK, "it does not wait until the Lease expires"
        assert pods.leader.elector.wait(5) == 0
        assert api.leases["leader"]["spec"]["leaseTransitions"] == 2
        pods.no_overlap()


class Mishap(NamedTuple):
    """What goes wrong, and what makes it right again."""

    begin: Callable[[Two], object]
    end: Callable[[Two], object]
    variant: str = ""


def send(number: int, *which: int) -> Callable[[Two], object]:
    """Send a signal to some processes of the leader: 0 is its elector, 1 its fence, 2 its program."""
    return lambda pods: pods.leader.signal(number, *(pods.leader.processes()[index] for index in which))


def cut(fault: Fault) -> Callable[[Two], object]:
    return lambda pods: pods.api.faults.update(first=fault)


def resume(pods: Two) -> None:
    """Let all that is left of the leader go on: its program first, which would be the worst."""
    pods.leader.signal(signal.SIGCONT, *reversed(pods.leader.processes()))


KILL, STOP = signal.SIGKILL, signal.SIGSTOP
MISHAPS = {
    "its elector is killed": Mishap(send(KILL, 0), resume),
    "its elector is killed, and its program ignores SIGTERM": Mishap(send(KILL, 0), resume, "stubborn"),
    "all of it is killed": Mishap(send(KILL, 0, 1, 2), resume),
    "all of it is stopped": Mishap(send(STOP, 0, 1, 2), resume),
    "its elector is stopped": Mishap(send(STOP, 0), resume),
    "it does not reach the API": Mishap(cut("silent"), cut("")),
    "it does not reach the API, and its program ignores SIGTERM": Mishap(cut("silent"), cut(""), "stubborn"),
    "it does not hear the API's answers": Mishap(cut("unanswered"), cut("")),
    "the API answers it 500": Mishap(cut("broken"), cut("")),
    "all of it is stopped, and clocks jump": Mishap(send(STOP, 0, 1, 2), resume, "steps"),
    "it does not reach the API, and clocks jump": Mishap(cut("silent"), cut(""), "steps"),
}
"""What can go wrong with the pod that leads; the other one must take over."""


def trial(api: LeaseServer, folder: Path, name: str, times: Times = FAST, pause: float = 0.5) -> float:
    """Let something go wrong, and then right again; return how long no program ran."""
    mishap = MISHAPS[name]
    pods = two(api, folder, times, mishap.variant)
    with running(pods.leader, pods.standby):
        time.sleep(pause)
        broken = now()
        mishap.begin(pods)
        # A holder that gets no answers renews once more with its last request.
        latest = times.duration + times.renew_deadline + 2 * times.retry + SLACK
        gap = pods.takeover(1, latest + SLACK) - broken
        assert pods.pods() == ["first", "second"]
        assert gap < (latest if "hear" in name else times.duration + 2 * times.retry + SLACK)
        mishap.end(pods)
        time.sleep(pause)
        pods.no_overlap()
        assert pods.pods() == ["first", "second"], "the pod that is back waits"
        assert pods.leader.elector.poll() in (None, -KILL), "it waits for the Lease again"
        return gap


FEW = (
    "its elector is killed, and its program ignores SIGTERM",
    "all of it is stopped, and clocks jump",
    "it does not reach the API, and its program ignores SIGTERM",
    "it does not hear the API's answers",
)


@pytest.mark.parametrize("name", FEW)
def test_the_other_pod_takes_over_and_two_programs_never_run_at_once(
    api: LeaseServer, tmp_path: Path, name: str
) -> None:
    trial(api, tmp_path, name)


@settings(max_examples=200 if settings().max_examples > 100 else 1)
@given(name=st.sampled_from(sorted(MISHAPS)), pause=st.floats(0.1, 1.5))
def test_failures_at_any_time_never_run_two_programs(
    tmp_path_factory: pytest.TempPathFactory, name: str, pause: float
) -> None:
    with lease_server() as api:
        trial(api, tmp_path_factory.mktemp("trial"), name, pause=pause)


def test_the_program_does_not_run_while_the_api_is_unreachable(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path)
    with running(pods.leader, pods.standby):
        process = pods.leader.starts()[0].process
        api.faults["*"] = "silent"
        eventually(lambda: not alive(process), FAST.renew_deadline + FAST.stop + SLACK)
        eventually(lambda: not ready(pods.leader) and not ready(pods.standby))
        assert ready(pods.leader, "/livez"), "a restart would not help"
        time.sleep(FAST.duration)
        assert pods.starts() == 1
        api.faults.clear()
        pods.takeover(1, 10)
        assert pods.leader.elector.poll() is pods.standby.elector.poll() is None
        pods.no_overlap()


def test_a_slow_api_is_tolerated_until_the_renew_deadline(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path)
    with running(pods.leader, pods.standby):
        process = pods.leader.starts()[0].process
        api.delay = 1.2 * FAST.retry
        time.sleep(3 * FAST.duration)
        assert alive(process)
        assert pods.pods() == ["first"]
        slow = now()
        api.delay = 5.0
        eventually(lambda: not alive(process))
        assert now() - slow < FAST.renew_deadline + FAST.stop + SLACK


def test_without_the_api_the_first_pod_is_not_ready_and_waits_a_full_lease(api: LeaseServer, tmp_path: Path) -> None:
    """A deleted Lease may have had a holder that does not know yet."""
    api.faults["*"] = "broken"
    pod = Pod("only", tmp_path, api.port, FAST)
    with running(pod):
        eventually(lambda: ready(pod, "/livez"))
        assert not ready(pod)
        assert not ready(pod, "/metrics")
        answers = now()
        api.faults.clear()
        eventually(lambda: ready(pod))
        eventually(lambda: pod.starts())
        assert pod.starts()[0].when - answers > FAST.duration
        assert api.leases["leader"]["spec"]["leaseTransitions"] == 0


def test_a_deleted_lease_ends_the_program_before_another_starts(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path)
    with running(pods.leader, pods.standby):
        api.faults["first"] = "silent"  # so that its holder does not notice
        del api.leases["leader"]
        pods.takeover(1, 10)
        pods.no_overlap()


def test_a_lease_taken_by_another_holder_ends_the_program(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path)
    with running(pods.leader, pods.standby):
        process = pods.leader.starts()[0].process
        api.change("leader", holderIdentity="somebody")
        eventually(lambda: not alive(process), 5)
        pods.takeover(1, 10)
        pods.no_overlap()


def test_a_lease_without_a_holder_is_free_only_after_it_expired(api: LeaseServer, tmp_path: Path) -> None:
    """A holder that gives the Lease back also sets its duration to a second, as client-go does."""
    pods = two(api, tmp_path)
    with running(pods.leader, pods.standby):
        api.faults["first"] = "silent"
        api.change("leader", holderIdentity="")
        pods.takeover(1, 10)
        pods.no_overlap()


def test_pods_that_run_the_program_without_a_lease_are_waited_for(api: LeaseServer, tmp_path: Path) -> None:
    api.give_back()
    api.pods = [{"metadata": {"name": "from-before"}}]
    pod = Pod("only", tmp_path, api.port, FAST)
    with running(pod):
        eventually(lambda: "from-before" in pod.output.read_text())
        assert (pod.starts(), ready(pod)) == ([], True), "ready, or a rollout would never remove the others"
        (query, *_) = [path for path in api.requests if "/pods?" in path]
        assert query.endswith(
            "?labelSelector=app%3Ddaemon%2C%21elector&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed"
        )
        api.pods = []
        eventually(lambda: pod.starts())


def test_a_pod_whose_program_ends_gives_the_lease_back_and_fails(api: LeaseServer, tmp_path: Path) -> None:
    pods = two(api, tmp_path, Times(20, 10, 0.2, 0.3))
    with running(pods.leader, pods.standby):
        pods.leader.signal(KILL, pods.leader.processes()[2])
        pods.takeover(1, 10)
        assert pods.leader.elector.wait(5) == 1, "so that the kubelet restarts it, later each time"
        pods.no_overlap()


def test_a_program_that_fails_its_check_is_started_elsewhere(api: LeaseServer, tmp_path: Path) -> None:
    api.give_back()
    check = [f"--check=test ! -e {tmp_path}/hangs", "--check-interval=0.2", "--check-failures=2"]
    first = Pod("first", tmp_path, api.port, FAST, *check)
    eventually(lambda: first.starts())
    with running(first):
        time.sleep(1)
        assert first.elector.poll() is None
        (tmp_path / "hangs").touch()
        assert first.elector.wait(10) == 1
        assert "failed its health check" in first.output.read_text()
        assert not alive(first.starts()[0].process)
        assert api.holder() == ""


def test_a_program_that_has_never_passed_its_check_has_time_to_start(api: LeaseServer, tmp_path: Path) -> None:
    api.give_back()
    pod = Pod("only", tmp_path, api.port, FAST, "--check=false", "--check-interval=0.1")
    with running(pod):
        eventually(lambda: pod.starts())
        time.sleep(1.5)
        assert pod.elector.poll() is None


def test_a_check_that_hangs_has_failed(api: LeaseServer, tmp_path: Path) -> None:
    api.give_back()
    script = f"test -e {tmp_path}/passed && sleep 60; touch {tmp_path}/passed"
    check = [f"--check=sh -c '{script}'", "--check-interval=0.2", "--check-timeout=0.5"]
    pod = Pod("only", tmp_path, api.port, FAST, *check)
    with running(pod):
        assert pod.elector.wait(15) == 1


def test_what_the_program_has_started_ends_with_it(api: LeaseServer, tmp_path: Path) -> None:
    api.give_back()
    shell = ["sh", "-c", f"trap '' TERM; sleep 300 & echo $! > {tmp_path}/child; trap - TERM; sleep 300"]
    pod = Pod("only", tmp_path, api.port, FAST, program=shell)
    with running(pod):
        eventually(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
        child = int((tmp_path / "child").read_text())
        assert alive(child)
        pod.signal(signal.SIGTERM, pod.elector.pid)
        assert pod.elector.wait(10) == 0
        assert not alive(child), "before the Lease is given back"
        assert api.holder() == ""
