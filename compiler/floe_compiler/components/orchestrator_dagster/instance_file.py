"""Dagster's own configuration: `dagster.yaml` (the instance) and `workspace.yaml` (the code locations).

Both were tested with dagster 1.13.27, dagster-k8s and dagster-postgres 0.29.27, on a PostgreSQL server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from floe_compiler.kit import postgresql
from floe_compiler.kit.meta import present
from floe_compiler.model.capabilities import Database
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import ConfigFile, Variable
from floe_compiler.model.yaml_text import to_yaml

HOME = "/opt/dagster/dagster_home"
WORKSPACE = "/dagster-workspace/workspace.yaml"
USER = "DAGSTER_PG_USERNAME"
PASSWORD = "DAGSTER_PG_PASSWORD"  # noqa: S105 - the name of a variable
PASSWORD_REASON = "dagster.yaml can take the database's password from a variable, not from a file"  # noqa: S105
INSTANCE = "dagster-instance"
PRODUCT_TAG = "floe.dev/product"

START_TIMEOUT = 600
"""Seconds that a run's pod may take to start (REQ-646): pulling an image, waiting for a node."""

POLL_INTERVAL = 120
SKIPPED_TICKS_KEPT = 7


class Queue(msgspec.Struct, frozen=True):
    """How many runs may run at once: in total, and of each product."""

    at_once: int
    per_product: int


SENSORS = {"sensors": {"use_threads": True, "num_workers": 4}}
"""By default, the daemon waits for each sensor: a slow catalog would delay its heartbeat until it is killed."""


def instance_file(
    database: Database, namespace: str, queue: Queue, days_kept: int, *, sensors: bool = False
) -> ConfigFile:
    """Return `dagster.yaml`; `sensors` says whether products have any."""
    purge = {"purge_after_days": {"skipped": SKIPPED_TICKS_KEPT, "failure": days_kept, "success": days_kept}}
    instance = {
        **_storage(database),
        "run_launcher": _launcher(namespace),
        "run_coordinator": {"module": "dagster.core.run_coordinator", "class": "QueuedRunCoordinator"},
        "concurrency": {"runs": _limits(queue)},
        # Checks whether a run's pod still exists, and whether it has run too long (a tag of the run).
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": START_TIMEOUT,
            "poll_interval_seconds": POLL_INTERVAL,
        },
        # The number of retries is a tag of the run.
        "run_retries": {"enabled": True, "max_retries": 0},
        "retention": {"schedule": purge, "sensor": purge},
        **(SENSORS if sensors else {}),
        # The programs' output goes to the event log and to the pod's log, as there is no disk for it.
        "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"},
    }
    return ConfigFile(f"{HOME}/dagster.yaml", to_yaml(instance), INSTANCE)


def migration_file(database: Database) -> ConfigFile:
    """Return `dagster.yaml` for the migration, without a launcher, as that needs a Kubernetes token."""
    return ConfigFile(f"{HOME}/dagster.yaml", to_yaml(_storage(database)), "dagster-migration")


def _storage(database: Database) -> dict[str, Any]:
    connection = {
        "hostname": database.endpoint.host,
        "port": database.endpoint.port().number,
        "db_name": database.database,
        "username": database.user or {"env": USER},
        "password": {"env": PASSWORD},
        # For SQLAlchemy 2.1, plain `postgresql` means psycopg 3, which dagster-postgres does not install.
        "scheme": "postgresql+psycopg2",
        **present(params=postgresql.connection_options(database)),
    }
    # Telemetry writes to the home folder, which is read-only, so that the webserver would not start.
    return {"storage": {"postgres": {"postgres_db": connection}}, "telemetry": {"enabled": False}}


def _launcher(namespace: str) -> Mapping[str, Any]:
    """Return the launcher of runs. The product's code location defines their pods.

    `postgres_password_secret` is left out, as it requires the key `postgresql-password`; the pods get the password
    from the secret's actual key. `instance_config_map` is required but not used: a run gets its instance as an
    argument.
    """
    config = {
        "load_incluster_config": True,
        "job_namespace": namespace,
        "service_account_name": "default",
        "dagster_home": HOME,
        "instance_config_map": INSTANCE,
        "fail_pod_on_run_failure": True,
    }
    return {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": config}


def _limits(queue: Queue) -> Mapping[str, Any]:
    """Return the limits of the queue. Each product has its own limit, so that none can fill the queue."""
    per_product = {"key": PRODUCT_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": queue.per_product}
    return {"max_concurrent_runs": queue.at_once, "tag_concurrency_limits": [per_product]}


def workspace_file(locations: Mapping[str, Endpoint]) -> ConfigFile:
    """Return `workspace.yaml`: the code locations by name."""
    servers = [
        {"grpc_server": {"host": server.host, "port": server.port().number, "location_name": name}}
        for name, server in locations.items()
    ]
    return ConfigFile(WORKSPACE, to_yaml({"load_from": servers}), "dagster-workspace")


def credentials(database: Database) -> tuple[Variable, ...]:
    """Return the variables with the database's login for `dagster.yaml`; every process of Dagster needs them."""
    password = Variable(PASSWORD, secret=database.password, reason=PASSWORD_REASON)
    return (postgresql.user_variable(USER, database), password) if database.user_key else (password,)
