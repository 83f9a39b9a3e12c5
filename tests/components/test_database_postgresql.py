"""PostgreSQL inside the cluster: its requirements, known pitfalls, and the rendered server."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.database_postgresql import COMPONENT, ServerConfig, provides
from floe_compiler.kit import postgresql
from floe_compiler.model.facts import Container, Task, Workload
from floe_compiler.model.operations import DatabaseData
from floe_compiler.model.plan import Context
from floe_compiler.model.rendered import PodGroup
from floe_compiler.model.settings import Settings
from support import DEVELOPMENT, PRODUCTION, as_text, context_of, unit_of

SERVER = "sales-postgresql"
OWNERS = [{"database": "dagster", "user": "dagster"}, {"database": "order_marts", "user": "marts"}]


def context(settings: Settings = DEVELOPMENT, **config: Any) -> Context[ServerConfig]:
    """Return a server of the domain `sales`, with the name that resolution gives it."""
    context_ = context_of(
        COMPONENT, {"server": SERVER, "databases": OWNERS, **config}, settings=settings, scope="sales"
    )
    return replace(context_, instance=replace(context_.instance, name=SERVER))


def server(**config: Any) -> Workload:
    (workload,) = COMPONENT.build(context(**config)).workloads
    return workload


def container(**config: Any) -> Container:
    (container_,) = server(**config).pod.containers
    return container_


def task() -> Task:
    (task_,) = COMPONENT.build(context()).tasks
    return task_


def test_the_server_starts_first_and_alone() -> None:
    workload = server()

    assert (workload.name, workload.kind, workload.replicas) == (SERVER, "StatefulSet", 1)
    assert "failover" in workload.single


def test_it_requests_the_resources_of_the_platform_design() -> None:
    resources = container().resources

    assert (resources.cpu, resources.memory) == ("500m", "1Gi")
    assert (resources.cpu_limit, resources.memory_limit) == ("2", "2Gi")
    assert container().claims[0].size == "10Gi"
    assert container(storage="200Gi").claims[0].size == "200Gi"


def test_the_image_is_pinned_to_a_release_of_version_16() -> None:
    assert container().image.startswith("docker.io/library/postgres:16.")
    assert container().image.endswith("-trixie"), "another C library would sort the indexes of a volume differently"


def test_probes_connect_over_tcp_every_five_seconds() -> None:
    for probe in (container().liveness, container().readiness):
        assert probe is not None
        assert (probe.period, probe.timeout, probe.failures) == (5, 5, 5)
        assert probe.command[:4] == ("pg_isready", "-q", "-h", "127.0.0.1"), (
            "the socket answers while a volume is set up"
        )


def test_a_server_may_replay_its_log_for_ten_minutes_before_it_is_restarted() -> None:
    probe = container().startup

    assert probe is not None
    assert 300 <= probe.period * probe.failures <= 600


def test_it_stops_without_waiting_for_its_clients() -> None:
    assert container().before_stop == ("pg_ctl", "stop", "-m", "fast", "-W")
    assert server().pod.grace == 120


def test_data_is_in_the_folder_of_the_volume_that_the_version_expects() -> None:
    variables = {variable.name: variable.value for variable in container().variables}
    (claim,) = container().claims

    assert claim.path == "/var/lib/postgresql/data", "version 18 would want /var/lib/postgresql"
    assert variables["PGDATA"] == "/var/lib/postgresql/data/pgdata", "lost+found lies at the volume's root"


def test_it_has_only_the_writable_paths_that_it_needs() -> None:
    scratch = {volume.path: volume for volume in container().scratch}

    assert container().writable_root == ""
    assert set(scratch) == {"/var/run/postgresql", "/dev/shm"}
    assert scratch["/dev/shm"].memory
    assert server().pod.identity.user == 999


def test_the_administrators_password_is_a_file() -> None:
    variables = {variable.name: variable for variable in container().variables}
    (file,) = container().secret_files

    assert variables["POSTGRES_PASSWORD_FILE"].value == file.path
    assert (file.secret.secret.name, file.secret.key) == ("sales-postgresql-admin", "password")
    assert not any(variable.secret for variable in (*container().variables, *task().pod.containers[0].variables))


def test_it_provides_each_database_by_name() -> None:
    dagster, marts = provides(context().instance)

    assert (dagster.name, marts.name) == ("sales-postgresql/dagster", "sales-postgresql/order_marts")
    assert (marts.database, marts.user) == ("order_marts", "marts")
    assert dagster.endpoint.host == "sales-postgresql.floe-sales-domain.svc.cluster.local"
    assert dagster.endpoint.group == PodGroup("floe-sales-domain", SERVER)
    assert dagster.endpoint.port().number == 5432


def test_clients_and_server_read_the_same_password() -> None:
    secrets = {file.path: file.secret for file in task().pod.containers[0].secret_files}

    for database in provides(context().instance):
        assert secrets[f"/run/secrets/databases/{database.database}"] == database.password


def test_secrets_follow_the_convention() -> None:
    secret = provides(context().instance)[1].password.secret

    assert (secret.name, secret.owner) == ("order-marts-postgresql", "floe-sales-domain")
    assert [(key.name, key.literal, key.generated) for key in secret.keys] == [
        ("username", "marts", 0),
        ("password", "", 32),
    ]


def test_every_database_that_a_consumer_needs_is_created() -> None:
    (container_,) = task().pod.containers

    assert task().name == "sales-postgresql-databases"
    assert container_.arguments == ("dagster=dagster", "order_marts=marts")
    assert container_.image == postgresql.IMAGE


def test_databases_are_created_after_the_server_is_up_and_with_a_deadline() -> None:
    (endpoint,) = task().pod.waits_for

    assert endpoint in task().pod.calls
    assert endpoint.group == PodGroup("floe-sales-domain", SERVER)
    assert task().prepares == (endpoint,), "nothing connects before the database exists"
    assert (task().retries, task().deadline) == (3, 3600)


def test_the_task_changes_with_the_databases() -> None:
    """Jobs are immutable: with the same name, the Job would never create the new database."""
    fewer = COMPONENT.build(context(databases=OWNERS[:1])).tasks[0]

    assert fewer != task()


@pytest.mark.parametrize("database", ["Dagster", "a-b", "x; DROP TABLE y", "", "1st"])
def test_a_database_needs_a_plain_name(database: str) -> None:
    with pytest.raises(ValidationError):
        context(databases=[{"database": database, "user": "dagster"}])


@pytest.mark.parametrize("settings", [DEVELOPMENT, PRODUCTION], ids=lambda settings: settings.environment.name)
def test_rendered(settings: Settings, snapshot: SnapshotAssertion) -> None:
    objects = unit_of(COMPONENT, context(settings)).objects

    assert as_text(manifest for manifest in objects if manifest["metadata"]["name"].startswith(SERVER)) == snapshot


def test_each_database_is_to_be_backed_up_by_its_owner() -> None:
    data = COMPONENT.build(context()).data
    assert [(database.database, database.user) for database in data if isinstance(database, DatabaseData)] == [
        ("dagster", "dagster"),
        ("order_marts", "marts"),
    ]
