"""What an editor shows of a file: `yaml-language-server`, by the Language Server Protocol over pipes.

The program must be on the PATH (npm: yaml-language-server, which also brings the YAML support of VS Code).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import IO, Any

import pytest

NAME = "yaml-language-server"
NEEDS_SERVER = pytest.mark.skipif(not shutil.which(NAME), reason=f"not installed: {NAME} (npm)")
SECONDS = 60
CURSOR = "█"
"""Where the cursor is in a text."""

Message = dict[str, Any]


@dataclass(frozen=True)
class Diagnostic:
    """A problem in an editor: the underlined text, and the message."""

    underlined: str
    message: str


@dataclass
class Editor:
    """An editor with a folder open."""

    root: Path
    process: subprocess.Popen[bytes]
    received: Queue[Message]
    settings: Mapping[str, Any]
    last: int = field(default=0)

    def diagnostics(self, path: str, text: str) -> tuple[Diagnostic, ...]:
        """Return what is underlined in a file with this text."""
        with self._open(path, text) as (_, diagnostics):
            return tuple(
                Diagnostic(_between(text, **diagnostic["range"]), diagnostic["message"]) for diagnostic in diagnostics
            )

    def completions(self, path: str, text: str) -> Mapping[str, Message]:
        """Return what is offered where the cursor is in a text, by what is shown of each."""
        completions_ = self._at_cursor("textDocument/completion", path, text)
        return {completion["label"]: completion for completion in completions_["items"]}

    def hover(self, path: str, text: str) -> str:
        """Return what is shown of the word where the cursor is in a text."""
        answer = self._at_cursor("textDocument/hover", path, text)
        return str(answer["contents"]["value"]) if answer else ""

    def request(self, method: str, params: Message) -> Any:
        """Send a request, and return what is answered."""
        self.last += 1
        number = self.last
        self._send({"id": number, "method": method, "params": params})
        answer = self._until(lambda message: message.get("id") == number and "method" not in message)
        assert "error" not in answer, answer
        return answer["result"]

    def notify(self, method: str, params: Message) -> None:
        """Send what is not answered."""
        self._send({"method": method, "params": params})

    def _at_cursor(self, method: str, path: str, text: str) -> Any:
        before, _, after = text.partition(CURSOR)
        position = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        with self._open(path, before + after) as (uri, _):
            return self.request(method, {"textDocument": {"uri": uri}, "position": position})

    @contextmanager
    def _open(self, path: str, text: str) -> Iterator[tuple[str, list[Message]]]:
        """Open a file, and yield its address and its diagnostics; close it afterwards."""
        self.last += 1  # the server takes a text with a version that it has seen for the same
        uri = (self.root / path).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": self.last, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        yield uri, self._published(uri)
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        self._published(uri)

    def _published(self, uri: str) -> list[Message]:
        published = self._until(lambda message: message.get("method") == PUBLISHED and message["params"]["uri"] == uri)
        return list(published["params"]["diagnostics"])

    def _send(self, message: Message) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()

    def _until(self, accepts: Any) -> Message:
        """Return the next message that is wanted; what the server asks before is answered."""
        while True:
            message = self.received.get(timeout=SECONDS)
            if accepts(message):
                return message
            if "id" in message and "method" in message:
                self._send({"id": message["id"], "result": self._answer(message)})

    def _answer(self, message: Message) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        return [self.settings.get(section["section"]) for section in message["params"]["items"]]


PUBLISHED = "textDocument/publishDiagnostics"


@contextmanager
def editor(root: Path) -> Iterator[Editor]:
    """Open a folder as an editor with YAML support does, with the settings in its .vscode/settings.json."""
    file = root / ".vscode" / "settings.json"
    settings_ = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    # No list of schemas from the network.
    settings = {"yaml": {"schemaStore": {"enable": False}, "schemas": settings_.get("yaml.schemas", {})}}
    process = subprocess.Popen([NAME, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        received: Queue[Message] = Queue()
        threading.Thread(target=_receive, args=(process.stdout, received), daemon=True).start()
        opened = Editor(root, process, received, settings)
        folder = {"uri": root.as_uri(), "name": root.name}
        capabilities = {"workspace": {"configuration": True, "workspaceFolders": True}}
        opened.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "workspaceFolders": [folder],
                "capabilities": {**capabilities, "textDocument": {"completion": {}, "hover": {}}},
            },
        )
        opened.notify("initialized", {})
        opened.notify("workspace/didChangeConfiguration", {"settings": settings})
        yield opened
    finally:
        process.kill()
        process.communicate()


def _receive(stream: IO[bytes], received: Queue[Message]) -> None:
    while header := stream.readline():
        length = int(header.partition(b":")[2])
        while stream.readline().strip():
            pass
        received.put(json.loads(stream.read(length)))


def _between(text: str, start: Message, end: Message) -> str:
    lines = text.splitlines(keepends=True)
    at = [sum(map(len, lines[: position["line"]])) + position["character"] for position in (start, end)]
    return text[at[0] : at[1]]
