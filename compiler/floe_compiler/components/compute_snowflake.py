"""Snowflake: dbt's models run in a virtual warehouse. Nothing is rendered for it.

Sources: dbt-snowflake 1.11.6 and 1.12.4 (`SnowflakeCredentials`; `dbt parse` was run with the profile): OAuth is a
refresh token of an integration of Snowflake's, as it asks no other server for tokens, and only 1.12 knows identities
of clouds. snowflake-connector-python 4.8.0 (`connection.py`: no OCSP by default, so it only needs port 443;
`wif_util.py`: which servers give it the proof of an identity).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.kit import azure, google
from floe_compiler.kit.azure import Guid
from floe_compiler.kit.google import ServiceAccount
from floe_compiler.kit.s3 import POD_IDENTITY, Region, Role, of_aws, role_identity
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import Compute, FromVariable
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Parts, SecretFile, Variable
from floe_compiler.model.fields import Cidr, Name, matching
from floe_compiler.model.inputs import Input, Reached
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

DOMAIN = "snowflakecomputing.com"
PREFIX = "SNOWFLAKE_"
PRIVATE_KEY = f"{PREFIX}PRIVATE_KEY"
PASSPHRASE = f"{PREFIX}PRIVATE_KEY_PASSPHRASE"
KEY_FILE = "/run/secrets/snowflake/private-key.pem"
OAUTH = (
    ("oauth_client_id", f"{PREFIX}OAUTH_CLIENT_ID"),
    ("oauth_client_secret", f"{PREFIX}OAUTH_CLIENT_SECRET"),
    ("token", f"{PREFIX}OAUTH_REFRESH_TOKEN"),
)
PROVIDERS = {"aws": "AWS", "azure": "AZURE", "google": "GCP"}
FROM_ENVIRONMENT = "dbt's profile takes it from a variable"
PASSWORDS_ENDED = (
    "Snowflake has let no service log in by password since 2026-08-31; "
    f"put the user's private key into the secret, as {PRIVATE_KEY}"
)


def check_account(text: str) -> str:
    """Accept an account identifier, without the rest of the URL."""
    if DOMAIN in text or "/" in text:
        raise ValueError(f'"{text}" is a URL; write the account alone, such as acme-analytics')
    if not all(char.isalnum() or char in "-_." for char in text) or not text[:1].isalnum():
        raise ValueError(f'"{text}" is not an account identifier; write, for example, acme-analytics')
    return text


Identifier = Annotated[
    str, matching(r"^[A-Za-z_][A-Za-z0-9_$]*$", 'letters, digits, "_" and "$", no digit first', "TRANSFORMING")
]


class KeyPair(Input):
    """dbt logs in with the user's private key, from the secret."""

    type: Literal["key-pair"] = "key-pair"
    """How dbt logs in."""


class OAuth(Input):
    """dbt logs in with a refresh token of a security integration of Snowflake's, from the secret."""

    type: Literal["oauth"]
    """How dbt logs in."""


class AwsLogin(Input):
    """dbt logs in with the AWS role of the pod's ServiceAccount, so no key is stored (EKS)."""

    type: Literal["aws"]
    """How dbt logs in."""
    role: Role | None = None
    """The role's ARN. Default: the one that the ServiceAccount is associated with (EKS Pod Identity)."""
    region: Region
    """The cluster's region."""


class AzureLogin(Input):
    """dbt logs in with the identity of the pod's ServiceAccount, so no key is stored (AKS)."""

    type: Literal["azure"]
    """How dbt logs in."""
    client_id: Guid
    """The client ID of the managed identity or application. It must trust the pods' ServiceAccounts."""
    tenant_id: Guid | None = None
    """Its directory tenant. Default: that of the cluster."""


class GoogleLogin(Input):
    """dbt logs in with the Google service account of the pod's ServiceAccount, so no key is stored (GKE)."""

    type: Literal["google"]
    """How dbt logs in."""
    service_account: ServiceAccount
    """The Google service account that the pods act as, which must let their ServiceAccounts do so."""


class SnowflakeConfig(Reached):
    """A Snowflake account, in which dbt logs in with a key pair, OAuth, or the identity of its pod in a cloud.

    The account is not secret, as it is part of the server's name. User, role, warehouse and database are set here or
    in the secret, as SNOWFLAKE_USER, SNOWFLAKE_ROLE, SNOWFLAKE_WAREHOUSE and SNOWFLAKE_DATABASE.
    """

    type: Literal["snowflake"] = "snowflake"
    """The kind of compute engine."""
    account: Annotated[str, AfterValidator(check_account)]
    """The account identifier (`acme-analytics`, or `xy12345.us-east-1`)."""
    user: Identifier | None = None
    """The user. Default: from the secret."""
    role: Identifier | None = None
    """The role. Default: from the secret."""
    warehouse: Identifier | None = None
    """The virtual warehouse. Default: from the secret."""
    database: Identifier | None = None
    """The database. Default: from the secret."""
    schema_name: Identifier = "PUBLIC"
    """The schema in which models are created."""
    threads: Annotated[int, Field(ge=1)] = 4
    """How many models run at once."""
    credentials: Annotated[KeyPair | OAuth | AwsLogin | AzureLogin | GoogleLogin, Field(discriminator="type")] = (
        KeyPair()
    )
    """How dbt logs in."""
    secret: Name = "snowflake-credentials"  # noqa: S105 - a secret's name
    """The secret with the private key (PEM, as SNOWFLAKE_PRIVATE_KEY) or, for OAuth, SNOWFLAKE_OAUTH_CLIENT_ID,
    SNOWFLAKE_OAUTH_CLIENT_SECRET and SNOWFLAKE_OAUTH_REFRESH_TOKEN."""
    passphrase: bool = False
    """Whether the private key is encrypted. The secret then needs SNOWFLAKE_PRIVATE_KEY_PASSPHRASE, too."""
    cidr: Cidr = ANYWHERE
    """Snowflake's address range, for network policies."""

    @model_validator(mode="after")
    def _passphrase_of_a_key(self) -> Self:
        if self.passphrase and not isinstance(self.credentials, KeyPair):
            raise ValueError("only a private key has a passphrase; leave passphrase out")
        return self

    @model_validator(mode="before")
    @classmethod
    def _no_password(cls, data: Any) -> Any:
        if isinstance(data, dict) and any("password" in str(key).lower() for key in data):
            raise ValueError(PASSWORDS_ENDED)
        return data


def host(account: str) -> str:
    """Return the host name of an account, in which underscores become hyphens."""
    return f"{account.replace('_', '-').lower()}.{DOMAIN}"


def _from_secret(config: SnowflakeConfig) -> tuple[tuple[str, str], ...]:
    """Return the connection parameters that are variables from the secret, and the names of these."""
    needed = ("user", "role", "warehouse", "database")
    # The user follows from a token or an identity.
    named = (name for name in needed if name != "user" or isinstance(config.credentials, KeyPair))
    pairs = tuple((name, f"{PREFIX}{name.upper()}") for name in named if getattr(config, name) is None)
    match config.credentials:
        case KeyPair() if config.passphrase:
            return (*pairs, ("private_key_file_pwd", PASSPHRASE))
        case OAuth():
            return (*pairs, *OAUTH)
    return pairs


def secret(instance: Instance[SnowflakeConfig]) -> Secret:
    """Return the credentials. The account's administrators provide the values; they are never generated."""
    config = instance.config
    key = (PRIVATE_KEY,) if isinstance(config.credentials, KeyPair) else ()
    keys = (*key, *(name for _, name in _from_secret(config)))
    return Secret(config.secret, instance.namespace, tuple(SecretKey(key) for key in sorted(keys)))


def connection(config: SnowflakeConfig) -> Iterator[tuple[str, str | FromVariable]]:
    """Yield the connection parameters, by their names in Snowflake's connectors."""
    yield "account", config.account
    variables = dict(_from_secret(config))
    for name in ("user", "role", "warehouse", "database"):
        if value := getattr(config, name):
            yield name, value
        elif name in variables:
            yield name, FromVariable(variables.pop(name))
    yield "schema", config.schema_name
    match config.credentials:
        case KeyPair():
            yield "private_key_file", KEY_FILE
        case OAuth():
            yield "authenticator", "oauth"
        case AwsLogin() | AzureLogin() | GoogleLogin() as login:
            yield "authenticator", "workload_identity"
            yield "workload_identity_provider", PROVIDERS[login.type]
    for name, variable in variables.items():
        yield name, FromVariable(variable)


def _identity(config: SnowflakeConfig) -> WorkloadIdentity | None:
    match config.credentials:
        case AwsLogin(role=None):
            return POD_IDENTITY
        case AwsLogin(role=str(role), region=region):
            return role_identity(role, of_aws("sts", region))
        case AzureLogin(client_id=client_id, tenant_id=tenant_id):
            return azure.workload_identity(client_id, tenant_id)
        case GoogleLogin(service_account=account):
            return google.identity(account)
    return None


def provides(instance: Instance[SnowflakeConfig]) -> tuple[Compute, ...]:
    """Return the engine."""
    config, keys = instance.config, secret(instance)
    key_pair = isinstance(config.credentials, KeyPair)
    return (
        Compute(
            name="snowflake",
            engine="snowflake",
            connection=tuple(connection(config)),
            threads=config.threads,
            variables=tuple(
                Variable(name, secret=keys.key(name), reason=FROM_ENVIRONMENT) for _, name in _from_secret(config)
            ),
            secret_files=(SecretFile(KEY_FILE, keys.key(PRIVATE_KEY)),) if key_pair else (),
            identity=_identity(config),
            endpoint=Endpoint(host(config.account), (Port("https", 443, scheme="https"),), cidr=config.cidr),
        ),
    )


def build(_context: Context[SnowflakeConfig]) -> Parts:
    """Return no parts, as the engine runs elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="compute",
    type="snowflake",
    summary="Snowflake, with a key pair, OAuth, or the identity of a pod",
    config=SnowflakeConfig,
    build=build,
    provides=provides,
)
