"""A server on the loopback that has comments, as GitHub and GitLab do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "token-for-tests"
BOT = {"id": 41898282, "type": "Bot"}


class Forge(ThreadingHTTPServer):
    """A server with comments; `knows` says whether it tells who the token is of.

    `says` has what it answers instead, by how a path ends, and `headers` what it says with each answer. `pulls` are the
    numbers of pull requests.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.knows = False
        self.answer = 0
        self.headers: dict[str, str] = {}
        self.pulls: set[str] = {"12"}
        self.says: dict[str, bytes] = {}


class Handler(BaseHTTPRequestHandler):
    server: Forge

    def _reply(self, code: int, data: Any) -> None:
        self.send_response(code)
        if code == 302:
            self.send_header("Location", f"http://localhost:{self.server.server_port}/elsewhere")
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        path = self.path.partition("?")[0]
        answers = (answer for end, answer in self.server.says.items() if path.endswith(end))
        self.wfile.write(next(answers, json.dumps(data).encode()))

    def _handle(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.calls.append((self.command, path))
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "{}")
        allowed = TOKEN in (
            self.headers["PRIVATE-TOKEN"],
            (self.headers["Authorization"] or "").removeprefix("Bearer "),
        )
        if not allowed or self.server.answer:
            return self._reply(self.server.answer or 401, {})
        if path.endswith("/user"):
            return self._reply(200, {"id": BOT["id"]}) if self.server.knows else self._reply(403, {})
        if "/pulls/" in path:
            return self._reply(200 if path.rpartition("/")[2] in self.server.pulls else 404, {})
        if self.command == "GET":
            page = int(query.rpartition("page=")[2]) - 1
            return self._reply(200, self.server.comments[100 * page : 100 * page + 100])
        if self.command == "POST":
            self.server.comments.append({"id": len(self.server.comments) + 1, "user": BOT, "author": BOT, **sent})
            return self._reply(201, self.server.comments[-1])
        (mine,) = (comment for comment in self.server.comments if path.endswith(f"/{comment['id']}"))
        mine.update(sent)
        return self._reply(200, mine)

    do_GET = do_POST = do_PATCH = do_PUT = _handle  # noqa: N815 -- as http.server calls them

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def forge_server() -> Iterator[tuple[Forge, dict[str, str]]]:
    """Run the server; yield it, and the variables by which pipelines of both kinds name it."""
    server = Forge()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/api"
    yield (
        server,
        {
            "GITHUB_API_URL": address,
            "GITHUB_REPOSITORY": "acme/mesh",
            "GITHUB_TOKEN": TOKEN,
            "CI_API_V4_URL": address,
            "CI_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": "12",
            "GITLAB_TOKEN": TOKEN,
            "no_proxy": "*",
        },
    )
    server.shutdown()
    server.server_close()
