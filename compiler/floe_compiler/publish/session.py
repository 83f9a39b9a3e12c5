"""Requests to a registry: github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md.

Logins follow distribution.github.io/distribution/spec/auth/token. Nothing that is raised or printed has a part of one.
"""

from __future__ import annotations

import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple

from floe_compiler.publish.reference import DOCKER_HUB, Reference

TIMEOUT = 120
BYTES = "application/octet-stream"
LARGEST = 512 * 1024 * 1024
"""What is read of an answer at most: the output of 10,000 namespaces takes less."""

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_MEANINGS = {
    401: "a login is needed, or another one; run docker login {registry}",
    403: "the login of docker login {registry} has no right to it",
    404: "there is no such repository, or it cannot be written; make it, or correct the name",
    405: "this server does not take artifacts; correct the name of the registry",
    413: "the registry takes no artifact of this size",
    429: "too many requests; try again later",
}

Login = Callable[[], str | None]
"""Returns the value of `Authorization: Basic`, None if there is no login. Called only if the registry asks."""


class Refused(Exception):
    """The registry did not take an artifact, or does not give one; the message says why."""


class Answer(NamedTuple):
    """What a registry answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Session:
    """Requests to one repository, with what the registry wants as `Authorization`.

    `actions` are what a login is asked for: `pull`, or `pull,push`.
    """

    def __init__(self, reference: Reference, login: Login, actions: str) -> None:
        self.reference = reference
        self.actions = actions
        scheme = "http" if reference.is_loopback else "https"
        host = "registry-1.docker.io" if reference.registry in DOCKER_HUB else reference.registry
        self.base = f"{scheme}://{host}/v2/{reference.name}/"
        self.login = login
        self.authorization = ""

    def ask(self, method: str, path: str, data: bytes | None = None, kind: str = BYTES) -> Answer:
        """Return the answer to a request; if the registry asks for a login, that to the same request with it."""
        url = urllib.parse.urljoin(self.base, path)
        is_own = urllib.parse.urlsplit(url)[:2] == urllib.parse.urlsplit(self.base)[:2]
        if not is_own and not url.startswith("https://"):
            raise Refused("the registry leads elsewhere without TLS")
        headers = {"Content-Type": kind} if data is not None else {"Accept": kind} if method == "GET" else {}
        answer = _request(method, url, data, headers, self.authorization if is_own else "")
        challenge = answer.headers.get("www-authenticate", "")
        if answer.status == 401 and is_own and challenge:
            self.authorization = self._authorize(challenge)
            if self.authorization:
                answer = _request(method, url, data, headers, self.authorization)
        return answer

    def _authorize(self, challenge: str) -> str:
        """Return what the registry wants, by its challenge; empty if there is no login."""
        login = self.login()
        scheme = challenge.partition(" ")[0].lower()
        if scheme == "basic":
            return f"Basic {login}" if login else ""
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(challenge)}
        realm = parameters.get("realm", "")
        is_safe = realm.startswith("https://") or (self.reference.is_loopback and realm.startswith("http://"))
        if scheme != "bearer" or not is_safe:
            raise Refused("the registry asks for a login in a way that is not known, or not safe")
        scope = {"scope": f"repository:{self.reference.name}:{self.actions}"}
        service = {"service": parameters["service"]} if "service" in parameters else {}
        answer = _request(
            "GET",
            f"{realm}?{urllib.parse.urlencode({**service, **scope})}",
            None,
            {},
            f"Basic {login}" if login else "",
        )
        self.expect(answer, 200)
        try:
            token = json.loads(answer.body)
            return f"Bearer {token.get('token') or token['access_token']}"
        except (ValueError, KeyError, AttributeError):
            raise Refused("the registry's login service answers without a token") from None

    def expect(self, answer: Answer, status: int) -> None:
        """Raise Refused unless the answer has this status. Bodies are not shown, as they may repeat what was sent."""
        if answer.status == status:
            return
        registry = self.reference.registry
        meaning = _MEANINGS.get(answer.status, "see its log").format(registry=registry)
        raise Refused(f"{registry} answers with status {answer.status}: {meaning}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the caller: to follow one could send a login elsewhere."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def _request(method: str, url: str, data: bytes | None, headers: Mapping[str, str], authorization: str) -> Answer:
    request = urllib.request.Request(url, data, dict(headers), method=method)  # noqa: S310 -- http(s), by `Session`
    if authorization:
        request.add_unredirected_header("Authorization", authorization)
    host = urllib.parse.urlsplit(url).netloc
    try:
        return _answer(urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read())
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            raise Refused(f"{host} has no certificate that this machine trusts: {error.reason.reason}") from None
        why = error.reason.strerror if isinstance(error.reason, OSError) else ""
        raise Refused(f"{host} cannot be reached: {why or error.reason}") from None
    except (OSError, HTTPException) as error:
        raise Refused(f"{host} has ended the connection: {error or type(error).__name__}") from None


def _answer(response: HTTPResponse) -> Answer:
    with response:
        body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise Refused(f"the registry sends more than {LARGEST} bytes, so it is not an artifact of floe-compile")
    return Answer(response.status, _lower(response.headers), body)


def _lower(headers: Message) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}
