"""The databases of a PostgreSQL server in the cluster: what consumers know of them, and the task that creates them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_compiler.kit import deadlines, postgresql
from floe_compiler.kit.postgresql import DatabaseOwner, administrator_secret, database_secret
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import ConfigFile, Container, Identity, Pod, Resources, SecretFile, Task, Variable
from floe_compiler.model.plan import Instance

IDENTITY = Identity(999, 999, 999)

_SECRETS = "/run/secrets/postgresql"
_PASSWORDS = "/run/secrets/databases"
_SCRIPT = "/scripts/postgresql-databases.sh"
RESOURCES = Resources(cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi")
_RETRIES = 3


def provided(instance: Instance[Any], server: Endpoint, owners: tuple[DatabaseOwner, ...]) -> tuple[Database, ...]:
    """Return the databases of a server of the namespace, each by the name `<server>/<database>`."""
    return tuple(
        Database(
            name=f"{_name(server)}/{owner.database}",
            endpoint=server,
            database=owner.database,
            user=owner.user,
            password=database_secret(owner, instance.namespace).key(postgresql.PASSWORD),
            ssl_mode=postgresql.VERIFIED if server.port().tls else "",
        )
        for owner in owners
    )


def creation(
    instance: Instance[Any], server: Endpoint, owners: tuple[DatabaseOwner, ...], setup: tuple[Container, ...] = ()
) -> Task:
    """Return the task that creates the databases of a server, and sets the passwords of their owners, after `setup`."""
    name = f"{_name(server)}-databases"
    container = Container(
        name="databases",
        image=postgresql.IMAGE,
        resources=RESOURCES,
        command=("bash", _SCRIPT),
        arguments=tuple(f"{owner.database}={owner.user}" for owner in owners),
        variables=(
            *postgresql.client_variables(server),
            Variable("PGUSER", postgresql.ADMINISTRATOR),
            Variable("ADMINISTRATOR", f"{_SECRETS}/password"),
            Variable("PASSWORDS", _PASSWORDS),
        ),
        config=(ConfigFile(_SCRIPT, script(__name__, "postgresql-databases.sh"), name),),
        secret_files=tuple(_secret_files(instance, server, owners)),
    )
    pod = Pod((container,), IDENTITY, setup=setup, calls=(server,), waits_for=(server,))
    return Task(name, pod, deadlines.PREPARATION, retries=_RETRIES, prepares=(server,))


def _secret_files(instance: Instance[Any], server: Endpoint, owners: tuple[DatabaseOwner, ...]) -> Iterator[SecretFile]:
    """Yield the superuser's password, and that of each database in a file with the database's name."""
    superuser = administrator_secret(_name(server), instance.namespace)
    yield SecretFile(f"{_SECRETS}/password", superuser.key(postgresql.PASSWORD))
    for owner in owners:
        password = database_secret(owner, instance.namespace).key(postgresql.PASSWORD)
        yield SecretFile(f"{_PASSWORDS}/{owner.database}", password)


def _name(server: Endpoint) -> str:
    """Return the name of the server: that of its Service."""
    return server.group.name if server.group else server.host
