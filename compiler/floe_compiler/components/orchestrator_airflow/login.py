"""Login to Airflow at an identity provider that speaks OpenID Connect, by the OAuth of Airflow's FAB provider.

Sources: FAB provider 3.10 (`security_manager/override.py`), Authlib 1.9; Airflow's image has Authlib (`Dockerfile`, the
extra `google-auth`). A login was tried with them, at a provider of the tests.
"""

from __future__ import annotations

import json
from typing import Any

from floe_compiler.components.orchestrator_airflow.settings import AirflowLogin
from floe_compiler.kit.scripts import script
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.endpoint import Endpoint, Port, url_endpoint
from floe_compiler.model.facts import ConfigFile, SecretFile, Variable
from floe_compiler.model.hosts import host_of
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey

SCRIPT = "/etc/airflow-login/webserver_login.py"
SETTINGS = "/etc/airflow-login/login.json"
CLIENT = "/run/secrets/airflow-oidc"
PROVIDER = "oidc"
"""The provider's name in the address to which it sends people back: `/auth/oauth-authorized/oidc`."""

ADMIN, EDITOR, VIEWER = "Admin", "User", "Viewer"
"""Roles of Airflow."""


def secret(login: AirflowLogin, instance: Instance[Any]) -> Secret:
    """Return the ID and secret of Airflow's client, which the identity provider issues; they are never generated."""
    keys = login.secret.keys
    secret_keys = (SecretKey(keys.client_id), SecretKey(keys.client_secret))
    return Secret(login.secret.name, instance.namespace, secret_keys, existing=login.secret.existing)


def secret_files(login: AirflowLogin, instance: Instance[Any]) -> tuple[SecretFile, ...]:
    """Return the files with the client's ID and secret."""
    keys, client = login.secret.keys, secret(login, instance)
    return (
        SecretFile(f"{CLIENT}/client-id", client.key(keys.client_id)),
        SecretFile(f"{CLIENT}/client-secret", client.key(keys.client_secret)),
    )


def variables(login: AirflowLogin) -> tuple[Variable, ...]:
    """Return the variables that let the API server, and no other process, use this login, and that say how long."""
    minutes = max(parse_duration(login.session) // 60, 1)
    return (
        Variable("AIRFLOW__FAB__CONFIG_FILE", SCRIPT),
        # By default, whoever keeps a page open never has to log in again, and keeps the role.
        Variable("AIRFLOW__FAB__SESSION_MAX_LIFETIME_MINUTES", str(minutes)),
    )


def files(login: AirflowLogin) -> tuple[ConfigFile, ...]:
    """Return the program, and who has which role."""
    links = (host_of(login.issuer),)
    return (
        ConfigFile(SCRIPT, script(__package__, "webserver_login.py"), "airflow-login"),
        ConfigFile(SETTINGS, settings(login), "airflow-login", links=links),
    )


def settings(login: AirflowLogin) -> str:
    """Return what the program reads: the provider, and the roles of groups; the first one that fits counts."""
    data = {
        "provider": PROVIDER,
        "issuer": login.issuer,
        "scopes": " ".join(login.scopes),
        "groups_claim": login.groups_claim,
        "roles": login.roles(ADMIN, EDITOR, VIEWER),
        "everyone": VIEWER if login.is_for_everyone else "",
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def servers(login: AirflowLogin) -> tuple[Endpoint, ...]:
    """Return the servers of the provider that the API server calls."""
    further = (
        Endpoint(server.host, (Port("https", server.port, scheme="https"),), cidr=server.cidr)
        for server in login.servers
    )
    return tuple(sorted({url_endpoint(login.issuer, login.cidr), *further}))
