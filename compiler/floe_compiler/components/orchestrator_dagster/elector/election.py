"""The election: who holds the Lease, and so runs the program."""

from __future__ import annotations

import json
import math
import socket
import threading
import uuid
from contextlib import suppress
from urllib.parse import quote

from .api import FAILURES, Api, Object, Refused
from .clock import now, wall_clock
from .options import Options
from .program import Program

NOT_FOUND, CONFLICT = 404, 409
RUNNING = "status.phase!=Succeeded,status.phase!=Failed"


def say(message: str, **more: object) -> None:
    """Write a line of the log."""
    print(json.dumps({"level": "info", "message": message, **more}), flush=True)  # noqa: T201 - its log


class Seen:
    """What a pod has last seen of the Lease, and since when, on its own clock."""

    def __init__(self, identity: str, duration: float) -> None:
        self._identity, self._duration = identity, duration
        self._version: str | None = None
        self._since = 0.0

    def free_at(self, lease: Object | None, when: float) -> float:
        """Return when the Lease may be taken that was seen at this time; None if there was none.

        A deleted Lease is like one that was renewed: its holder may not know yet.
        """
        spec, version = (lease["spec"], lease["metadata"]["resourceVersion"]) if lease else ({}, "")
        if version != self._version:
            self._version, self._since = version, when
        holder, duration = spec.get("holderIdentity"), spec.get("leaseDurationSeconds") or 0
        if lease and (holder == self._identity or (not holder and duration == 1)):  # given back, as client-go does it
            return when
        # The holder counts with its own duration, which may have been another.
        return self._since + max(self._duration, duration)


class Elector:
    """Waits for the Lease, and runs the program while this pod holds it."""

    def __init__(self, options: Options, api: Api, namespace: str) -> None:
        self._options, self._api = options, api
        self._leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        query = f"labelSelector={quote(options.rivals)}&fieldSelector={quote(RUNNING)}"
        self._rivals = f"/api/v1/namespaces/{namespace}/pods?{query}"
        self._identity = f"{socket.gethostname()}_{uuid.uuid4()}"
        self._namespace = namespace
        self._seen = Seen(self._identity, options.duration)
        self._lease: Object | None = None
        self._program: Program | None = None
        self._wake, self._stopping = threading.Event(), False
        self._turned = now()

    def stop(self, *_: object) -> None:
        """Stop soon: the handler of signals."""
        self._stopping = True
        self._wake.set()

    def works(self) -> bool:
        """Return whether this process does not hang."""
        return now() - self._turned < 3 * self._options.duration

    def ready(self) -> bool:
        """Return whether it could take the Lease."""
        return now() - self._api.answered < self._options.duration

    def run(self) -> int:
        """Wait and lead until something ends; return the exit code."""
        say("waits for the Lease", lease=self._options.lease, identity=self._identity)
        while not self._stopping:
            self._turned = started = now()
            if self._program and started >= self._program.deadline:
                say("has not renewed the Lease in time, and ends the program")
                self._program.stop()
                self._program = None
            if self._program:
                if (reason := self._broken(self._program)) is not None:
                    self._give_back(reason)
                    return 1
                pause = self._lead(self._program)
            else:
                pause = self._stand_by()
            self._wake.wait(max(min(started + self._options.retry, pause) - now(), 0))
            self._wake.clear()
        if self._program:
            self._give_back("was told to stop")
        return 0

    def _broken(self, program: Program) -> str | None:
        """Return why the program must be started again; None if it works."""
        if program.check.failed():
            return "failed its health check"
        return None if program.ended() is None else f"ended with exit code {program.ended()}"

    def _stand_by(self) -> float:
        """Take the Lease if it is free; return when to look again."""
        end = 2 * self._options.retry
        try:
            self._lease = self._read(end)
            free = self._seen.free_at(self._lease, now())
            if now() < free:
                return free
            rivals = [one["metadata"]["name"] for one in self._api.call("GET", self._rivals, end).get("items", [])]
            if rivals:
                say("does not take the Lease, as pods run without one", pods=rivals)
                return float("inf")
            started = now()
            self._lease = self._take(end)
        except FAILURES as error:
            if getattr(error, "status", 0) != CONFLICT:  # another pod was faster
                say("cannot take the Lease", error=str(error))
            return float("inf")
        say("holds the Lease and starts the program", identity=self._identity)
        self._program = Program(self._options, started + self._options.renew_deadline)
        return float("inf")

    def _lead(self, program: Program) -> float:
        """Renew the Lease; return when to look again."""
        started = now()
        limit = min(2 * self._options.retry, program.deadline - started)
        try:
            self._lease = self._write(self._lease, limit, renewTime=wall_clock())
            program.allow(started + self._options.renew_deadline)
        except FAILURES as error:
            return self._not_renewed(program, error)
        return program.deadline

    def _not_renewed(self, program: Program, error: Exception) -> float:
        """Go on after a failure, which may mean that the Lease is lost; return when to look again."""
        status, left = getattr(error, "status", 0), program.deadline - now()
        if status not in (NOT_FOUND, CONFLICT) or left <= 0:
            say("cannot renew the Lease", error=str(error))
            return program.deadline
        with suppress(*FAILURES):
            lease = self._read(min(2 * self._options.retry, left))
            if lease and lease["spec"].get("holderIdentity") == self._identity:
                self._lease = lease  # somebody has changed something else, or an answer was lost
                return now()
            say("has lost the Lease, and kills the program", holder=lease and lease["spec"].get("holderIdentity"))
            program.kill()
            self._program = None
        return program.deadline

    def _give_back(self, reason: str) -> None:
        """End the program, and then give the Lease back."""
        say("ends the program and gives the Lease back", because=f"it {reason}")
        if self._program:
            self._program.stop()
            self._program = None
        released = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": wall_clock()}
        try:
            self._write(self._lease, 2 * self._options.retry, **released)
        except FAILURES as error:
            say("cannot give the Lease back; another pod takes it when it has run out", error=str(error))

    def _read(self, seconds: float) -> Object | None:
        try:
            return self._api.call("GET", f"{self._leases}/{self._options.lease}", seconds)
        except Refused as error:
            if error.status != NOT_FOUND:
                raise
            self._api.answered = now()
            return None

    def _take(self, seconds: float) -> Object:
        before = (self._lease or {}).get("spec", {})
        taken = {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": math.ceil(self._options.duration),
            "acquireTime": wall_clock(),
            "renewTime": wall_clock(),
            "leaseTransitions": before.get("leaseTransitions", 0) + 1 if before else 0,
        }
        if self._lease:
            return self._write(self._lease, seconds, **taken)
        metadata = {"name": self._options.lease, "namespace": self._namespace}
        created = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": taken}
        return self._api.call("POST", self._leases, seconds, created)

    def _write(self, lease: Object | None, seconds: float, **changed: object) -> Object:
        """Replace the Lease if it is still the one that was read (its resourceVersion); return it as it is now."""
        assert lease  # noqa: S101 - whoever writes has read
        wanted = {**lease, "spec": {**lease["spec"], **changed}}
        return self._api.call("PUT", f"{self._leases}/{self._options.lease}", seconds, wanted)
