"""The task that prepares Airflow's database, and the administrator that it creates."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.components.orchestrator_airflow import celery, configuration
from floe_compiler.components.orchestrator_airflow.configuration import IDENTITY
from floe_compiler.kit import deadlines
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import ConfigFile, Container, Pod, SecretFile, Task
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey

ADMINISTRATOR = "/run/secrets/airflow-administrator"
CREATE_ADMINISTRATOR = "/etc/floe/create_administrator.py"


def administrator(instance: Instance[Any]) -> Secret:
    """Return the administrator's login."""
    keys = (SecretKey("username", literal="admin"), SecretKey("password", generated=32))
    return Secret(f"{instance.name}-administrator", instance.namespace, keys)


def task(
    instance: Instance[Any], database: Database, base: Container, processes: tuple[Endpoint, ...], steps: int | None
) -> Task:
    """Return the task that prepares the database: its tables, the pool of steps, and then the administrator.

    Args:
        instance: The component.
        database: The database.
        base: The fields that it shares with Airflow's processes.
        processes: The processes that start after it.
        steps: How many steps may have a pod at once; None if Airflow counts them without a pool.
    """
    password = administrator(instance)
    # It has its own configuration, so that a new data product or a longer queue does not start a migration.
    files = configuration.migration_file()
    migrate = replace(base, name="migrate", command=("airflow", "db", "migrate"), config=files)
    pools = () if steps is None else (celery.pool(migrate, steps),)
    create = replace(
        base,
        name="administrator",
        command=("python", CREATE_ADMINISTRATOR),
        config=(
            *files,
            ConfigFile(CREATE_ADMINISTRATOR, script(__package__, "create_administrator.py"), "airflow-scripts"),
        ),
        secret_files=(
            *base.secret_files,
            SecretFile(f"{ADMINISTRATOR}/username", password.key("username")),
            SecretFile(f"{ADMINISTRATOR}/password", password.key("password")),
        ),
    )
    pod = Pod((create,), IDENTITY, setup=(migrate, *pools), calls=(database.endpoint,), waits_for=(database.endpoint,))
    return Task(
        "airflow-migrate",
        pod,
        deadline=deadlines.PREPARATION,
        retries=3,
        prepares=processes,
    )
