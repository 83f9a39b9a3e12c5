"""What Grafana reads at its start: its settings, its data sources, and the roles of those who log in."""

from __future__ import annotations

import configparser
from typing import Any

import jmespath
import pytest
import yaml
from pydantic import ValidationError

from floe_compiler.components.dashboards_grafana.configuration import (
    Server,
    data_sources,
    providers,
    role_expression,
    settings_file,
)
from floe_compiler.components.dashboards_grafana.settings import GrafanaConfig, OidcLogin
from floe_compiler.model.capabilities import Database, MetricsStore, TraceStore
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.secrets import Secret, SecretKey
from tables import table

LOGIN: dict[str, Any] = {
    "type": "oidc",
    "auth_url": "https://login.acme.example/authorize",
    "token_url": "https://login.acme.example/token",
    "api_url": "https://login.acme.example/userinfo",
}
SECRET = Secret("grafana-postgresql", "floe-platform", (SecretKey("username"), SecretKey("password")))
OUTSIDE = Database(
    "grafana-postgresql/grafana",
    Endpoint("db.acme.example", (Port("postgresql", 5432, scheme="postgresql"),)),
    "grafana",
    "",
    SECRET.key("password"),
    user_key=SECRET.key("username"),
    ssl_mode="require",
)
STORE = MetricsStore("prometheus", Endpoint("prometheus.example", (Port("http", 9090),)))
JAEGER = TraceStore(
    "jaeger", Endpoint("jaeger.example", (Port("otlp", 4317),)), Endpoint("jaeger.example", (Port("http", 16686),))
)


def login(**settings: Any) -> OidcLogin:
    return OidcLogin.model_validate({**LOGIN, **settings})


def grafana_ini(**server: Any) -> configparser.ConfigParser:
    """Return `grafana.ini` as parsed, with values as they are in the file."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(settings_file(Server(3000, "/home.json", **server)))
    return parser


def test_grafana_calls_no_servers_on_the_internet() -> None:
    sections = grafana_ini()
    assert dict(sections["analytics"]) == {
        "reporting_enabled": "false",
        "check_for_updates": "false",
        "check_for_plugin_updates": "false",
        "feedback_links_enabled": "false",
    }
    assert sections["security"]["disable_gravatar"] == "true"
    assert sections["news"]["news_feed_enabled"] == "false"
    assert sections["snapshots"]["external_enabled"] == "false"
    assert sections["plugins"]["plugin_admin_enabled"] == "false"
    assert sections["plugins"]["public_key_retrieval_disabled"] == "true"


def test_plugins_of_the_image_are_kept() -> None:
    """At each start, Grafana would replace the plugins of its data sources, and lose them on a read-only root."""
    plugins = grafana_ini()["plugins"]
    assert (plugins["preinstall_disabled"], plugins["preinstall_auto_update"]) == ("true", "false")


def test_secrets_are_read_from_files() -> None:
    sections = grafana_ini(login=login(), database=OUTSIDE)
    values = [sections["security"][key] for key in ("admin_user", "admin_password", "secret_key")]
    values += [sections["auth.generic_oauth"][key] for key in ("client_id", "client_secret")]
    values += [sections["database"][key] for key in ("user", "password")]
    assert all(value.startswith("$__file{/run/secrets/grafana/") for value in values)
    assert len({*values}) == 7


def test_without_a_database_grafana_uses_sqlite_in_the_pod() -> None:
    assert dict(grafana_ini()["database"]) == {"type": "sqlite3", "wal": "true"}


def test_an_external_database_is_reached_with_tls() -> None:
    section = grafana_ini(database=OUTSIDE)["database"]
    assert (section["type"], section["host"], section["name"]) == ("postgres", "db.acme.example:5432", "grafana")
    assert section["ssl_mode"] == "require"


@pytest.mark.parametrize(("url", "secure"), [("https://g.acme.example", "true"), ("", "false")])
def test_cookies_are_secure_if_there_is_tls(url: str, secure: str) -> None:
    sections = grafana_ini(url=url)
    assert sections["security"]["cookie_secure"] == secure
    assert sections["server"].get("root_url", "") == (f"{url}/" if url else "")


def test_grafana_has_no_alerts_of_its_own() -> None:
    assert grafana_ini()["unified_alerting"]["enabled"] == "false"


def test_a_login_is_required_and_uses_pkce() -> None:
    section = grafana_ini(login=login(name="Acme"))["auth.generic_oauth"]
    assert (section["enabled"], section["use_pkce"], section["name"]) == ("true", "true", "Acme")
    assert section["scopes"] == "openid profile email"
    assert "auth.anonymous" not in grafana_ini()


ROLES = {"admins": ["platform"], "editors": ["data", "analysts"]}


@table(
    "settings, person, role",
    [
        ({}, {}, "Viewer"),
        (ROLES, {"groups": ["platform", "data"]}, "Admin"),
        (ROLES, {"groups": ["analysts"]}, "Editor"),
        (ROLES, {"groups": ["others"]}, "Viewer"),
        (ROLES, {"groups": []}, "Viewer"),
        (ROLES, {}, "Viewer"),
        (ROLES, {"groups": "not-platform"}, "Viewer"),
        ({**ROLES, "viewers": ["staff"]}, {"groups": ["staff"]}, "Viewer"),
        ({**ROLES, "viewers": ["staff"]}, {"groups": ["others"]}, None),
        ({**ROLES, "viewers": ["staff"]}, {}, None),
        (
            {"admins": ["x"], "groups_claim": "https://acme.example/groups"},
            {"https://acme.example/groups": ["x"]},
            "Admin",
        ),
    ],
)
def test_groups_become_roles(settings: dict[str, Any], person: dict[str, Any], role: str | None) -> None:
    expression = role_expression(login(**settings))
    granted = jmespath.search(expression, person)
    assert (granted or None) == role, "Grafana refuses a login without a role"


def test_quotes_around_roles_survive_grafanas_parser() -> None:
    """Grafana removes the quotes of a value that begins and ends with the same one, and `Viewer` means nothing."""
    for settings in ({}, ROLES):
        expression = grafana_ini(login=login(**settings))["auth.generic_oauth"]["role_attribute_path"]
        assert expression[0] not in "'\"`"
        assert "'Viewer'" in expression
        assert not {*expression} & {*"#;$%"}, "no other character with a meaning in this file"


@pytest.mark.parametrize(
    "settings",
    [
        {"viewers": []},
        {"admins": ["o'neill"]},
        {"editors": ["a; b"]},
        {"token_url": "login.acme.example"},
        {"scopes": []},
        {"name": "Acme # 1"},
        {"groups_claim": 'x"y'},
    ],
)
def test_wrong_logins_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        login(**settings)


def test_the_url_of_grafana_has_a_host_and_no_path() -> None:
    for url in ("grafana.acme.example", "https://acme.example/grafana"):
        with pytest.raises(ValidationError):
            GrafanaConfig.model_validate({"url": url})
    assert GrafanaConfig.model_validate({"url": "https://grafana.acme.example"}).url == "https://grafana.acme.example"


def test_data_sources_have_fixed_addresses_and_cannot_be_edited() -> None:
    sources = yaml.load(data_sources(STORE, JAEGER), yaml.CSafeLoader)["datasources"]
    assert [
        (source["uid"], source["type"], source["access"], source["url"], source["editable"]) for source in sources
    ] == [
        ("metrics", "prometheus", "proxy", "http://prometheus.example:9090", False),
        ("traces", "jaeger", "proxy", "http://jaeger.example:16686", False),
    ]
    assert sources[0]["isDefault"]


def test_without_a_tracing_ui_there_is_no_data_source_for_traces() -> None:
    for store in (None, TraceStore("store", JAEGER.endpoint)):
        (source,) = yaml.load(data_sources(STORE, store), yaml.CSafeLoader)["datasources"]
        assert source["type"] == "prometheus"
        assert "exemplarTraceIdDestinations" not in source["jsonData"]


def test_dashboards_follow_the_files() -> None:
    (platform, components) = yaml.load(providers(["platform", "components"]), yaml.CSafeLoader)["providers"]
    assert platform["options"]["path"] == "/var/lib/grafana-dashboards/platform"
    assert components["folder"] == "Components"
    assert {platform["disableDeletion"], platform["allowUiUpdates"]} == {False}
