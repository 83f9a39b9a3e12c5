"""Pushing to a real registry, and the errors when a registry refuses."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from floe_compiler.publish.artifact import Artifact, artifact_of, artifact_with, digest_of
from floe_compiler.publish.reference import Reference, parse_reference
from floe_compiler.publish.registry import attach, pull, push
from floe_compiler.publish.session import Refused
from oci_registry import PASSWORD, USER, fetched, needs_registry, registry

FILES = {"output/dev/a.yaml": b"one\n", "output/dev/floe-sales/b.yaml": b"two\n" * 50_000}
ARTIFACT = artifact_of(FILES, {"org.opencontainers.image.revision": "sha1:0a"})
Answers = dict[str, tuple[int, dict[str, str]]]
LOGIN = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def no_login() -> None:
    """Return no login."""


@pytest.mark.real
@needs_registry
def test_a_real_registry_has_the_pushed_artifact(tmp_path: Path) -> None:
    with registry(tmp_path) as address:
        push(Reference(address, "acme/mesh", "dev"), ARTIFACT, no_login)
        manifest, kind = fetched(address, "acme/mesh/manifests/dev")
        assert (manifest, kind) == (ARTIFACT.manifest, "application/vnd.oci.image.manifest.v1+json")
        (layer,) = json.loads(manifest)["layers"]
        archive, _ = fetched(address, f"acme/mesh/blobs/{layer['digest']}")
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as opened:
        assert opened.getnames() == sorted(FILES)
    assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"


@pytest.mark.real
@needs_registry
def test_a_tag_moves_and_the_older_artifact_stays(tmp_path: Path) -> None:
    newer = artifact_of({**FILES, "output/dev/c.yaml": b""}, {})
    with registry(tmp_path) as address:
        for artifact in (ARTIFACT, ARTIFACT, newer):
            push(Reference(address, "mesh", "dev"), artifact, no_login)
        assert fetched(address, "mesh/manifests/dev")[0] == newer.manifest
        assert fetched(address, f"mesh/manifests/{ARTIFACT.digest}")[0] == ARTIFACT.manifest


@pytest.mark.real
@needs_registry
def test_a_real_registry_accepts_the_login(tmp_path: Path) -> None:
    with registry(tmp_path, with_login=True) as address:
        place = Reference(address, "mesh", "dev")
        for wrong in (None, base64.b64encode(b"robot:wrong").decode()):
            with pytest.raises(Refused) as caught:
                push(place, ARTIFACT, partial(str, wrong) if wrong else no_login)
            assert str(caught.value) == (
                f"{address} answers with status 401: a login is needed, or another one; run docker login {address}"
            )
        push(place, ARTIFACT, lambda: LOGIN)


class Odd(BaseHTTPRequestHandler):
    """A server that answers each request as `answers` say: by method, then for all; records its requests."""

    answers: Answers = {}
    token = b'{"token": "t0ken"}'
    requests: list[tuple[str, str, str]] = []

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        login = self.headers.get("Authorization", "")
        self.requests.append((self.command, self.path, login))
        status, headers, body = 500, dict[str, str](), b"hunter2"
        if self.path.startswith("/token"):
            status, headers, body = 200, {}, self.token
        elif "bearer" in self.answers and login != "Bearer t0ken":
            status, headers = self.answers["bearer"]
        else:
            status, headers = self.answers.get(self.command, (500, {}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value.replace("HOST", self.headers["Host"]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 -- names of the base class

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def odd(answers: Answers, token: bytes = Odd.token) -> Iterator[tuple[Reference, type[Odd]]]:
    handler = type("Handler", (Odd,), {"answers": answers, "token": token, "requests": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield parse_reference(f"oci://127.0.0.1:{server.server_port}/mesh:dev"), handler
        finally:
            server.shutdown()
            thread.join()


GOOD: Answers = {"HEAD": (200, {}), "PUT": (201, {})}
BEARER = {"WWW-Authenticate": 'Bearer realm="http://HOST/token",service="a registry",scope="repository:mesh:pull"'}


def test_a_token_service_gets_the_login_and_returns_a_token() -> None:
    with odd({**GOOD, "bearer": (401, BEARER)}) as (place, server):
        push(place, ARTIFACT, lambda: LOGIN)
    tokens = [request for request in server.requests if request[1].startswith("/token")]
    path = "/token?service=a+registry&scope=repository%3Amesh%3Apull%2Cpush"
    assert tokens == [("GET", path, f"Basic {LOGIN}")]
    assert server.requests[-1] == ("PUT", "/v2/mesh/manifests/dev", "Bearer t0ken")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "answers with status 500: see its log"),
        ({"POST": (404, {})}, "answers with status 404: there is no such repository, or it cannot be written"),
        ({"POST": (202, {})}, "the registry does not say where to send a blob"),
        ({"POST": (202, {"Location": "http://elsewhere.example/x"})}, "the registry leads elsewhere without TLS"),
        ({"POST": (202, {"Location": "ftp://127.0.0.1/x"})}, "the registry leads elsewhere without TLS"),
        ({"POST": (202, {"Location": "/v2/x?y=z"}), "PUT": (413, {})}, "takes no artifact of this size"),
        ({"HEAD": (200, {}), "PUT": (403, {})}, "status 403: the login of docker login 127.0.0.1:"),
        ({"HEAD": (200, {}), "PUT": (307, {"Location": "http://elsewhere.example/x"})}, "answers with status 307"),
        ({"HEAD": (200, {}), "PUT": (201, {"Docker-Content-Digest": "sha256:0a"})}, "stored other bytes"),
        (
            {**GOOD, "bearer": (401, {"WWW-Authenticate": 'Bearer realm="file:///etc/passwd"'})},
            "not known, or not safe",
        ),
        ({**GOOD, "bearer": (401, {"WWW-Authenticate": 'Digest realm="x"'})}, "not known, or not safe"),
    ],
)
def test_a_refusal_is_reported_without_the_text_of_the_server(answers: Answers, message: str) -> None:
    with odd(answers) as (place, _), pytest.raises(Refused) as caught:
        push(place, ARTIFACT, lambda: LOGIN)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert LOGIN not in str(caught.value)


@pytest.mark.parametrize("token", [b"no JSON", b"[]", b"{}"])
def test_a_token_service_without_a_token_is_reported(token: bytes) -> None:
    with odd({**GOOD, "bearer": (401, BEARER)}, token) as (place, _), pytest.raises(Refused, match="without a token"):
        push(place, ARTIFACT, lambda: LOGIN)


def test_an_unreachable_registry_is_reported() -> None:
    with odd({}) as (place, _):
        pass
    with pytest.raises(Refused, match=rf"{place.registry} cannot be reached: .*refused"):
        push(place, ARTIFACT, no_login)


def test_the_artifact_is_fixed() -> None:
    """Another digest here means that every artifact gets another digest, and that Flux and Argo CD see a change."""
    assert Artifact(ARTIFACT.manifest, ARTIFACT.blobs) == artifact_of(
        dict(reversed(FILES.items())), {"org.opencontainers.image.revision": "sha1:0a"}
    )
    assert ARTIFACT.digest == "sha256:bf20955cd8adcaa2a479add9ff714260218a57308d9b4d8ad16a7d9efc166881"
    assert [digest_of(blob) in ARTIFACT.manifest.decode() for blob in ARTIFACT.blobs] == [True, True]


ABOUT = artifact_with(b"{}", "application/json", "application/vnd.acme.note", {}, about=ARTIFACT)


def test_a_registry_with_the_referrers_api_gets_no_list() -> None:
    with odd({**GOOD, "PUT": (201, {"OCI-Subject": ARTIFACT.digest})}) as (place, handler):
        attach(place, ABOUT, no_login)
    assert [path for method, path, _ in handler.requests if method == "PUT"] == [f"/v2/mesh/manifests/{ABOUT.digest}"]


def test_a_list_of_referrers_that_cannot_be_read_is_not_overwritten() -> None:
    with odd({**GOOD, "GET": (200, {})}) as (place, handler), pytest.raises(Refused, match="list of what is about"):
        attach(place, ABOUT, no_login)
    assert f"/v2/mesh/manifests/{ARTIFACT.digest.replace(':', '-')}" not in [
        path for method, path, _ in handler.requests if method == "PUT"
    ]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"GET": (200, {})}, "it is not an artifact of floe-compile, but something else"),
        ({"GET": (401, {})}, "status 401: a login is needed"),
        ({"GET": (503, {})}, "status 503: see its log"),
    ],
)
def test_artifacts_that_cannot_be_pulled_are_reported(answers: Answers, message: str) -> None:
    with odd(answers) as (place, _), pytest.raises(Refused) as caught:
        pull(place, lambda: LOGIN)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_missing_artifact_is_reported() -> None:
    with odd({"GET": (404, {})}) as (place, _):
        assert pull(place, no_login) is None


def served(blobs: dict[str, tuple[int, dict[str, str], bytes]]) -> type[BaseHTTPRequestHandler]:
    """Return a registry with one artifact, which answers requests of blobs with these answers."""

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = (200, dict[str, str](), ARTIFACT.manifest)
            if "/blobs/" in self.path or "/storage/" in self.path:
                status, headers, body = blobs[self.path.rpartition("/")[2]]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Registry


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[Reference]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield parse_reference(f"oci://127.0.0.1:{server.server_port}/mesh:dev")
        finally:
            server.shutdown()
            thread.join()


def test_blobs_may_be_redirected_to_a_storage() -> None:
    config, layer = ARTIFACT.blobs
    blobs = {
        digest_of(config): (200, dict[str, str](), config),
        digest_of(layer): (307, {"Location": "/storage/layer"}, b""),
        "layer": (200, dict[str, str](), layer),
    }
    with serving(served(blobs)) as place:
        assert pull(place, no_login) == ARTIFACT
    blobs["layer"] = (200, {}, b"hunter2")
    with serving(served(blobs)) as place, pytest.raises(Refused, match="has other bytes for sha256:"):
        pull(place, no_login)
    blobs[digest_of(layer)] = (307, {"Location": "http://elsewhere.example/layer"}, b"")
    with serving(served(blobs)) as place, pytest.raises(Refused, match="without TLS"):
        pull(place, no_login)


def test_an_endless_answer_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("floe_compiler.publish.session.LARGEST", 10)
    with serving(served({})) as place, pytest.raises(Refused, match="sends more than 10 bytes"):
        pull(place, no_login)
