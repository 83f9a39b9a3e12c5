"""The logs of Airflow in an object store: where they are, under which names, and how Airflow gets there.

Sources: Airflow's providers for Amazon, Google (22.8) and Microsoft Azure (15.2).
"""

from __future__ import annotations

import json

from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig
from floe_compiler.kit.products import environment_names as names
from floe_compiler.kit.products.catalog import FROM_ENVIRONMENT
from floe_compiler.kit.store_logins import login_variables
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import KeptFiles, StoreClient, StoreFolder, product_namespace
from floe_compiler.model.facts import Variable

CONNECTION = "logs"
"""Airflow's name for the connection."""

LOG_READER, LOG_WRITER = "logs--reader", "logs--writer"
"""The logins of the API server, and of workers."""


def connection(store: ObjectStore | None) -> tuple[Variable, ...]:
    """Return the connection to the object store: its client takes the login from other variables.

    It must be a variable: a connection that is kept in the database is not found when logs are sent.
    """
    return (Variable(f"AIRFLOW_CONN_{CONNECTION.upper()}", _connection(store)),) if store else ()


def _connection(store: ObjectStore) -> str:
    if store.kind == "gcs":
        return json.dumps({"conn_type": "google_cloud_platform"})
    if store.kind == "adls":
        return json.dumps({"conn_type": "wasb", "host": f"https://{store.account}.blob.core.windows.net"})
    extra = {"config_kwargs": {"s3": {"addressing_style": "path" if store.path_style else "virtual"}}}
    return json.dumps({"conn_type": "aws", "extra": extra})


def store_variables(store: ObjectStore, client: StoreClient) -> tuple[Variable, ...]:
    """Return the variables by which a client of the object store knows its address and login."""
    variables = tuple(login_variables(store, client, FROM_ENVIRONMENT))
    if store.kind != "s3":
        return variables
    address = (Variable(names.AWS_ENDPOINT_URL_S3, store.url),) if store.url else ()
    return (Variable("AWS_DEFAULT_REGION", store.region), *address, *variables)


def log_base(store: ObjectStore | None, bucket: str | None) -> str:
    """Return the URL below which logs are kept, as Airflow tells the kinds of stores; empty without a store.

    The URL of ADLS has only a folder: the container is another option.
    """
    if store is None:
        return ""
    *_, folder = store.warehouse.rstrip("/").split("/", 3)[3:] or [""]
    if store.kind == "adls":
        return f"wasb://{'' if bucket else folder}"
    scheme = "gs" if store.kind == "gcs" else "s3"
    return f"{scheme}://{bucket}" if bucket else store.warehouse.rstrip("/")


def log_names(folder: str, domain: str) -> str:
    """Return Airflow's template for the name of a log: in the folder of logs, in that of its product.

    After that, it is the default of Airflow 3.3 (`log_filename_template`).
    """
    product = f"{product_namespace(domain, '')}{{{{ ti.dag_id | replace('-', '_') }}}}"
    mapped = "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}"
    run = f"run_id={{{{ ti.run_id }}}}/task_id={{{{ ti.task_id }}}}/{mapped}"
    return f"{folder}/{product}/{run}attempt={{{{ try_number|default(ti.try_number) }}}}.log"


def keeps(domain: str, config: AirflowConfig) -> KeptFiles | None:
    """Return what Airflow keeps in the object store of a domain: the logs of its products, each in a folder of its own.

    The API server reads them. A step writes its own, with the login of its product; with Celery, the worker does that.
    """
    logs = config.logs
    if not logs.remote:
        return None
    folder, bucket = f"{logs.folder}/", logs.bucket or ""
    of_domain = f"{folder}{product_namespace(domain, '')}"
    reader = (LOG_READER, StoreFolder(of_domain, bucket=bucket))
    if config.executor == "celery":
        return KeptFiles((reader, (LOG_WRITER, StoreFolder(of_domain, writes=True, bucket=bucket))))
    return KeptFiles((reader,), StoreFolder(folder, writes=True, bucket=bucket))


def login(store: ObjectStore, domain: str, user: str) -> StoreClient:
    """Return the login of Airflow's own pods: that of a user of the logs only, if the store has logins of products."""
    return store.client(domain, user) or store.login()
