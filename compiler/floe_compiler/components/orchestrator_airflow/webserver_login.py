"""How people log in to Airflow: at an identity provider (OpenID Connect). Their groups there decide on their role."""

# mypy: ignore-errors
# Airflow is no dependency of the compiler.

import json
import os
from pathlib import Path

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from flask_appbuilder.const import AUTH_OAUTH

LOGIN = json.loads(Path(os.environ.get("LOGIN_SETTINGS", "/etc/airflow-login/login.json")).read_text("utf-8"))
CLIENT = Path(os.environ.get("LOGIN_CLIENT", "/run/secrets/airflow-oidc"))
DISCOVERY = "/.well-known/openid-configuration"


def _read(name: str) -> str:
    return (CLIENT / name).read_text("utf-8").strip()


def role_of(groups: list[str]) -> str:
    """Return the role of a person with these groups; empty: none."""
    return next((role for group, role in LOGIN["roles"] if group in groups), LOGIN["everyone"])


class Login(FabAirflowSecurityManagerOverride):
    """Takes over name and groups from the identity provider, and refuses those without a role."""

    def get_oauth_user_info(self, provider, resp):
        """Return what is known of a person, with the role.

        The name of the user is the provider's `sub`, which nobody can choose, and no name of a user with a password.
        """
        person = dict(resp["userinfo"])
        if LOGIN["groups_claim"] not in person or "email" not in person:
            more = self.oauth_remotes[provider].userinfo()
            if more["sub"] != person["sub"]:
                raise ValueError("the identity provider answers about another person")
            person = {**more, **person}
        groups = person.get(LOGIN["groups_claim"]) or []
        return {
            "username": f"{provider}:{person['sub']}",
            "first_name": person.get("given_name") or person.get("name") or person.get("preferred_username", ""),
            "last_name": person.get("family_name", ""),
            "email": person.get("email", ""),
            "role": role_of([groups] if isinstance(groups, str) else groups),
        }

    def auth_user_oauth(self, userinfo, *args, **options):
        """Return the user, whose role is the one of today; None if there is no role: the login is refused then."""
        return super().auth_user_oauth(userinfo, *args, **options) if userinfo["role"] else None


# FAB takes the names in capitals of this file as its settings.
AUTH_TYPE = AUTH_OAUTH
WTF_CSRF_ENABLED = True
SECURITY_MANAGER_CLASS = Login
AUTH_USER_REGISTRATION = True
AUTH_ROLES_SYNC_AT_LOGIN = True
AUTH_USER_REGISTRATION_ROLE_JMESPATH = "role"
OAUTH_PROVIDERS = [
    {
        "name": LOGIN["provider"],
        "icon": "fa-key",
        "token_key": "access_token",
        "remote_app": {
            "client_id": _read("client-id"),
            "client_secret": _read("client-secret"),
            "server_metadata_url": LOGIN["issuer"].rstrip("/") + DISCOVERY,
            # By default, a token that is valid for a minute only is not used at all.
            "client_kwargs": {"scope": LOGIN["scopes"], "code_challenge_method": "S256", "leeway": 0},
        },
    }
]
