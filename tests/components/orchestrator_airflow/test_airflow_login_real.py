"""The login of the real Airflow at an identity provider, which is part of the tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from msgspec.structs import replace

import postgresql_server
from airflow_program import NEEDS_AIRFLOW, Machine, context, program, stopped
from backup_programs import free_port
from floe_compiler.components.orchestrator_airflow import build
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Variable
from postgresql_server import ADMINISTRATOR
from products import DATABASE

HAS_AUTHLIB = bool(program()) and any(Path(program()).parents[1].glob("lib/python3*/site-packages/authlib"))
pytestmark = [
    pytest.mark.real,
    pytest.mark.filterwarnings("default"),
    NEEDS_AIRFLOW,
    pytest.mark.skipif(not HAS_AUTHLIB, reason="not installed beside Airflow: authlib"),
]

ISSUER, HOST = "https://login.acme.example/realms/acme", "airflow.acme.example"
PASSWORD, CLIENT_SECRET = "the-password", "the-secret-of-the-client"
KEY = b"the key that the provider signs with"
LOGIN = {
    "type": "oidc",
    "issuer": ISSUER,
    "admins": ["platform-team"],
    "editors": ["marketing"],
    "viewers": ["staff"],
    "session": "8h",
}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: dict[str, Any]) -> str:
    """Return a token with these claims, as the provider signs it."""
    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "one"}, claims))
    return f"{text}.{encoded(hmac.new(KEY, text.encode(), hashlib.sha256).digest())}"


@dataclass
class Provider:
    """An identity provider: who logs in next, and the token requests of the client."""

    port: int = 0
    person: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    token_requests: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("/.well-known/openid-configuration"):
            return {
                "issuer": self.url("/realms/acme"),
                "authorization_endpoint": self.url("/authorize"),
                "token_endpoint": self.url("/token"),
                "userinfo_endpoint": self.url("/userinfo"),
                "jwks_uri": self.url("/keys"),
                "id_token_signing_alg_values_supported": ["HS256"],
            }
        if path == "/keys":
            return {"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": encoded(KEY)}]}
        if path == "/userinfo":
            return self.person
        now = int(time.time())
        standard = {"iss": self.url("/realms/acme"), "aud": "the-client", "exp": now + 60, "iat": now}
        claims = {"sub": self.person["sub"], **standard, "nonce": self.nonce}
        return {"access_token": "one", "token_type": "Bearer", "expires_in": 60, "id_token": signed(claims)}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    issuer = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if body:
                issuer.token_requests.append(parse_qs(body))
                issuer.headers.append(self.headers.get("Authorization", ""))
            text = json.dumps(issuer.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self) -> None:
            self.do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        issuer.port = server.server_port
        yield issuer
        server.shutdown()


@pytest.fixture(scope="module")
def airflow(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the API server; yield its port."""
    with ExitStack() as stack:
        database = stack.enter_context(postgresql_server.running())
        database.ask(*ADMINISTRATOR, f"CREATE ROLE dagster LOGIN PASSWORD '{PASSWORD}'")
        database.ask(*ADMINISTRATOR, "CREATE DATABASE dagster OWNER dagster")
        address = Endpoint("database.example", (Port("postgresql", database.port, scheme="postgresql"),))
        parts = build(context(capabilities=(replace(DATABASE, endpoint=address),), login=LOGIN, logs={"remote": False}))
        port = free_port()
        machine = Machine(
            tmp_path_factory.mktemp("pods"),
            {
                ("dagster-postgresql", "password"): PASSWORD,
                ("airflow-oidc", "client-id"): "the-client",
                ("airflow-oidc", "client-secret"): CLIENT_SECRET,
                ("airflow-administrator", "username"): "admin",
                ("airflow-administrator", "password"): PASSWORD,
            },
            {"port = 8080": f"port = {port}", ISSUER: provider.url("/realms/acme")},
            hosts=("database.example",),
        )
        (migration,) = parts.tasks
        for migrating in (*migration.pod.setup, *migration.pod.containers):
            done = machine.run(migration.pod, migrating)
            assert done.returncode == 0, done.stderr
        server = next(workload for workload in parts.workloads if workload.name == "airflow-api-server")
        container = server.pod.containers[0]
        filled = (
            *(variable for variable in container.variables if not variable.interface),
            Variable("AIRFLOW__API__BASE_URL", f"https://{HOST}"),
            Variable("AUTHLIB_INSECURE_TRANSPORT", "true"),  # the provider of the tests has no certificate
        )
        command = machine.command(server.pod, replace(container, variables=filled))
        log = stack.enter_context((machine.folder / "log").open("wb"))
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        stack.callback(stopped, process)
        for _ in range(240):
            try:
                if Browser(port).get("/api/v2/version")[0] == 200:
                    break
            except OSError:
                time.sleep(1)
        else:
            raise AssertionError((machine.folder / "log").read_text())
        yield port


@dataclass
class Browser:
    """A browser behind the ingress controller."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, method: str = "GET", body: Any = None, token: str = "") -> tuple[int, str]:
        """Return the status, and the location or the body of the response."""
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST}
        headers |= {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location") or page

    def log_in(self, provider: Provider, person: dict[str, Any]) -> str:
        """Log in as a person; return Airflow's token, empty if there is none."""
        status, location = self.get("/auth/login/oidc")
        assert status == 302, location
        query = parse_qs(urlsplit(location).query)
        assert location.startswith(provider.url("/authorize?"))
        assert query["redirect_uri"] == [f"https://{HOST}/auth/oauth-authorized/oidc"]
        assert query["code_challenge_method"] == ["S256"]
        provider.person, provider.nonce = person, query["nonce"][0]
        status, location = self.get(f"/auth/oauth-authorized/oidc?code=one&state={quote(query['state'][0])}")
        assert status == 302
        self.get(urlsplit(location).path)
        self.get("/auth/")
        return self.cookies.get("_token", "")


def rights(port: int, token: str) -> tuple[int, int, int]:
    """Return whether a token may see DAGs, start runs of one that does not exist, and see connections."""
    browser = Browser(port)
    return (
        browser.get("/api/v2/dags", token=token)[0],
        browser.get("/api/v2/dags/none/dagRuns", "POST", {"logical_date": None}, token)[0],
        browser.get("/api/v2/connections", token=token)[0],
    )


PEOPLE = {
    "Admin": ["other", "platform-team", "staff"],
    "User": ["marketing"],
    "Viewer": ["staff"],
}
RIGHTS = {"Admin": (200, 404, 200), "User": (200, 404, 403), "Viewer": (200, 403, 403)}


@pytest.mark.parametrize("role", PEOPLE)
def test_groups_decide_the_role(airflow: int, provider: Provider, role: str) -> None:
    person = {"sub": f"person-{role}", "email": f"{role}@acme.example", "name": role, "groups": PEOPLE[role]}
    token = Browser(airflow).log_in(provider, person)
    assert rights(airflow, token) == RIGHTS[role]
    assert provider.token_requests[-1]["code_verifier"]
    credentials = base64.b64encode(f"the-client:{CLIENT_SECRET}".encode()).decode()
    assert provider.headers[-1] == f"Basic {credentials}"


def test_a_change_of_groups_changes_the_role(airflow: int, provider: Provider) -> None:
    person = {"sub": "mover", "email": "mover@acme.example", "name": "Mover"}
    before = Browser(airflow).log_in(provider, {**person, "groups": ["platform-team"]})
    assert rights(airflow, before) == RIGHTS["Admin"]
    after = Browser(airflow).log_in(provider, {**person, "groups": "staff"})
    for _ in range(60):  # Airflow remembers rights for half a minute
        if rights(airflow, after) == RIGHTS["Viewer"]:
            break
        time.sleep(1)
    assert rights(airflow, after) == RIGHTS["Viewer"]
    assert rights(airflow, before) == RIGHTS["Viewer"]
    assert not Browser(airflow).log_in(provider, {**person, "groups": []})


def test_a_login_ends(airflow: int, provider: Provider) -> None:
    person = {"sub": "late", "email": "late@acme.example", "groups": ["staff"]}
    part = Browser(airflow).log_in(provider, person).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert 8 * 60 * 60 - 60 <= claims["exp"] - claims["iat"] <= 8 * 60 * 60


@pytest.mark.parametrize("groups", [{}, {"groups": []}, {"groups": ["platform"]}])
def test_a_user_without_a_group_has_no_access(airflow: int, provider: Provider, groups: dict[str, Any]) -> None:
    assert not Browser(airflow).log_in(provider, {"sub": "stranger", "email": "stranger@acme.example", **groups})


def test_nobody_can_take_over_the_administrator(airflow: int, provider: Provider) -> None:
    person = {"sub": "admin", "preferred_username": "admin", "email": "a@acme.example", "groups": ["staff"]}
    assert rights(airflow, Browser(airflow).log_in(provider, person)) == RIGHTS["Viewer"]


def test_a_token_with_another_nonce_is_refused(airflow: int, provider: Provider) -> None:
    browser = Browser(airflow)
    _, location = browser.get("/auth/login/oidc")
    provider.person, provider.nonce = {"sub": "x", "email": "x@acme.example", "groups": ["platform-team"]}, "another"
    state = quote(parse_qs(urlsplit(location).query)["state"][0])
    browser.get(f"/auth/oauth-authorized/oidc?code=one&state={state}")
    browser.get("/auth/")
    assert "_token" not in browser.cookies
