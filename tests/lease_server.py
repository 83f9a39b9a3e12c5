"""The Kubernetes API on the loopback, as far as an elector uses it, with the faults of networks and servers.

It does with a Lease what kube-apiserver does: each change has a new resourceVersion, and one that names another than
the current is a conflict; a Lease without resourceVersion, or of no duration, is invalid. The token tells who calls.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Object = dict[str, Any]
Fault = Literal["", "silent", "unanswered", "broken"]
"""No answer; the request is carried out without an answer; a status of 500."""

LEASES = "/apis/coordination.k8s.io/v1/namespaces/sales/leases"
PODS = "/api/v1/namespaces/sales/pods"


class LeaseServer:
    """The state of the server; everything may be changed while it runs."""

    def __init__(self) -> None:
        self.leases: dict[str, Object] = {}
        self.pods: list[Object] = []
        self.faults: dict[str, Fault] = {}
        """For each token; "*": for all."""
        self.delay = 0.0
        """How long each answer takes, in seconds."""
        self.requests: list[str] = []
        self.lock = threading.Lock()
        self._version = 100
        self.closed = threading.Event()
        self.port = 0

    def give_back(self, name: str = "leader") -> None:
        """Add a Lease that its last holder has given back, so that a pod takes it at once."""
        spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "leaseTransitions": 0}
        self._stored(name, {"kind": "Lease", "metadata": {"name": name, "namespace": "sales"}, "spec": spec})

    def fault(self, token: str) -> Fault:
        """Return what goes wrong for a caller."""
        return self.faults.get("*") or self.faults.get(token, "")

    def holder(self, name: str = "leader") -> str:
        """Return the token of the pod that holds a Lease; pods have it as their host's name. Empty: nobody."""
        spec = self.leases.get(name, {}).get("spec", {})
        return str(spec.get("holderIdentity") or "").partition("_")[0]

    def change(self, name: str, **spec: object) -> None:
        """Change a Lease as a person may do it."""
        with self.lock:
            self._stored(name, {**self.leases[name], "spec": {**self.leases[name]["spec"], **spec}})

    def answer(self, method: str, path: str, body: Object | None) -> tuple[int, Object]:
        """Return the status and the object that answer a request."""
        path, _, query = path.partition("?")
        with self.lock:
            self.requests.append(f"{method} {path}?{query}" if query else f"{method} {path}")
            if path == PODS:
                return 200, {"kind": "PodList", "items": self.pods}
            if method == "POST" and path == LEASES and body:
                return self._create(body)
            name = path.removeprefix(f"{LEASES}/")
            if name not in self.leases:
                return _failed(404, f'leases "{name}" not found')
            return (200, self.leases[name]) if method == "GET" else self._replace(name, body or {})

    def _create(self, body: Object) -> tuple[int, Object]:
        name = body["metadata"]["name"]
        if name in self.leases:
            return _failed(409, f'leases "{name}" already exists')
        metadata = {"creationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "uid": "1"}
        return self._valid(name, {**body, "metadata": {**body["metadata"], **metadata}}, 201)

    def _replace(self, name: str, body: Object) -> tuple[int, Object]:
        named = body.get("metadata", {}).get("resourceVersion")
        if not named:
            return _failed(422, "metadata.resourceVersion: Invalid value: must be specified for an update")
        if named != self.leases[name]["metadata"]["resourceVersion"]:
            return _failed(409, "the object has been modified; please apply your changes to the latest version")
        return self._valid(name, body, 200)

    def _valid(self, name: str, body: Object, status: int) -> tuple[int, Object]:
        if body["spec"].get("leaseDurationSeconds", 1) <= 0:
            return _failed(422, "spec.leaseDurationSeconds: Invalid value: must be greater than 0")
        return status, self._stored(name, body)

    def _stored(self, name: str, body: Object) -> Object:
        self._version += 1
        self.leases[name] = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self._version)}}
        return self.leases[name]


def _failed(code: int, message: str) -> tuple[int, Object]:
    return code, {"kind": "Status", "status": "Failure", "code": code, "message": message}


@contextmanager
def lease_server() -> Iterator[LeaseServer]:
    """Start a server, and yield its state."""
    state = LeaseServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            state.closed.wait(state.delay)
            fault = state.fault(token)
            status, answer_ = _failed(500, "etcdserver: leader changed")
            if not token:
                status, answer_ = _failed(401, "Unauthorized")
            elif fault in ("", "unanswered"):
                status, answer_ = state.answer(self.command, self.path, body)
            if fault in ("silent", "unanswered"):
                while state.fault(token) and not state.closed.wait(0.05):
                    pass
                self.close_connection = True
                return
            text = json.dumps(answer_).encode()
            with suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that the base class calls

        def log_message(self, *_: object) -> None:
            """Say nothing of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        state.closed.set()
        server.shutdown()
        server.server_close()
