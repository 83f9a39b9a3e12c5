"""The files that Grafana reads at its start: `grafana.ini`, data sources, and where dashboards are.

In `grafana.ini`, `$__file{path}` is the content of a file, so no secret is in a variable.

Sources: grafana 13.2, `conf/defaults.ini`, `pkg/setting` and its documentation of provisioning. The plugins of the data
sources come with the image. Grafana would replace them by newer ones from grafana.com at each start, and first removes
those that it has: on a read-only root file system they are then missing (grafana/grafana#132528). With
`preinstall_disabled`, it installs none (`pkg/setting/setting_plugins.go`), and loads those of the image. Disabled ones
(`disable_plugins`) would be missing for people who add a data source of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from floe_compiler.components.dashboards_grafana.frame import FOLDERS
from floe_compiler.components.dashboards_grafana.panels import METRICS_UID, TRACES_UID
from floe_compiler.components.dashboards_grafana.settings import OidcLogin
from floe_compiler.kit.postgresql import VERIFIED
from floe_compiler.kit.trust import CERTIFICATES_FILE
from floe_compiler.model.capabilities import Database, MetricsStore, TraceStore
from floe_compiler.model.yaml_text import to_yaml

SECRETS = "/run/secrets/grafana"
ADMINISTRATOR, ADMINISTRATOR_PASSWORD = f"{SECRETS}/admin-user", f"{SECRETS}/admin-password"
SIGNING_KEY = f"{SECRETS}/secret-key"
CLIENT_ID, CLIENT_SECRET = f"{SECRETS}/client-id", f"{SECRETS}/client-secret"
DATABASE_USER, DATABASE_PASSWORD = f"{SECRETS}/database-user", f"{SECRETS}/database-password"
DASHBOARDS = "/var/lib/grafana-dashboards"
SCRAPE_INTERVAL = "30s"

Sections = Mapping[str, Mapping[str, str]]


class Server(msgspec.Struct, frozen=True):
    """What `grafana.ini` depends on: port, address, home dashboard, login and database."""

    port: int
    home: str
    url: str = ""
    login: OidcLogin | None = None
    database: Database | None = None
    certificate: str = ""
    """The folder with its certificate; empty if it has none."""


def settings_file(server: Server) -> str:
    """Return `grafana.ini`."""
    sections: Sections = {
        "server": {"http_port": str(server.port)}
        | ({"root_url": f"{server.url}/"} if server.url else {})
        | (_certificate(server.certificate) if server.certificate else {}),
        "database": _database(server.database),
        "security": {
            "admin_user": _content(ADMINISTRATOR),
            "admin_password": _content(ADMINISTRATOR_PASSWORD),
            "secret_key": _content(SIGNING_KEY),
            "cookie_secure": _flag(value=server.url.startswith("https:")),
            "disable_gravatar": "true",
        },
        "users": {"auto_assign_org_role": "Viewer"},
        **({"auth.generic_oauth": _login(server.login)} if server.login else {}),
        "dashboards": {"default_home_dashboard_path": server.home},
        # Prometheus decides on alerts, so that there is one place for their rules.
        "unified_alerting": {"enabled": "false"},
        # Its web sockets are only for panels that are streamed.
        "live": {"max_connections": "0"},
        "log.console": {"format": "json"},
        **_nothing_from_outside(),
    }
    return "\n".join(f"[{name}]\n{_lines(keys)}" for name, keys in sections.items())


def _certificate(folder: str) -> dict[str, str]:
    files = {"cert_file": f"{folder}/tls.crt", "cert_key": f"{folder}/tls.key"}
    # By default, it never reads a renewed one.
    return {"protocol": "https", **files, "certs_watch_interval": "1m"}


def _nothing_from_outside() -> Sections:
    """Return the settings that keep Grafana from calling servers of its makers."""
    return {
        "analytics": {
            "reporting_enabled": "false",
            "check_for_updates": "false",
            "check_for_plugin_updates": "false",
            "feedback_links_enabled": "false",
        },
        "news": {"news_feed_enabled": "false"},
        "snapshots": {"external_enabled": "false"},
        "plugins": {
            "preinstall_disabled": "true",
            "preinstall_auto_update": "false",
            "plugin_admin_enabled": "false",
            "public_key_retrieval_disabled": "true",
        },
    }


def _database(database: Database | None) -> Mapping[str, str]:
    if database is None:
        return {"type": "sqlite3", "wal": "true"}
    return {
        "type": "postgres",
        "host": database.endpoint.address(),
        "name": database.database,
        "user": database.user or _content(DATABASE_USER),
        "password": _content(DATABASE_PASSWORD),
        "ssl_mode": database.ssl_mode or "disable",
        **({"ca_cert_path": CERTIFICATES_FILE} if database.ssl_mode == VERIFIED else {}),
    }


def _login(login: OidcLogin) -> Mapping[str, str]:
    return {
        "enabled": "true",
        "name": login.name,
        "client_id": _content(CLIENT_ID),
        "client_secret": _content(CLIENT_SECRET),
        "scopes": " ".join(login.scopes),
        "auth_url": login.auth_url,
        "token_url": login.token_url,
        "api_url": login.api_url,
        "use_pkce": "true",
        "allow_sign_up": "true",
        "role_attribute_path": role_expression(login),
        "role_attribute_strict": "true",
    }


def role_expression(login: OidcLogin) -> str:
    """Return the JMESPath expression for a person's role; without a result, the login is refused.

    Roles are raw strings: a bare `Admin` would be the name of a claim, and nobody would have rights. The parentheses
    keep Grafana from removing the quotes of an expression that is nothing but a raw string. `contains` fails for a
    person without the claim, so this is asked first.
    """
    claim = f'"{login.groups_claim}"[*]'
    granted = login.roles("Admin", "Editor", "Viewer")
    parts = [f"{claim} && contains({claim}, '{group}') && '{role}'" for group, role in granted]
    everyone = ["'Viewer'"] if login.is_for_everyone else []
    return f"({' || '.join([*parts, *everyone])})"


def _content(path: str) -> str:
    return f"$__file{{{path}}}"


def _flag(*, value: bool) -> str:
    return "true" if value else "false"


def _lines(keys: Mapping[str, str]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in keys.items())


def data_sources(metrics: MetricsStore, trace_store: TraceStore | None) -> str:
    """Return the data sources: the metrics, and the traces if there is a server that shows them."""
    query = trace_store.query if trace_store else None
    source: dict[str, Any] = {
        "name": "Metrics",
        "uid": METRICS_UID,
        "type": "prometheus",
        "access": "proxy",
        "url": metrics.endpoint.url(),
        "isDefault": True,
        "editable": False,
        "jsonData": {
            "httpMethod": "POST",
            "timeInterval": SCRAPE_INTERVAL,
            # Grafana does not store rules in Prometheus.
            "manageAlerts": False,
            **({"exemplarTraceIdDestinations": [{"name": "trace_id", "datasourceUid": TRACES_UID}]} if query else {}),
        },
    }
    return to_yaml(
        {"apiVersion": 1, "prune": True, "datasources": [source, *([_jaeger(query.url())] if query else [])]}
    )


def _jaeger(url: str) -> dict[str, Any]:
    return {
        "name": "Traces",
        "uid": TRACES_UID,
        "type": "jaeger",
        "access": "proxy",
        "url": url,
        "editable": False,
        "jsonData": {"nodeGraph": {"enabled": True}},
    }


def providers(folders: Iterable[str]) -> str:
    """Return where the dashboards of each folder are."""
    listed = [
        {
            "name": folder,
            "folder": FOLDERS[folder],
            "folderUid": f"floe-{folder}",
            "type": "file",
            "disableDeletion": False,
            "allowUiUpdates": False,
            "updateIntervalSeconds": 60,
            "options": {"path": f"{DASHBOARDS}/{folder}"},
        }
        for folder in folders
    ]
    return to_yaml({"apiVersion": 1, "providers": listed})
