"""Airflow's own configuration, `airflow.cfg`: for its processes, and for the pods of steps, which know less.

All options are those of `config_templates/config.yml` of Airflow 3.3, of its Kubernetes provider 10.25, of its FAB
provider 3.10 and of its OpenLineage provider 2.20. Airflow reads an option `<name>_cmd` from the output of a command,
so secrets are mounted as files. Without the file, it would write one, which a read-only file system refuses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from floe_compiler.components.orchestrator_airflow.logs import CONNECTION
from floe_compiler.components.orchestrator_airflow.options import Options
from floe_compiler.kit.postgresql import connection_variables
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import Database, Lineage
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import ConfigFile, Identity, SecretFile, Variable
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey

IDENTITY = Identity(50000, 0, 0)
"""The user of the image, which has files that only its group may read."""

HOME = "/opt/airflow"
FILE = f"{HOME}/airflow.cfg"
DAGS = f"{HOME}/dags"
MODULES = f"{HOME}/config"
"""Where Airflow looks for Python modules (`prepare_syspath_for_config_and_plugins` of its settings.py)."""

POD_TEMPLATES = f"{HOME}/pod_templates"
LOGS = "/tmp/airflow/logs"  # noqa: S108 - the path in the container
WEB_CONFIG = "/etc/floe/webserver_config.py"
DATABASE_URL = "/etc/floe/database_url.py"
SECRETS = "/run/secrets/airflow"
FERNET_KEY, API_KEY, JWT_KEY = f"{SECRETS}/fernet-key", f"{SECRETS}/api-secret-key", f"{SECRETS}/jwt-secret"
BROKER_PASSWORD = f"{SECRETS}/broker-password"
BROKER_URL = "/etc/airflow-broker/broker_url.py"
DATABASE_USER, DATABASE_PASSWORD = f"{SECRETS}/database-username", f"{SECRETS}/database-password"

USER_AND_HOME = (Variable("AIRFLOW_HOME", HOME), Variable("USER", "airflow"))
"""Airflow asks for the name of its user, and an image may know none for the number."""

HEALTH = Port("health", 8974, health="/health")
"""Where the scheduler says whether it works."""

START_TIMEOUT = 600
"""Seconds that a step's pod may take to start (REQ-646): pulling an image, waiting for a node."""

PODS_A_LOOP = 8
"""How many pods the scheduler creates in each of its loops. By default, it is one."""

POOL = "steps"
"""The pool of steps with Celery, in `pod_step.py`, too: Airflow's own limit does not count steps that are deferred."""

PUBLISH_TIMEOUT = 10
PUBLISH_TRIES = 60
"""The scheduler tries to hand a step to the broker for ten minutes: by default three times, for a second each."""

API_TIMEOUT = 30
"""Seconds in which the API server must answer a worker."""

REDELIVERED_AFTER = 3600
"""Seconds after which a step that a worker has taken and not answered for goes to another worker."""

VERIFIED = "?ssl_cert_reqs=CERT_REQUIRED&ssl_check_hostname=true"
"""What Celery must be told of a broker with TLS: it trusts any certificate otherwise (kombu 5.6, `connection.py`)."""

FERNET_LENGTH = 43
"""The characters of 32 bytes in Base64, without the `=` at the end."""

JWT_LENGTH = 64
"""HS512, by which Airflow signs, needs as many bytes."""

Sections = Mapping[str, Mapping[str, str]]


def keys(instance: Instance[Any]) -> Secret:
    """Return Airflow's own keys: for what is encrypted in the database, for sessions, and for tokens."""
    secret_keys = (
        SecretKey("api-secret-key", generated=32),
        SecretKey("fernet-key", generated=FERNET_LENGTH),
        SecretKey("jwt-secret", generated=JWT_LENGTH),
    )
    return Secret(f"{instance.name}-keys", instance.namespace, secret_keys)


def database_files(database: Database) -> tuple[SecretFile, ...]:
    """Return the files with the login to the database."""
    user = (SecretFile(DATABASE_USER, database.user_key),) if database.user_key else ()
    return (*user, SecretFile(DATABASE_PASSWORD, database.password))


def database_variables(database: Database) -> tuple[Variable, ...]:
    """Return the variables by which both drivers of Airflow know whether to encrypt; a URL has one form for each."""
    return connection_variables(database.ssl_mode)


def server_file(instance: Instance[Any], options: Options) -> tuple[ConfigFile, ...]:
    """Return the configuration of Airflow's processes, and the script that it names."""
    sections: Sections = {
        **_common(options),
        "core": {
            "executor": "CeleryExecutor" if options.broker else "KubernetesExecutor",
            "auth_manager": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
            "dags_folder": DAGS,
            # By default, nothing would run before somebody switches it on by hand.
            "dags_are_paused_at_creation": "False",
            "load_examples": "False",
            "parallelism": str(options.at_once),
            "execution_api_server_url": options.api.url(path="/execution/"),
            "fernet_key_cmd": f'sh -c "cat {FERNET_KEY} && echo ="',
        },
        "database": _database(),
        "api": {"port": str(options.api.port().number), "secret_key_cmd": f"cat {API_KEY}", "expose_config": "False"},
        "api_auth": {
            "jwt_secret_cmd": f"cat {JWT_KEY}",
            # Tokens of one domain are of no use in another.
            "jwt_issuer": instance.namespace,
            "jwt_audience": instance.namespace,
        },
        "fab": {"config_file": WEB_CONFIG, "enable_proxy_fix": "True"},
        "scheduler": {
            "enable_health_check": "True",
            "scheduler_health_check_server_port": str(HEALTH.number),
            "task_queued_timeout": str(START_TIMEOUT),
        },
        # A new version of a DAG is a new file, with which the process starts again.
        "dag_processor": {"min_file_process_interval": "300"},
        **(_celery(options, options.broker) if options.broker else _kubernetes(instance)),
    }
    file = ConfigFile(FILE, text(sections), "airflow-config", single=True)
    return (file, DATABASE_SCRIPT, WEB_SCRIPT, *((BROKER_SCRIPT,) if options.broker else ()))


def _kubernetes(instance: Instance[Any]) -> Sections:
    return {
        "kubernetes_executor": {
            "namespace": instance.namespace,
            "worker_pods_creation_batch_size": str(PODS_A_LOOP),
            # By default, the pods of failed steps would stay forever.
            "delete_worker_pods_on_failure": "True",
            # By default, a step fails if there is no room in the namespace's quota.
            "task_publish_max_retries": "-1",
        },
    }


def _celery(options: Options, broker: Endpoint) -> Sections:
    """Return the options of workers and their broker. Results are in Airflow's database, which is the default."""
    return {
        "celery": {
            "broker_url_cmd": f"python {BROKER_URL} {broker.url(path='/0')}{VERIFIED if broker.port().tls else ''}",
            "worker_concurrency": str(options.workers_at_once),
            # By default, it is a process for each processor of the node.
            "sync_parallelism": "1",
            "operation_timeout": str(PUBLISH_TIMEOUT),
            "task_publish_max_retries": str(PUBLISH_TRIES),
        },
        "celery_broker_transport_options": {"visibility_timeout": str(REDELIVERED_AFTER)},
        # By default, five seconds: a step fails if a busy API server has not answered in five attempts.
        "workers": {"execution_api_timeout": str(API_TIMEOUT)},
    }


def migration_file() -> tuple[ConfigFile, ...]:
    """Return the configuration of the migration, which does not change when products or limits do."""
    sections: Sections = {
        "core": {
            "auth_manager": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
            "load_examples": "False",
            "fernet_key_cmd": f'sh -c "cat {FERNET_KEY} && echo ="',
        },
        "database": _database(),
        "fab": {"config_file": WEB_CONFIG},
        "logging": {"base_log_folder": LOGS},
    }
    return (ConfigFile(FILE, text(sections), "airflow-migration", single=True), DATABASE_SCRIPT, WEB_SCRIPT)


def step_file(options: Options) -> ConfigFile:
    """Return the configuration of the pods of steps, which know neither the database nor any key."""
    sections: Sections = {
        **_common(options),
        "core": {
            "executor": "LocalExecutor",
            "dags_folder": DAGS,
            "load_examples": "False",
            "execution_api_server_url": options.api.url(path="/execution/"),
        },
    }
    return ConfigFile(FILE, text(sections), "airflow-steps", single=True)


DATABASE_SCRIPT = ConfigFile(DATABASE_URL, script(__package__, "database_url.py"), "airflow-scripts")
BROKER_SCRIPT = ConfigFile(BROKER_URL, script(__package__, "broker_url.py"), "airflow-broker-scripts")
WEB_SCRIPT = ConfigFile(WEB_CONFIG, script(__package__, "webserver_config.py"), "airflow-scripts")


def _common(options: Options) -> Sections:
    return {
        "logging": {
            "base_log_folder": LOGS,
            "dag_processor_log_target": "stdout",
            "dag_processor_child_process_log_directory": f"{LOGS}/dag_processor",
            "json_logs": "True",
            **(
                {
                    "remote_logging": "True",
                    "remote_base_log_folder": options.logs,
                    "log_filename_template": options.log_names,
                    "remote_log_conn_id": CONNECTION,
                    "delete_local_logs": "True",
                }
                if options.logs
                else {}
            ),
        },
        **(
            {"azure_remote_logging": {"remote_wasb_log_container": options.log_container}}
            if options.log_container
            else {}
        ),
        "metrics": _metrics(options.metrics),
        **({"openlineage": _lineage(options.lineage, options.lineage_namespace)} if options.lineage else {}),
    }


def _database() -> Mapping[str, str]:
    return {"sql_alchemy_conn_cmd": f"python {DATABASE_URL}"}


def _metrics(server: Endpoint | None) -> Mapping[str, str]:
    if server is None:
        return {"statsd_on": "False"}
    return {
        "statsd_on": "True",
        "statsd_host": server.host,
        "statsd_port": str(server.port().number),
        # Names of products and steps are labels, and not parts of names.
        "statsd_influxdb_enabled": "True",
        "legacy_names_on": "False",
    }


def _lineage(lineage: Lineage, namespace: str) -> Mapping[str, str]:
    # By default, each event is tried for 9 s, and a step sends two: if the service were down, all would take longer.
    patience = {"timeout": 2, "retry": {"total": 0}}
    transport = {"type": "http", "url": lineage.url, "endpoint": "api/v1/lineage", **patience}
    return {"transport": json.dumps(transport), "namespace": namespace}


def text(sections: Sections) -> str:
    """Return the sections as an INI file, in which Airflow takes `%` for a reference."""
    return "\n".join(f"[{name}]\n{_lines(options)}" for name, options in sorted(sections.items()) if options)


def _lines(options: Mapping[str, str]) -> str:
    return "".join(f"{name} = {value.replace('%', '%%')}\n" for name, value in sorted(options.items()))
