"""A small Kubernetes API, over plain HTTP: it keeps the pods of one namespace, and runs each with a given function."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Pod = dict[str, Any]
DISCOVERY: dict[str, Any] = {
    "/version": {"major": "1", "minor": "34"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [{"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["list"]}],
    },
}
"""Requests to the API server that everybody may send."""

Run = Callable[[Pod], int]
"""Runs a pod to its end, and returns the exit code."""


@dataclass
class Pods:
    """The pods of a namespace, all that was ever created, and what happened to them."""

    run: Run
    pods: dict[str, Pod] = field(default_factory=dict)
    created: list[Pod] = field(default_factory=list)
    requested: set[tuple[str, str]] = field(default_factory=set)
    """Verbs and resources that clients used."""

    events: list[tuple[str, Pod]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    closed: bool = False
    logs: dict[str, str] = field(default_factory=dict)
    """What each pod has written."""

    def create(self, pod: Pod) -> Pod:
        """Keep a pod and start it."""
        metadata = pod["metadata"]
        metadata |= {"uid": metadata["name"], "creationTimestamp": "2026-11-01T00:00:00Z"}
        pod["status"] = {"phase": "Pending"}  # the API server leaves out empty lists
        self.pods[metadata["name"]] = pod
        self.created.append(json.loads(json.dumps(pod)))
        self.tell("ADDED", pod)
        threading.Thread(target=self._live, args=(pod,), daemon=True).start()
        return pod

    def _live(self, pod: Pod) -> None:
        self.phase(pod, "Running")
        code = self.run(pod)
        self.phase(pod, "Failed" if code else "Succeeded")

    def phase(self, pod: Pod, phase: str) -> None:
        """Set the phase of a pod."""
        pod["status"]["phase"] = phase
        self.tell("MODIFIED", pod)

    def tell(self, kind: str, pod: Pod) -> None:
        """Tell all who watch."""
        with self.changed:
            pod["metadata"]["resourceVersion"] = str(len(self.events) + 1)
            self.events.append((kind, json.loads(json.dumps(pod))))
            self.changed.notify_all()

    def watch(self, since: int, selector: dict[str, str]) -> Iterator[tuple[str, Pod]]:
        """Yield what happens to the pods with these labels."""
        sent = since
        while not self.closed:
            with self.changed:
                if len(self.events) == sent:
                    self.changed.wait(timeout=5)
                fresh, sent = self.events[sent:], len(self.events)
            yield from (event for event in fresh if _selected(event[1], selector))


def _selected(pod: Pod, selector: dict[str, str]) -> bool:
    return all(pod["metadata"].get("labels", {}).get(name) == value for name, value in selector.items())


def _selector(text: str) -> dict[str, str]:
    """Return the labels that a selector wants; one that only wants or does not want a key is left out."""
    pairs = (part.partition("=") for part in text.split(",") if "=" in part and "!=" not in part)
    return {name: value.lstrip("=") for name, _, value in pairs}


class Handler(BaseHTTPRequestHandler):
    """Answers as the API does, as far as the executor of Airflow asks."""

    pods: Pods
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def record(self, verb: str) -> tuple[str, dict[str, list[str]]]:
        parts, query = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        tail = parts.path.split("/pods", 1)[-1].strip("/")
        resource = "pods/log" if tail.endswith("/log") else "pods"
        verb = "watch" if "watch" in query else "list" if verb == "get" and not tail else verb
        self.pods.requested.add((verb, resource))
        return tail.removesuffix("/log"), query

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or "{}")

    def do_GET(self) -> None:
        if self.path in DISCOVERY:
            self.answer(200, DISCOVERY[self.path])
            return
        name, query = self.record("get")
        selector = _selector(query.get("labelSelector", [""])[0])
        if "watch" in query:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            # Clients read a stream without chunks to its end before they look at it.
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            since = int(query.get("resourceVersion", ["0"])[0] or 0)
            try:
                for kind, pod in self.pods.watch(since, selector):
                    line = json.dumps({"type": kind, "object": pod}).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()
            except OSError:
                return
        elif self.path.split("?")[0].endswith("/log"):
            data = self.pods.logs.get(name, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        elif name:
            pod_ = self.pods.pods.get(name)
            self.answer(200 if pod_ else 404, pod_ or {"kind": "Status", "code": 404})
        else:
            items = [pod for pod in self.pods.pods.values() if _selected(pod, selector)]
            version = {"resourceVersion": str(len(self.pods.events))}
            self.answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": version, "items": items})

    def do_POST(self) -> None:
        self.record("create")
        self.answer(201, self.pods.create(self.body()))

    def do_PATCH(self) -> None:
        name, _ = self.record("patch")
        pod, labels = self.pods.pods.get(name), self.body().get("metadata", {}).get("labels", {})
        if pod:
            pod["metadata"].setdefault("labels", {}).update(labels)
        self.answer(200 if pod else 404, pod or {"kind": "Status", "code": 404})

    def do_DELETE(self) -> None:
        name, _ = self.record("delete")
        self.body()
        pod = self.pods.pods.pop(name, None)
        if pod:
            self.pods.tell("DELETED", pod)
        self.answer(200 if pod else 404, {"kind": "Status", "code": 200 if pod else 404})


@contextmanager
def serving(pods: Pods) -> Iterator[int]:
    """Serve the API on the loopback; yield the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"pods": pods}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        pods.closed = True
        with pods.changed:
            pods.changed.notify_all()
        server.shutdown()
        server.server_close()
