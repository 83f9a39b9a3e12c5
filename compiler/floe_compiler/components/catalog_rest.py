"""An external Iceberg REST catalog, such as a managed service. Nothing is rendered for it.

Source: the Iceberg REST specification (base URL, OAuth2 client credentials at `/v1/oauth/tokens`, bearer tokens).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import Catalog
from floe_compiler.model.catalog_clients import BearerToken, CatalogClient, Credentials, OAuth2Credentials
from floe_compiler.model.data_access import ServedProduct, by_domain
from floe_compiler.model.endpoint import Endpoint, url_endpoint
from floe_compiler.model.facts import Parts
from floe_compiler.model.fields import Cidr, Name, SecretKeyName, matching
from floe_compiler.model.hosts import check_url
from floe_compiler.model.inputs import ClientKeys, Input, Reached
from floe_compiler.model.joined_names import joined
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

TOKENS = "/v1/oauth/tokens"


def check_catalog(text: str) -> str:
    """Accept the base URL of a catalog."""
    return check_url(text, "https://catalog.example.com/api/catalog", path=True)


def check_token_server(text: str) -> str:
    """Accept the URL of a token endpoint."""
    return check_url(text, "https://login.example.com/oauth2/token", path=True)


class TokenServer(Reached):
    """A server outside the cluster that issues tokens."""

    named_by = "url"

    url: Annotated[str, AfterValidator(check_token_server)]
    """Its token endpoint (`https://login.example.com/oauth2/token`)."""
    cidr: Cidr = ANYWHERE
    """The server's address range, for network policies."""


Holder = Literal["domain", "product"]


class ClientSecret(Input):
    """The secrets with the client IDs and secrets, one for each domain or product."""

    name: Name = "catalog-client"
    """The prefix of the secret's name; the domain's name follows (`catalog-client-sales`), and the product's."""
    one_for: Holder = "domain"
    """Whether all products of a domain have one login, or each product its own (`catalog-client-sales-orders`)."""
    keys: ClientKeys = ClientKeys()
    """The keys in the secret."""
    existing: bool = False
    """The Secret is managed outside the compiler, in the domain's namespace, so it is not rendered."""


class OAuth2Login(Input):
    """Clients exchange their ID and secret for tokens (OAuth2 client credentials)."""

    type: Literal["oauth2"]
    """How clients log in."""
    secret: ClientSecret = ClientSecret()
    """The secrets with the client IDs and secrets."""
    token_server: TokenServer | None = None
    """The server that issues tokens. Default: the catalog, at `/v1/oauth/tokens`."""
    scope: Annotated[str, matching(r"^[A-Za-z0-9._:/-]+( [A-Za-z0-9._:/-]+)*$", "scopes", "catalog")] | None = None
    """The OAuth2 scope to request. Default: the server's default."""


class TokenSecret(Input):
    """The secrets with the tokens, one for each domain or product."""

    name: Name = "catalog-token"
    """The prefix of the secret's name; the domain's name follows (`catalog-token-sales`), and the product's."""
    one_for: Holder = "domain"
    """Whether all products of a domain have one login, or each product its own (`catalog-token-sales-orders`)."""
    key: SecretKeyName = "token"
    """The key with the token."""
    existing: bool = False
    """The Secret is managed outside the compiler, in the domain's namespace, so it is not rendered."""


class TokenLogin(Input):
    """Clients log in with a static token."""

    type: Literal["token"]
    """How clients log in."""
    secret: TokenSecret = TokenSecret()
    """The secrets with the tokens."""


class NoLogin(Input):
    """The catalog needs no login."""

    type: Literal["none"]
    """How clients log in."""


class RestCatalogConfig(Reached):
    """An external Iceberg REST catalog."""

    named_by = "url"

    type: Literal["rest"] = "rest"
    """The kind of catalog."""
    url: Annotated[str, AfterValidator(check_catalog)]
    """The base URL of its REST API, without `/v1`."""
    warehouse: Annotated[str, matching(r"^[A-Za-z0-9._:/-]+$", "the name of a warehouse", "lake")]
    """The name of the warehouse in the catalog."""
    credentials: Annotated[OAuth2Login | TokenLogin | NoLogin, Field(discriminator="type")]
    """How domains or products log in."""
    vends_credentials: bool = False
    """Whether it issues temporary credentials for the files of single tables, so that steps need none of the store."""
    cidr: Cidr = ANYWHERE
    """The catalog's address range, for network policies."""


def credentials(instance: Instance[RestCatalogConfig], product: ServedProduct) -> Credentials | None:
    """Return how a product logs in. The catalog's operators provide the values; they are never generated."""
    config = instance.config
    match config.credentials:
        case OAuth2Login(secret=named) as login:
            keys = named.keys
            secret = _secret(instance, named, product, keys.client_id, keys.client_secret)
            token_url = login.token_server.url if login.token_server else f"{config.url}{TOKENS}"
            return OAuth2Credentials(
                secret.key(keys.client_id), secret.key(keys.client_secret), token_url, login.scope or ""
            )
        case TokenLogin(secret=named):
            return BearerToken(_secret(instance, named, product, named.key).key(named.key))
        case NoLogin():
            return None


def _secret(
    instance: Instance[RestCatalogConfig], settings: ClientSecret | TokenSecret, product: ServedProduct, *keys: str
) -> Secret:
    secret_keys = tuple(SecretKey(key) for key in keys)
    holder = product.domain if settings.one_for == "domain" else joined(product.domain, product.name)
    return Secret(f"{settings.name}-{holder}", instance.namespace, secret_keys, existing=settings.existing)


def token_endpoint(config: RestCatalogConfig) -> Endpoint | None:
    """Return the server that issues tokens, if it is not the catalog itself."""
    login = config.credentials
    if not isinstance(login, OAuth2Login) or login.token_server is None:
        return None
    return url_endpoint(login.token_server.url, login.token_server.cidr)


def provides(instance: Instance[RestCatalogConfig]) -> tuple[Catalog, ...]:
    """Return the catalog, with the login of each product."""
    config = instance.config
    return (
        Catalog(
            name="rest",
            endpoint=url_endpoint(config.url, config.cidr),
            uri=config.url,
            warehouse=config.warehouse,
            clients=by_domain(
                instance.served, lambda product: CatalogClient(product.name, credentials(instance, product))
            ),
            vends_credentials="always" if config.vends_credentials else "never",
            token_endpoint=token_endpoint(config),
        ),
    )


def build(_context: Context[RestCatalogConfig]) -> Parts:
    """Return no parts, as the catalog runs elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="catalog",
    type="rest",
    summary="An external Iceberg REST catalog",
    config=RestCatalogConfig,
    build=build,
    provides=provides,
    scope="platform",
)
