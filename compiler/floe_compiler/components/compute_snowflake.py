"""Snowflake: dbt's models run in a virtual warehouse. Nothing is rendered for it.

Sources: dbt-snowflake 1.11.6 (`SnowflakeCredentials`; `dbt parse` was run with the profile), snowflake-connector-python
4.8.0 (`connection.py`: no OCSP by default, so it only needs port 443).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from floe_compiler.model.addresses import ANYWHERE
from floe_compiler.model.capabilities import Compute, FromVariable
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Parts, SecretFile, Variable
from floe_compiler.model.fields import Cidr, Name, matching
from floe_compiler.model.inputs import Reached
from floe_compiler.model.plan import Component, Context, Instance
from floe_compiler.model.secrets import Secret, SecretKey

DOMAIN = "snowflakecomputing.com"
PREFIX = "SNOWFLAKE_"
PRIVATE_KEY = f"{PREFIX}PRIVATE_KEY"
PASSPHRASE = f"{PREFIX}PRIVATE_KEY_PASSPHRASE"
KEY_FILE = "/run/secrets/snowflake/private-key.pem"
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


class SnowflakeConfig(Reached):
    """A Snowflake account, in which dbt logs in with a key pair.

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
    secret: Name = "snowflake-credentials"  # noqa: S105 - a secret's name
    """The secret with the private key (PEM, as SNOWFLAKE_PRIVATE_KEY)."""
    passphrase: bool = False
    """Whether the private key is encrypted. The secret then needs SNOWFLAKE_PRIVATE_KEY_PASSPHRASE, too."""
    cidr: Cidr = ANYWHERE
    """Snowflake's address range, for network policies."""

    @model_validator(mode="before")
    @classmethod
    def _no_password(cls, data: Any) -> Any:
        if isinstance(data, dict) and any("password" in str(key).lower() for key in data):
            raise ValueError(PASSWORDS_ENDED)
        return data


def host(account: str) -> str:
    """Return the host name of an account, in which underscores become hyphens."""
    return f"{account.replace('_', '-').lower()}.{DOMAIN}"


def from_secret(config: SnowflakeConfig) -> tuple[str, ...]:
    """Return the connection settings that the secret must have, apart from the private key."""
    names = tuple(name for name in ("user", "role", "warehouse", "database") if getattr(config, name) is None)
    return tuple(f"{PREFIX}{name.upper()}" for name in names)


def secret(instance: Instance[SnowflakeConfig]) -> Secret:
    """Return the credentials. The account's administrators provide the values; they are never generated."""
    config = instance.config
    keys = (PRIVATE_KEY, *((PASSPHRASE,) if config.passphrase else ()), *from_secret(config))
    return Secret(config.secret, instance.namespace, tuple(SecretKey(key) for key in sorted(keys)))


def connection(config: SnowflakeConfig) -> Iterator[tuple[str, str | FromVariable]]:
    """Yield the connection parameters, by their names in Snowflake's connectors."""
    yield "account", config.account
    for name in ("user", "role", "warehouse", "database"):
        yield name, getattr(config, name) or FromVariable(f"{PREFIX}{name.upper()}")
    yield "schema", config.schema_name
    yield "private_key_file", KEY_FILE
    if config.passphrase:
        yield "private_key_file_pwd", FromVariable(PASSPHRASE)


def provides(instance: Instance[SnowflakeConfig]) -> tuple[Compute, ...]:
    """Return the engine."""
    config, keys = instance.config, secret(instance)
    names = (*from_secret(config), *((PASSPHRASE,) if config.passphrase else ()))
    return (
        Compute(
            name="snowflake",
            engine="snowflake",
            connection=tuple(connection(config)),
            threads=config.threads,
            variables=tuple(Variable(name, secret=keys.key(name), reason=FROM_ENVIRONMENT) for name in names),
            secret_files=(SecretFile(KEY_FILE, keys.key(PRIVATE_KEY)),),
            endpoint=Endpoint(host(config.account), (Port("https", 443, scheme="https"),), cidr=config.cidr),
        ),
    )


def build(_context: Context[SnowflakeConfig]) -> Parts:
    """Return no parts, as the engine runs elsewhere."""
    return Parts()


COMPONENT = Component(
    slot="compute",
    type="snowflake",
    summary="Snowflake, with a key pair",
    config=SnowflakeConfig,
    build=build,
    provides=provides,
)
