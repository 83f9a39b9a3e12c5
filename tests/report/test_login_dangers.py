"""A reviewer sees that more people may log in, at a login proxy and at Grafana, as both are rendered."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components.dashboards_grafana.configuration import Server, settings_file
from floe_compiler.components.dashboards_grafana.settings import OidcLogin
from floe_compiler.components.orchestrator_airflow import login as airflow_login
from floe_compiler.components.orchestrator_airflow.settings import AirflowLogin
from floe_compiler.kit.ingress.login import arguments
from floe_compiler.model.ingress import Login
from floe_compiler.model.objects import Object, identify
from floe_compiler.report.dangers import Surroundings, dangers_of
from kit.ingress.test_login import LOGIN, ROUTE
from kit.samples import instance
from report.samples import resource


def words(before: Object, after: Object) -> list[str]:
    return [danger.word for danger in dangers_of(identify(before), before, after, Surroundings())]


def proxy(login: Login = LOGIN, *more: str, **changes: Any) -> Object:
    rendered = arguments(instance(), replace(login, **changes), ROUTE)
    container = {
        "name": "oauth2-proxy",
        "image": "quay.io/oauth2-proxy/oauth2-proxy:v7.15.3",
        "args": [*rendered, *more],
    }
    return resource("Deployment", spec={"template": {"spec": {"containers": [container]}}})


@pytest.mark.parametrize(
    ("before", "after", "widened"),
    [
        ({"email_domains": ("a.example",)}, {"email_domains": ("a.example", "b.example")}, True),
        ({"email_domains": ("a.example",)}, {"email_domains": ()}, True),
        ({"groups": ("data",)}, {"groups": ("data", "all")}, True),
        ({"groups": ("data",), "email_domains": ("a.example",)}, {"groups": (), "email_domains": ("a.example",)}, True),
        ({"issuer": "https://a.example"}, {"issuer": "https://b.example"}, True),
        ({"email_domains": ("a.example", "b.example")}, {"email_domains": ("a.example",)}, False),
        ({"email_domains": ()}, {"email_domains": ("a.example",)}, False),
        ({"groups": ("data", "all")}, {"groups": ("data",)}, False),
        ({"session": "12h0m0s"}, {"session": "1h0m0s"}, False),
    ],
)
def test_a_wider_login_is_reported(before: dict[str, Any], after: dict[str, Any], widened: bool) -> None:
    assert words(proxy(**before), proxy(**after)) == (["login-widened"] if widened else [])


def test_the_message_names_who_may_log_in() -> None:
    before, after = proxy(email_domains=("a.example",)), proxy(email_domains=("a.example", "b.example"))
    (danger,) = dangers_of(identify(before), before, after, Surroundings())
    assert danger.sentence == "people of b.example may log in, too; until now those of a.example"


@pytest.mark.parametrize(
    "argument", ["--skip-auth-route=GET=^/api", "--skip-auth-regex=^/x", "--trusted-ip=10.0.0.0/8"]
)
def test_requests_without_a_login_are_reported(argument: str) -> None:
    assert words(proxy(), proxy(LOGIN, argument)) == ["login-removed"]
    assert words(proxy(LOGIN, argument), proxy(LOGIN, argument)) == words(proxy(LOGIN, argument), proxy()) == []


URLS = {name: f"https://login.example/{name}" for name in ("auth_url", "token_url", "api_url")}


def grafana(text: str = "", **login: Any) -> Object:
    settings = OidcLogin.model_validate({"type": "oidc", **URLS, "admins": ("ops",), **login})
    server = Server(3000, "/home.json", "https://grafana.example", settings)
    return {**resource("ConfigMap"), "data": {"grafana.ini": settings_file(server) + text}}


@pytest.mark.parametrize(
    ("before", "after", "widened"),
    [
        ({}, {"admins": ("ops", "data")}, True),
        ({"editors": ("data",)}, {"admins": ("ops", "data")}, True),
        ({"viewers": ("data",)}, {}, True),
        ({"viewers": ("data",)}, {"viewers": ("data", "sales")}, True),
        ({}, {"auth_url": "https://other.example/auth"}, True),
        ({"admins": ("ops", "data")}, {"editors": ("data",)}, False),
        ({}, {"viewers": ("data",)}, False),
        ({"editors": ("data",)}, {}, False),
        ({"name": "Acme"}, {"name": "Other"}, False),
    ],
)
def test_wider_roles_in_grafana_are_reported(before: dict[str, Any], after: dict[str, Any], widened: bool) -> None:
    assert words(grafana(**before), grafana(**after)) == (["login-widened"] if widened else [])


def airflow(**login: Any) -> Object:
    settings = AirflowLogin.model_validate(
        {"type": "oidc", "issuer": "https://login.example/realm", "admins": ("ops",), **login}
    )
    return {**resource("ConfigMap"), "data": {"login.json": airflow_login.settings(settings)}}


@pytest.mark.parametrize(
    ("before", "after", "widened"),
    [
        ({}, {"admins": ("ops", "data")}, True),
        ({"editors": ("data",)}, {"admins": ("ops", "data")}, True),
        ({"viewers": ("data",)}, {"editors": ("data",), "viewers": ()}, True),
        ({"viewers": ("data",)}, {}, True),
        ({}, {"issuer": "https://other.example"}, True),
        ({"admins": ("ops", "data")}, {"editors": ("data",)}, False),
        ({}, {"viewers": ("data",)}, False),
        ({"admins": ("ops", "data"), "editors": ("data",)}, {"admins": ("data", "ops")}, False),
    ],
)
def test_wider_roles_in_airflow_are_reported(before: dict[str, Any], after: dict[str, Any], widened: bool) -> None:
    assert words(airflow(**before), airflow(**after)) == (["login-widened"] if widened else [])


@pytest.mark.parametrize("text", ["", "no json", "{}", "[]", '{"everyone": "", "roles": [1], "issuer": ""}'])
def test_another_file_with_this_name_is_ignored(text: str) -> None:
    config_map = {**resource("ConfigMap"), "data": {"login.json": text}}
    assert words(airflow(), config_map) == words(config_map, airflow()) == []


def test_grafana_without_a_login_is_reported() -> None:
    assert words(grafana(), grafana("[auth.anonymous]\nenabled = true\n")) == ["login-removed"]
    assert words(grafana("[auth.anonymous]\nenabled = true\n"), grafana()) == []
    broken = {**resource("ConfigMap"), "data": {"grafana.ini": "no section"}}
    assert words(grafana(), broken) == words(broken, grafana()) == []


def cube(**variables: str) -> Object:
    """Return the API server of Cube with some of its variables changed."""
    env = {"CUBEJS_DEV_MODE": "false", "NODE_ENV": "production", **variables}
    container = {"name": "cube-api", "env": [{"name": name, "value": value} for name, value in env.items()]}
    return {**resource("Deployment"), "spec": {"template": {"spec": {"containers": [container]}}}}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({}, []),
        ({"CUBEJS_DEV_MODE": "true"}, ["login-removed"]),
        ({"NODE_ENV": "development"}, ["login-removed"]),
        ({"CUBEJS_JWK_URL": "https://login.example/certs"}, ["login-widened"]),
        ({"CUBEJS_CONCURRENCY": "9"}, []),
    ],
)
def test_weaker_tokens_of_cube_are_reported(after: dict[str, str], expected: list[str]) -> None:
    assert words(cube(), cube(**after)) == expected
    assert "login-removed" not in words(cube(**after), cube())
