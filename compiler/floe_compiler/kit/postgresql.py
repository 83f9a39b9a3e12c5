"""Conventions of PostgreSQL servers and their clients: the image, the port, the names of secrets."""

from __future__ import annotations

from floe_compiler.kit.tls import secured
from floe_compiler.kit.trust import CERTIFICATES_FILE
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import Variable
from floe_compiler.model.fields import SqlName
from floe_compiler.model.inputs import Input
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings

# The Debian release is part of the tag: another release has another C library, which may sort text differently and so
# break the indexes of an existing volume. The platform's design requires version 16.
IMAGE = "docker.io/library/postgres:16.15-trixie"
"""The server's image, also for `psql`, `pg_isready` and `pg_dump`."""

PORT = Port("postgresql", 5432, scheme="postgresql")
"""The port of every PostgreSQL server."""

VERIFIED = "verify-full"
"""The `sslmode` with which clients of libpq and JDBC verify the server's certificate and its name in it."""

ADMINISTRATOR = "postgres"
"""The superuser of a server inside the cluster."""

PASSWORD = "password"  # noqa: S105 - the name of a key
PASSWORD_LENGTH = 32

USER_REASON = "the user's name stands in the secret, and the program takes it from a variable"


class DatabaseOwner(Input):
    """A database on a server, and the role that owns it."""

    database: SqlName
    """The database's name."""
    user: SqlName
    """The role that owns it and logs in to it."""


def user_variable(name: str, database: Database) -> Variable:
    """Return a program's variable with the database user."""
    return Variable(name, database.user, secret=database.user_key, reason=USER_REASON if database.user_key else "")


def server_port(settings: Settings) -> Port:
    """Return the port of a server inside the cluster."""
    return secured(PORT, settings)


def connection_options(database: Database) -> dict[str, str]:
    """Return the options of a connection, the same for libpq, lib/pq and JDBC: whether it is encrypted and verified."""
    options = {"sslmode": database.ssl_mode, "sslrootcert": CERTIFICATES_FILE if database.ssl_mode == VERIFIED else ""}
    return {name: value for name, value in options.items() if value}


def connection_query(database: Database) -> str:
    """Return these options as the query of a URL, with its question mark; empty if there are none."""
    options = "&".join(f"{name}={value}" for name, value in connection_options(database).items())
    return f"?{options}" if options else ""


def connection_variables(ssl_mode: str) -> tuple[Variable, ...]:
    """Return libpq's variables for such a connection."""
    mode = (Variable("PGSSLMODE", ssl_mode),) if ssl_mode else ()
    return (*mode, Variable("PGSSLROOTCERT", CERTIFICATES_FILE)) if ssl_mode == VERIFIED else mode


def client_variables(server: Endpoint) -> tuple[Variable, ...]:
    """Return libpq's variables for a server of the platform: where it is, and that it is verified if it can be."""
    place = (Variable("PGHOST", server.host), Variable("PGPORT", str(server.port().number)))
    return (*place, *connection_variables(VERIFIED if server.port().tls else ""))


def jdbc_url(database: Database) -> str:
    """Return the database's JDBC URL, without user and password."""
    return f"jdbc:{database.endpoint.url(path=f'/{database.database}')}{connection_query(database)}"


def database_secret(owner: DatabaseOwner, namespace: str) -> Secret:
    """Return the secret of a database's owner: `<database>-postgresql`, with the keys `username` and `password`."""
    return _secret(f"{owner.database.replace('_', '-').strip('-')}-postgresql", owner.user, namespace)


def administrator_secret(server: str, namespace: str) -> Secret:
    """Return the secret of a server's superuser: `<server>-admin`, with the keys `username` and `password`.

    PostgreSQL reads the password only when it initializes the server's volume.
    """
    return _secret(f"{server}-admin", ADMINISTRATOR, namespace)


def role_secret(server: str, role: str, namespace: str) -> Secret:
    """Return the secret of a role that owns no database: `<server>-<role>`, with `username` and `password`."""
    return _secret(f"{server}-{role}", role, namespace)


def _secret(name: str, user: str, namespace: str) -> Secret:
    return Secret(name, namespace, (SecretKey("username", user), SecretKey(PASSWORD, generated=PASSWORD_LENGTH)))
