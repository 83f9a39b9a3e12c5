"""The settings of Grafana."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from floe_compiler.kit.login_groups import Groups, LoginByGroups, Scope
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.endpoint import Endpoint, url_endpoint
from floe_compiler.model.fields import Cidr, Name, matching
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import Amounts, ClientKeys, DatabaseChoice, Input, ResourceSettings


def check_identity_server(text: str) -> str:
    """Accept an endpoint of an identity provider."""
    return check_url(text, "https://login.example.com/oauth2/token", path=True)


def check_address(text: str) -> str:
    """Accept the address at which people open Grafana."""
    return check_url(text, "https://grafana.example.com", path=False)


IdentityUrl = Annotated[str, AfterValidator(check_identity_server)]


class LoginSecret(Input):
    """The secret of Grafana's client at the identity provider."""

    name: Name = "grafana-oidc"
    """The secret's name."""
    keys: ClientKeys = ClientKeys()
    """The keys in the secret."""
    existing: bool = False
    """The Secret is created outside the compiler, which then renders nothing for it."""


class OidcLogin(LoginByGroups):
    """Login at an identity provider that speaks OpenID Connect. Its redirect URL is `<url>/login/generic_oauth`."""

    named_by = "token_url"

    type: Literal["oidc"]
    """How people log in."""
    name: Annotated[str, matching(r"^[A-Za-z0-9][A-Za-z0-9 .-]*$", "a name", "Acme")] = "OpenID Connect"
    """The name of the provider on the login page."""
    auth_url: IdentityUrl
    """Where browsers are sent to log in (`authorization_endpoint`)."""
    token_url: IdentityUrl
    """Where Grafana exchanges the code for a token (`token_endpoint`)."""
    api_url: IdentityUrl
    """Where Grafana reads who has logged in (`userinfo_endpoint`)."""
    cidr: Cidr = ANYWHERE
    """The address range of `token_url` and `api_url`, for network policies."""
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, strict=False)] = ("openid", "profile", "email")
    """The scopes to ask for. Some providers tell the groups only with one of their own (`groups`)."""
    editors: Groups = ()
    """The groups whose people may make dashboards, and explore metrics and traces."""
    viewers: Groups | None = None
    """The groups whose people may look at dashboards. Default: everyone who can log in."""
    secret: LoginSecret = LoginSecret()
    """The secret of Grafana's client."""

    def servers(self) -> tuple[Endpoint, ...]:
        """Return the servers of the provider that Grafana itself calls."""
        return tuple(dict.fromkeys(url_endpoint(url, self.cidr) for url in (self.token_url, self.api_url)))


class GrafanaConfig(Input):
    """Grafana, with dashboards of the platform, its domains, its products and its components."""

    type: Literal["grafana"] = "grafana"
    """The kind of dashboards."""
    replicas: Annotated[int, Field(ge=1)] = 1
    """The number of replicas. More than one needs a `database`."""
    resources: ResourceSettings = ResourceSettings(
        requests=Amounts(cpu="100m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi")
    )
    """CPU and memory of each replica."""
    url: Annotated[str, AfterValidator(check_address)] | None = None
    """The address at which people open it (`https://grafana.example.com`). `login` needs it."""
    login: OidcLogin | None = None
    """Login at an identity provider. Default: only as the administrator."""
    database: DatabaseChoice | None = None
    """The database for users and sessions. Default: a file in each pod, which is gone when the pod is."""
