"""The login proxy: its arguments, and, where oauth2-proxy is installed, what the program itself does with them."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from floe_compiler.kit.ingress.login import CLIENT_FILE, COOKIE_FILE, IDENTITY, arguments, cookie_secret, login_proxy
from floe_compiler.model.addresses import Reach
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.ingress import Login, Route
from floe_compiler.model.mesh_facts import OpenInterface
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from kit.ingress.identity_provider import CLIENT, CLIENT_SECRET, IdentityProvider
from kit.samples import OUTSIDE, instance
from support import DEVELOPMENT, changed

WEB = service_endpoint("jaeger", "floe-platform", "cluster.local", (Port("http", 16686),))
INTERFACE = OpenInterface("floe-platform", "jaeger", WEB, "http", authenticates=False)
ROUTE = Route("jaeger.acme.example", INTERFACE, login=True, listener="https-jaeger")
CLIENT_OF_ALL = Secret("oauth2-proxy-client", "floe-platform", (SecretKey("client-secret"),))
LOGIN = Login(
    "https://login.acme.example", CLIENT, CLIENT_OF_ALL, (OUTSIDE,), 2, secure=True, session="12h0m0s", groups=("data",)
)


def test_it_calls_its_server_and_the_provider_and_nothing_waits_for_it() -> None:
    proxy = login_proxy(instance(), LOGIN, ROUTE)
    assert (proxy.name, proxy.replicas, proxy.awaited) == ("oauth2-proxy-jaeger", 2, False)
    assert set(proxy.pod.calls) == {OUTSIDE, WEB}
    assert proxy.pod.waits_for == ()


def test_its_secrets_are_files() -> None:
    (container,) = login_proxy(instance(), LOGIN, ROUTE).pod.containers
    assert [(file.path, file.secret) for file in container.secret_files] == [
        (CLIENT_FILE, CLIENT_OF_ALL.key("client-secret")),
        (COOKIE_FILE, cookie_secret("floe-platform").key("cookie-secret")),
    ]
    assert not [variable for variable in container.variables if variable.secret]


def test_sessions_of_one_namespace_are_invalid_in_another() -> None:
    assert cookie_secret("floe-sales-domain").owner == "floe-sales-domain"
    assert cookie_secret("floe-sales-domain").keys[0].generated in (16, 24, 32), "only those lengths are valid"


def test_allowed_users_are_in_the_arguments() -> None:
    assert {"--email-domain=*", "--allowed-group=data"} < {*arguments(instance(), LOGIN, ROUTE)}
    by_mail = replace(LOGIN, email_domains=("acme.example",), groups=())
    flags = [flag for flag in arguments(instance(), by_mail, ROUTE) if "domain" in flag or "group" in flag]
    assert flags == ["--email-domain=acme.example"]


def test_without_tls_cookies_and_the_callback_use_http() -> None:
    flags = arguments(instance(), replace(LOGIN, secure=False), ROUTE)
    assert {"--cookie-secure=false", "--redirect-url=http://jaeger.acme.example/oauth2/callback"} < {*flags}
    assert {"--cookie-secure=true", "--redirect-url=https://jaeger.acme.example/oauth2/callback"} < {
        *arguments(instance(), LOGIN, ROUTE)
    }


@pytest.mark.parametrize(
    ("cluster", "trusted"),
    [
        ({"ingress_addresses": ("35.191.0.0/16",)}, ["35.191.0.0/16"]),
        ({"ingress_namespace": "gateways", "reach": Reach(("10.4.0.0/14",))}, ["10.4.0.0/14"]),
        (
            {"ingress_namespace": "g", "reach": Reach(("10.4.0.0/14",)), "ingress_addresses": ("35.191.0.0/16",)},
            ["10.4.0.0/14", "35.191.0.0/16"],
        ),
        ({"ingress_addresses": ("35.191.0.0/16",), "reach": Reach(("10.4.0.0/14",))}, ["35.191.0.0/16"]),
        ({"ingress_namespace": "gateways"}, []),
    ],
    ids=["a load balancer", "pods", "both", "no pods", "unknown"],
)
def test_only_addresses_of_the_controller_are_trusted(cluster: dict[str, Any], trusted: list[str]) -> None:
    known = {"ingress_namespace": "", "ingress_addresses": (), "reach": Reach(), **cluster}
    flags = arguments(instance(changed(DEVELOPMENT, cluster=known)), LOGIN, ROUTE)
    assert [flag for flag in flags if "trusted" in flag] == [f"--trusted-proxy-ip={cidr}" for cidr in trusted]
    assert ("--reverse-proxy=true" in flags) == bool(trusted)


PROGRAM = shutil.which("oauth2-proxy")
real = pytest.mark.skipif(
    PROGRAM is None or shutil.which("openssl") is None, reason="oauth2-proxy and openssl are not both on the PATH"
)


@contextmanager
def upstream() -> Iterator[tuple[int, list[str]]]:
    """Run the server behind the proxy; yield its port, and the users that reach it."""
    reached: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reached.append(self.headers.get("X-Forwarded-Email", ""))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"traces")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, reached
        server.shutdown()


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Proxy:
    """oauth2-proxy with the rendered arguments, at a free port, as the user of its pod if the test may change it."""

    def __init__(self, folder: Path, provider: IdentityProvider, port: int, settings: Settings = DEVELOPMENT) -> None:
        behind = Endpoint("127.0.0.1", (Port("http", port),), PodGroup("floe-platform", "jaeger"))
        route = replace(ROUTE, interface=replace(INTERFACE, endpoint=behind))
        rendered = arguments(instance(settings), replace(LOGIN, issuer=provider.url), route)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folder.chmod(0o755)
        files = {CLIENT_FILE: CLIENT_SECRET, COOKIE_FILE: "0123456789abcdefghijklmnopqrstuv"}
        text = "\n".join(rendered).replace("0.0.0.0:4180", f"127.0.0.1:{self.port}")
        for number, (path, value) in enumerate(files.items()):
            (folder / str(number)).write_text(value)
            text = text.replace(path, str(folder / str(number)))
        user: dict[str, Any] = {"user": IDENTITY.user, "group": IDENTITY.group} if os.geteuid() == 0 else {}
        environment = {"PATH": os.environ["PATH"], "GOMEMLIMIT": "100MiB"}
        self.file = folder / "log"
        self.log = self.file.open("wb")
        self.process = subprocess.Popen(
            [PROGRAM or "", *text.split("\n")],
            env=environment,
            cwd="/",
            stdout=self.log,
            stderr=self.log,
            extra_groups=[] if user else None,
            **user,
        )

    def get(self, path: str, cookies: str = "", **headers: str) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path, headers={"Host": "jaeger.acme.example", "Cookie": cookies, **headers})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def ready(self) -> None:
        for _ in range(150):
            try:
                if self.get("/ready").status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("it does not start")


def cookies_of(response: Answer) -> str:
    return "; ".join(value.partition(";")[0] for value in response.headers.get_all("Set-Cookie", ()))


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[IdentityProvider]:
    (tmp_path / "provider").mkdir()
    claims = {"sub": "1", "email": "ann@acme.example", "email_verified": True, "groups": ["data"]}
    identity_provider = IdentityProvider(tmp_path / "provider", claims)
    yield identity_provider
    identity_provider.close()


@contextmanager
def running(
    parent: pytest.TempPathFactory, provider: IdentityProvider, settings: Settings = DEVELOPMENT
) -> Iterator[tuple[Proxy, list[str]]]:
    folder = parent.mktemp("proxy")
    for above in (folder, *folder.parents[:3]):  # the folder of the run, of its worker, and of the user
        above.chmod(0o755)
    with upstream() as (port, reached):
        proxy = Proxy(folder, provider, port, settings)
        try:
            proxy.ready()
            yield proxy, reached
        finally:
            proxy.process.terminate()
            assert proxy.process.wait(30) == 0
            proxy.log.close()


@pytest.fixture
def behind(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[tuple[Proxy, list[str]]]:
    with running(tmp_path_factory, provider) as proxy:
        yield proxy


@real
@pytest.mark.real
@pytest.mark.parametrize(
    ("cluster", "believed"),
    [
        ({"reach": Reach(("127.0.0.0/8",))}, True),
        ({"reach": Reach(("10.4.0.0/14",))}, False),
        ({"reach": Reach()}, False),
    ],
    ids=["from its addresses", "from others", "unknown"],
)
def test_forwarded_headers_are_trusted_only_from_the_controller(
    cluster: dict[str, Any], believed: bool, tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider
) -> None:
    settings = changed(DEVELOPMENT, cluster={"ingress_namespace": "gateways", **cluster})
    with running(tmp_path_factory, provider, settings) as (proxy, _):
        response = proxy.get("/search", **{"X-Forwarded-Uri": "/elsewhere"})
        assert (response.status, proxy.file.read_text().count("WARNING")) == (302, 0)
        provider.nonce = parse_qs(urlsplit(response.headers["Location"]).query).get("nonce", [""])[0]
        state = parse_qs(urlsplit(response.headers["Location"]).query)["state"][0]
        back = proxy.get(f"/oauth2/callback?code=code&state={state}", cookies_of(response))
    assert back.headers["Location"] == ("/elsewhere" if believed else "/search")


def log_in(proxy: Proxy, provider: IdentityProvider) -> Answer:
    """Go to the provider and come back, as a browser does."""
    start = proxy.get("/search")
    assert start.status == 302
    query = parse_qs(urlsplit(start.headers["Location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == ["https://jaeger.acme.example/oauth2/callback"]
    assert start.headers["Location"].startswith(f"{provider.url}/authorize?")
    provider.nonce = query.get("nonce", [""])[0]
    return proxy.get(f"/oauth2/callback?code=code&state={query['state'][0]}", cookies_of(start))


@real
@pytest.mark.real
def test_requests_without_a_login_are_refused(behind: tuple[Proxy, list[str]]) -> None:
    proxy, reached = behind
    for path in ("/", "/api/traces", "/oauth2/callback", "/.well-known/x", "/ping/../api"):
        assert proxy.get(path).status in (301, 302, 403, 500), path
    assert proxy.get("/api/traces", "_oauth2_proxy=forged").status in (302, 403)
    assert reached == []
    assert proxy.get("/ping").status == proxy.get("/ready").status == 200


@real
@pytest.mark.real
def test_a_member_of_the_group_is_let_in(behind: tuple[Proxy, list[str]], provider: IdentityProvider) -> None:
    proxy, reached = behind
    back = log_in(proxy, provider)
    assert (back.status, back.headers["Location"]) == (302, "/search")
    session = cookies_of(back)
    assert all("Secure" in value for value in back.headers.get_all("Set-Cookie", ()))
    page = proxy.get("/search", session)
    assert (page.status, page.body) == (200, b"traces")
    assert reached == ["ann@acme.example"]
    (form,) = provider.asked
    assert form["code_verifier"], "PKCE"


@real
@pytest.mark.real
def test_other_users_are_refused(behind: tuple[Proxy, list[str]], provider: IdentityProvider) -> None:
    proxy, reached = behind
    provider.claims = {**provider.claims, "groups": ["other"]}
    assert log_in(proxy, provider).status == 403
    assert reached == []
