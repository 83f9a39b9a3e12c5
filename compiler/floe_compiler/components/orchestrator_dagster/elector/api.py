"""The Kubernetes API, as far as an elector needs it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .clock import now

Object = dict[str, Any]
Connect = Callable[[float], http.client.HTTPConnection]


class Refused(Exception):
    """The API server has answered, but not done what was asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the API server answers {status}: {message}")
        self.status = status


FAILURES = (OSError, http.client.HTTPException, ValueError, Refused)


class Api:
    """The Kubernetes API, called by this pod's account. A call fails if it takes too long."""

    def __init__(self, connect: Connect, account: Path) -> None:
        self._connect, self._account = connect, account
        self._connection: http.client.HTTPConnection | None = None
        self.answered = float("-inf")
        """When it last did what was asked."""

    def call(self, method: str, path: str, seconds: float, body: Object | None = None) -> Object:
        """Return the answer, within about `seconds`; raise one of FAILURES."""
        end = now() + seconds
        try:
            connection = self._connected(end)
            token = (self._account / "token").read_text("utf-8").strip()
            headers = {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Content-Type": "application/json",
            }
            connection.request(method, path, json.dumps(body) if body else None, headers)
            self._limit(end)
            answer = connection.getresponse()
            self._limit(end)
            text = answer.read()
        except BaseException:
            self.close()
            raise
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise Refused(answer.status, text.decode(errors="replace")[:300])
        self.answered = now()
        return dict(json.loads(text))

    def _connected(self, end: float) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._connect(max(end - now(), 0.001))
            self._connection.connect()
        self._limit(end)
        return self._connection

    def _limit(self, end: float) -> None:
        """Let the next wait for the API server end in time."""
        if self._connection and self._connection.sock:
            self._connection.sock.settimeout(max(end - now(), 0.001))

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection:
            self._connection.close()
        self._connection = None
