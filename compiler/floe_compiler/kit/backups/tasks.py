"""The tasks of a database: its backup by schedule, its restore by hand, and a test of the restore.

Each has two containers, as no image has both programs: `pg_dump` and `pg_restore` are in the image of the server, and
rclone sends and fetches files, for all kinds of object stores alike. They share the folder `WORK`.

A cluster of CloudNativePG sends its own backups, so it only has the test. A restore into another cluster would need the
right to create any, as a Role cannot name what does not exist yet. So a server of the same major version, in a pod
without rights, reads the backup. Sources: EnterpriseDB/barman 3.19, `barman/cloud.py` (what is where in the store).

Sources: rclone/rclone `Dockerfile` (alpine, no USER). The scripts were run as rendered here, with PostgreSQL 15, rclone
1.75 and its S3 server (`tests/kit/backups`). The images themselves were not tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec
from msgspec.structs import replace

from floe_compiler.kit.backups.rclone import address, key_files, store_variables
from floe_compiler.kit.backups.settings import BackupSettings
from floe_compiler.kit.labels import shortened
from floe_compiler.kit.postgresql import client_variables
from floe_compiler.kit.resources import declared
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import BackupStore
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.facts import ConfigFile, Container, Identity, Parts, Pod, Scratch, SecretFile, Task, Variable
from floe_compiler.model.operations import DatabaseData
from floe_compiler.model.yaml_text import sha256_of

RCLONE = "docker.io/rclone/rclone:1.75.0"
# The user of the server's image, which `initdb` has to find by its number. rclone runs as any user.
IDENTITY = Identity(999, 999, 999)

LABEL = "floe.dev/"
"""Followed by what a CronJob does: `floe.dev/backup: <name>`, by which alerts and people find it."""

NEVER_MATTERS = "0 0 1 1 *"
"""The schedule of a suspended CronJob, which needs one, and ignores it."""

NEWEST = "newest"
"""The backup that is restored if nobody names another."""

RETRIES = 1
ACCOUNT = CONFIG_MAP = "database-backups"
PASSWORD = "/run/secrets/database/password"  # noqa: S105 - the path of a file
WORK = "/backup"
DUMPS = f"{WORK}/dumps"
SERVER = f"{WORK}/server"

_LONGEST = 39
"""Of a database's part of a name: a CronJob's has 52 characters at most, as Kubernetes appends the time of a run."""

_HASH = 6

TEST = "restore-test"
_CLUSTER = "-cluster"
"""In the name of a task of a whole server, so that no database has the same."""


class Protected(msgspec.Struct, frozen=True):
    """A database, the name of its tasks, and how and where it is backed up."""

    data: DatabaseData
    name: str
    settings: BackupSettings
    store: BackupStore

    @property
    def place(self) -> str:
        """Return where its backups are, as people and rclone write it."""
        return address(self.store, self.data.server, self.data.database)


def backup_parts(settings: BackupSettings, store: BackupStore, parts: Iterable[Parts]) -> Parts:
    """Return the tasks of the databases of a namespace, given the parts of all of its components.

    A server that sends its own backups only has a test of their restore.
    """
    data = (entry for own in parts for entry in own.data if isinstance(entry, DatabaseData))
    all_databases = sorted(data, key=lambda database: (database.server, database.database))
    dumped = [database for database in all_databases if not database.own_backup]
    databases = [
        Protected(database, name, settings, store) for database, name in zip(dumped, _names(dumped), strict=True)
    ]
    clusters = [
        [*own]
        for _, own in groupby(
            (database for database in all_databases if database.own_backup), lambda database: database.server
        )
    ]
    return Parts(
        tasks=(
            *(task for protected in databases for task in _tasks(protected)),
            *(_cluster_test(own, settings, store) for own in clusters if settings.restore_test),
        )
    )


def _cluster_test(data: list[DatabaseData], settings: BackupSettings, store: BackupStore) -> Task:
    """Return the test of the backups of a server, given its databases, whose restore is not that of a dump."""
    server = data[0].server
    cluster = Protected(data[0], shortened(server, _LONGEST - len(_CLUSTER)), settings, store)
    fetch = _store_container(cluster, "cluster-fetch", Variable("SOURCE", address(store, server)))
    names = Variable("DATABASES", " ".join(database.database for database in data))
    restore = _container(
        cluster, "cluster-restore-test", data[0].image, "bash", variables=(Variable("SERVER", SERVER), names)
    )
    task = _task(cluster, TEST, settings.restore_test or "", first=fetch, second=restore)
    return replace(task, name=f"{cluster.name}{_CLUSTER}-{TEST}", labels=((f"{LABEL}{TEST}", server),))


def _names(data: Iterable[DatabaseData]) -> list[str]:
    """Return a name for the tasks of each database, which no other database of the namespace has."""
    short = [(database.database.replace("_", "-").strip("-") or "database", database) for database in data]
    times = Counter(name for name, _ in short)
    return [
        name
        if times[name] == 1 and len(name) <= _LONGEST
        else _with_hash(name, f"{database.server}/{database.database}")
        for name, database in short
    ]


def _with_hash(name: str, full_name: str) -> str:
    return f"{name[: _LONGEST - _HASH - 1]}-{sha256_of(full_name)[:_HASH]}"


def _tasks(database: Protected) -> Iterator[Task]:
    settings, data = database.settings, database.data
    retention = f"{settings.retention_days}d" if settings.retention_days else ""
    yield _task(
        database,
        "backup",
        settings.schedule,
        first=_database_container(database, "dump"),
        second=_store_container(
            database, "upload", Variable("DESTINATION", database.place), Variable("RETENTION", retention)
        ),
    )
    source = (Variable("SOURCE", database.place), Variable("BACKUP", NEWEST))
    fetch = _store_container(database, "fetch", *source)
    yield _task(database, "restore", "", first=fetch, second=_database_container(database, "restore"))
    if settings.restore_test:
        restore = _container(database, "restore-test", data.image, "bash", variables=(Variable("SERVER", SERVER),))
        yield _task(database, TEST, settings.restore_test, first=fetch, second=restore)


def _task(database: Protected, kind: str, schedule: str, *, first: Container, second: Container) -> Task:
    """Return a task whose second container runs after the first. Without a schedule, it is started by hand."""
    settings, store = database.settings, database.store
    servers = () if kind == TEST else (database.data.endpoint,)
    return Task(
        f"{database.name}-{kind}",
        Pod(
            (second,),
            IDENTITY,
            setup=(first,),
            calls=(*servers, *store.calls()),
            waits_for=servers,
            # One for all, so that a role in a cloud has one account of each namespace to trust.
            account=ACCOUNT,
            workload_identity=store.identity,
        ),
        deadline=parse_duration(settings.timeout),
        # Whoever restores by hand looks at the result.
        retries=RETRIES if schedule else 0,
        schedule=schedule or NEVER_MATTERS,
        time_zone=settings.time_zone,
        suspended=not schedule,
        labels=((f"{LABEL}{kind}", database.name),),
    )


def _database_container(database: Protected, name: str) -> Container:
    """Return a container with PostgreSQL's programs, which logs in to the database."""
    data = database.data
    return _container(
        database,
        name,
        data.image,
        "bash",
        variables=(
            *client_variables(data.endpoint),
            Variable("PGDATABASE", data.database),
            Variable("PGUSER", data.user),
            Variable("PASSWORD_FILE", PASSWORD),
        ),
        secrets=(SecretFile(PASSWORD, data.password),),
    )


def _store_container(database: Protected, name: str, *variables: Variable) -> Container:
    """Return a container with rclone, which logs in to the object store."""
    store = database.store
    return _container(
        database,
        name,
        RCLONE,
        "sh",
        variables=(*variables, *store_variables(store)),
        secrets=key_files(store),
        further=("store.sh",),
    )


def _container(
    database: Protected,
    name: str,
    image: str,
    shell: str,
    *,
    variables: tuple[Variable, ...],
    secrets: tuple[SecretFile, ...] = (),
    further: tuple[str, ...] = (),
) -> Container:
    """Return a container that runs the script with its name; `further` are scripts that this one reads."""
    settings = database.settings
    files = (f"{name}.sh", *further)
    return Container(
        name,
        image,
        declared(settings.resources),
        command=(shell, f"/scripts/{name}.sh"),
        variables=(Variable("DUMPS", DUMPS), *variables),
        config=tuple(ConfigFile(f"/scripts/{file}", script(__package__, file), CONFIG_MAP) for file in files),
        secret_files=secrets,
        scratch=(Scratch(WORK, settings.working_space),),
    )
