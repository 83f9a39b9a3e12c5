"""`floe-compile comment` writes one comment, and edits it later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from forge_server import BOT, TOKEN, Forge, forge_server


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Forge]:
    """Return a server with comments, which the variables of pipelines name."""
    monkeypatch.chdir(tmp_path)
    with forge_server() as (server, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield server


def say(text: str, *words: str) -> int:
    Path("change.md").write_text(text, encoding="utf-8")
    return main(["comment", "change.md", *words])


@pytest.mark.parametrize(
    ("words", "edit"),
    [
        (["--on", "github", "--number", "12"], ("PATCH", "/api/repos/acme/mesh/issues/comments/1")),
        (["--on", "gitlab"], ("PUT", "/api/projects/7/merge_requests/12/notes/1")),
    ],
)
@pytest.mark.parametrize("knows", [True, False])
def test_one_comment_is_written_and_then_edited(
    words: list[str], edit: tuple[str, str], knows: bool, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.knows = knows
    assert [say("one", *words), say("two", *words), say("two", *words)] == [0, 0, 0]
    assert [comment["body"] for comment in forge.comments] == ["<!-- floe-compile: change -->\ntwo"]
    assert [call for call in forge.calls if call[0] in ("PATCH", "PUT")] == [edit]
    assert capsys.readouterr().err.splitlines() == [
        f"floe-compile: the comment is {done}" for done in ("new", "edited", "as it was")
    ]


def test_a_comment_of_others_is_never_edited(forge: Forge) -> None:
    theirs: dict[str, Any] = {
        "id": 1,
        "user": {"id": 5, "type": "User"},
        "body": "<!-- floe-compile: change -->\nmine, believe me",
    }
    forge.comments += [theirs, *({"id": at, "user": BOT, "body": "other"} for at in range(2, 150))]
    for text in ("one", "two"):
        assert say(text, "--on", "github", "--number", "12") == 0
    assert theirs["body"].endswith("believe me")
    assert [comment["body"] for comment in forge.comments[149:]] == ["<!-- floe-compile: change -->\ntwo"]


def test_a_comment_that_is_too_long_is_refused_and_not_cut(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("x" * 65_536, "--on", "github", "--number", "12") == 2
    assert (
        "a comment there at most 65536; shorten it: floe-compile diff --format markdown --largest 64536"
        in capsys.readouterr().err
    )
    assert say("x" * 65_536, "--on", "gitlab") == 0


@pytest.mark.parametrize(
    ("code", "headers", "message"),
    [
        (404, {}, "answers 404 Not Found; is there such a pull request, and may the token see it?\n"),
        (500, {}, "answers 500 Internal Server Error; run this again later\n"),
        (302, {}, "answers 302 Found; is the address right?\n"),
        (301, {}, "answers 301 Moved Permanently; has the repository another name now?\n"),
        (422, {}, "answers 422 Unprocessable Entity\n"),
        (429, {}, "answers 429 Too Many Requests; it has had too many requests: run this again later\n"),
        (429, {"Retry-After": "60"}, "it has had too many requests: run this again in 60 s\n"),
    ],
)
def test_refusals_of_the_server_are_reported_without_the_token(
    code: int, headers: dict[str, str], message: str, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.answer, forge.headers = code, headers
    assert say("one", "--on", "github", "--number", "12") == 2
    output = capsys.readouterr().err
    assert output.endswith(message)
    assert TOKEN not in output
    assert len(forge.calls) == 1, "no redirect is followed"


@pytest.mark.parametrize(
    ("code", "headers", "message"),
    [
        (401, {}, "; is the token right, and has it not expired?\n"),
        (403, {}, "; may the token write comments there? floe-compile comment --help says what it needs\n"),
        (403, {"X-RateLimit-Remaining": "0"}, "; it has had too many requests: run this again later\n"),
        (403, {"RateLimit-Remaining": "7"}, "; may the token write comments there? floe-compile comment --help says"),
    ],
)
def test_a_missing_permission_is_told_from_a_rate_limit(
    code: int, headers: dict[str, str], message: str, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.answer, forge.headers = code, headers
    assert say("one", "--on", "gitlab") == 2
    assert message in capsys.readouterr().err


def test_an_issue_of_the_same_number_gets_no_comment(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("one", "--on", "github", "--number", "13") == 2
    assert "/pulls/13: the server answers 404 Not Found; is there such a pull request" in capsys.readouterr().err
    assert forge.comments == []


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/user", b"<html>please log in</html>"),
        ("/user", b"[]"),
        ("/comments", b'{"id": 1}'),
        ("/comments", b'[{"body": "x"}]'),
        ("/comments", b"\xff"),
    ],
)
def test_an_unexpected_server_is_not_reported_as_a_bug(
    path: str, answer: bytes, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.knows = True
    forge.says[path] = answer
    assert say("one", "--on", "github", "--number", "12") == 2
    output = capsys.readouterr().err
    assert output.startswith("floe-compile: GET http://127.0.0.1:")
    assert output.endswith(f"{path}: what answers there is another server; is the address right?\n")


@pytest.mark.parametrize(
    ("api", "message"),
    [("http://127.0.0.1:1", ": Connection refused\n"), ("http://127.0.0.1:port", ": nonnumeric port")],
)
def test_an_unreachable_server_is_reported(
    api: str, message: str, forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_API_URL", api)
    assert say("one", "--on", "github", "--number", "12") == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "api",
    [
        "http://github.acme.example/api",
        "http://10.0.0.1",
        "http://127.0.0.1.acme.example",
        "http://127.0.0.1@acme.example",
    ],
)
def test_no_token_crosses_the_network_unencrypted(
    api: str, forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable, server in (("GITHUB_API_URL", "github"), ("CI_API_V4_URL", "gitlab")):
        monkeypatch.setenv(variable, api)
        assert say("one", "--on", server, "--number", "12") == 2
        message = f"{api}: the token would cross the network for all to read; give the address with https://"
        assert capsys.readouterr().err == f"floe-compile: {message}\n"
    assert forge.comments == []


def test_wrong_usage_is_refused(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("one", "--on", "github") == 2
    assert main(["comment", "nothing.md", "--on", "gitlab"]) == 2
    assert say("one", "--on", "gitlab", "--name", "a --> b") == 2
    assert say(" \n", "--on", "gitlab") == 2
    assert say("one", "--on", "gitlab", "--number", "-1") == 2
    monkeypatch.delenv("GITLAB_TOKEN")
    assert say("one", "--on", "gitlab") == 2
    monkeypatch.setenv("GITHUB_API_URL", "file:///etc")
    assert say("one", "--on", "github", "--number", "1") == 2
    output = capsys.readouterr().err
    messages = (
        "--number: give",
        "nothing.md cannot be read",
        "use letters",
        "change.md is empty",
        "--number -1: give",
        "GITLAB_TOKEN is not set",
        "file:///etc is",
    )
    for message in messages:
        assert message in output
    assert forge.comments == []
