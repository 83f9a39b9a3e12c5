"""Comments on pull requests of GitHub and merge requests of GitLab, by their REST interfaces.

docs.github.com/rest/issues/comments, docs.gitlab.com/api/notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any, Literal, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

from floe_compiler.commands.exit_codes import UsageError

SECONDS = 30
PAGE = 100
MOST_PAGES = 100

_REMEDIES: Mapping[int, str] = {
    HTTPStatus.MOVED_PERMANENTLY: "; has the repository another name now?",
    HTTPStatus.FOUND: "; is the address right?",
    HTTPStatus.UNAUTHORIZED: "; is the token right, and has it not expired?",
    HTTPStatus.FORBIDDEN: "; may the token write comments there? floe-compile comment --help says what it needs",
    HTTPStatus.NOT_FOUND: "; is there such a pull request, and may the token see it?",
}


class Refused(Exception):
    """The comment could not be written; the message says why, and never has the token."""


class Author(msgspec.Struct, frozen=True):
    """Who has written a comment."""

    id: int
    type: str = ""


class Comment(msgspec.Struct, frozen=True):
    """What both servers say of a comment; GitHub names its author `user`, who may be gone."""

    id: int
    body: str | None = None
    user: Author | None = None
    author: Author | None = None


Answer = TypeVar("Answer")


class Place(msgspec.Struct, frozen=True):
    """Where comments are: the addresses of all comments and, with an ID at its end, of one."""

    comments: str
    comment: str
    user: str
    pull: str
    """The address by which a pull request is told from an issue, where both have the same comments; or empty."""
    edits_with: Literal["PATCH", "PUT"]
    author: Literal["user", "author"]
    largest: int
    """The most characters of a comment."""

    headers: Mapping[str, str]


def github(variables: Mapping[str, str], number: int | None) -> Place:
    """Return where the comments of a pull request are. Raises UsageError if a variable or the number is missing."""
    api = variables.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    repository, token = _required(variables, "GITHUB_REPOSITORY"), _required(variables, "GITHUB_TOKEN")
    if number is None:
        raise UsageError("--number: give the number of the pull request")
    home = f"{_web(api)}/repos/{quote(repository)}"
    issues, pull = f"{home}/issues", f"{home}/pulls/{number}"
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    comments = f"{issues}/{number}/comments"
    return Place(comments, f"{issues}/comments", f"{api}/user", pull, "PATCH", "user", 65_536, headers)


def gitlab(variables: Mapping[str, str], number: int | None) -> Place:
    """Return where the notes of a merge request are. Raises UsageError if a variable or the number is missing."""
    api, project = _required(variables, "CI_API_V4_URL").rstrip("/"), _required(variables, "CI_PROJECT_ID")
    iid = str(number) if number is not None else _required(variables, "CI_MERGE_REQUEST_IID")
    notes = f"{_web(api)}/projects/{quote(project, safe='')}/merge_requests/{quote(iid, safe='')}/notes"
    headers = {"PRIVATE-TOKEN": _required(variables, "GITLAB_TOKEN")}
    return Place(notes, notes, f"{api}/user", "", "PUT", "author", 1_000_000, headers)


def post(place: Place, body: str, mark: str) -> Literal["new", "edited", "as it was"]:
    """Write a comment, or edit the one of an earlier run: it begins with the mark, and is by the same author.

    Raises:
        Refused: if the server says no, or cannot be reached.
    """
    mine = next((comment for comment in _comments(place) if (comment.body or "").startswith(mark)), None)
    if mine is None:
        if place.pull:
            _call(place, "GET", place.pull, dict)
        _call(place, "POST", place.comments, Comment, {"body": body})
        return "new"
    if (mine.body or "").replace("\r\n", "\n").strip() == body.strip():
        return "as it was"
    _call(place, place.edits_with, f"{place.comment}/{mine.id}", Comment, {"body": body})
    return "edited"


def _comments(place: Place) -> Iterator[Comment]:
    """Yield the comments that whoever has the token has written."""
    who = _who(place)
    for page in range(1, MOST_PAGES + 1):
        comments = _call(place, "GET", f"{place.comments}?per_page={PAGE}&page={page}", list[Comment])
        for comment in comments:
            author = comment.user if place.author == "user" else comment.author
            # The token of a GitHub workflow may not ask who it is; what it writes is a bot's.
            if author and (author.id == who if who is not None else author.type == "Bot"):
                yield comment
        if len(comments) < PAGE:
            return


def _who(place: Place) -> int | None:
    try:
        return _call(place, "GET", place.user, Author).id
    except _NotAllowed:
        return None


class _NotAllowed(Refused):
    """The token may not do this."""


def _call(place: Place, method: str, url: str, kind: type[Answer], data: Mapping[str, str] | None = None) -> Answer:
    """Return what the server answers, as a value of a kind. Raises Refused."""
    content = msgspec.json.encode(data) if data is not None else None
    headers = {**place.headers, "Content-Type": "application/json", "User-Agent": "floe-compile"}
    request = Request(url, content, headers, method=method)  # noqa: S310 -- http and https only, see _web
    address = url.partition("?")[0]
    try:
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            return msgspec.json.decode(answer.read(), type=kind)
    except HTTPError as error:
        refusal = _NotAllowed if error.code in (401, 403) else Refused
        message = f"{method} {address}: the server answers {error.code} {error.reason}{_remedy(error)}"
        raise refusal(message) from error
    except msgspec.MsgspecError as error:
        raise Refused(f"{method} {address}: what answers there is another server; is the address right?") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise Refused(f"{method} {address}: {getattr(reason, 'strerror', None) or reason}") from error


def _remedy(error: HTTPError) -> str:
    """Return what to do about an answer. Both servers say so if they have had too many requests."""
    left = (error.headers.get(name) for name in ("X-RateLimit-Remaining", "RateLimit-Remaining"))
    if error.code == HTTPStatus.TOO_MANY_REQUESTS or (error.code == HTTPStatus.FORBIDDEN and "0" in left):
        seconds = error.headers.get("Retry-After", "")
        return f"; it has had too many requests: run this again {f'in {seconds} s' if seconds.isdigit() else 'later'}"
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "; run this again later"
    return _REMEDIES.get(error.code, "")


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: the token is for this server only."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return no request, so that the redirect is an error."""


def _required(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise UsageError(f"the variable {name} is not set; see floe-compile comment --help")
    return variables[name]


def _web(address: str) -> str:
    if not address.startswith(("https://", "http://")):
        raise UsageError(f"{address} is not an address that begins with https:// or http://")
    if address.startswith("http://") and not _is_this_machine(urlsplit(address).hostname or ""):
        raise UsageError(
            f"{address}: the token would cross the network for all to read; give the address with https://"
        )
    return address


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # the name of another machine
        return False
