"""How data products log in to an Iceberg REST catalog."""

from __future__ import annotations

import msgspec

from floe_compiler.model.secrets import SecretReference


class OAuth2Credentials(msgspec.Struct, frozen=True):
    """OAuth2 client credentials: ID and secret are exchanged at `token_url` for a token with this scope."""

    client_id: SecretReference
    client_secret: SecretReference
    token_url: str
    scope: str = ""
    """Empty: the server's default scope."""


class BearerToken(msgspec.Struct, frozen=True):
    """A token that is sent with every request."""

    token: SecretReference


class AwsSignature(msgspec.Struct, frozen=True):
    """Each request is signed (SigV4) with the AWS credentials that the client has for the object store."""

    service: str
    region: str


Credentials = OAuth2Credentials | BearerToken | AwsSignature


class CatalogClient(msgspec.Struct, frozen=True):
    """A product's client of a catalog: it writes below the product's namespace, and reads the declared inputs."""

    product: str
    credentials: Credentials | None = None
    """None: the catalog needs no login."""
