"""The logs of Airflow in an object store: where they are, under which names, and how Airflow gets there.

Sources: Airflow's providers for Amazon, Google (22.8) and Microsoft Azure (15.2).
"""

from __future__ import annotations

import json

from floe_compiler.kit.products import environment_names as names
from floe_compiler.kit.products.catalog import FROM_ENVIRONMENT
from floe_compiler.kit.store_logins import login_variables
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import product_namespace
from floe_compiler.model.facts import Variable

CONNECTION = "logs"
"""Airflow's name for the connection."""


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


def store_variables(store: ObjectStore) -> tuple[Variable, ...]:
    """Return the variables by which a client of the object store knows its address and login."""
    login = tuple(login_variables(store, store.login(), FROM_ENVIRONMENT))
    if store.kind != "s3":
        return login
    address = (Variable(names.AWS_ENDPOINT_URL_S3, store.url),) if store.url else ()
    return (Variable("AWS_DEFAULT_REGION", store.region), *address, *login)


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
    """Return Airflow's template for the name of a log: in the folder of the product, which its own keys can write.

    After that, it is the default of Airflow 3.3 (`log_filename_template`).
    """
    product = f"{product_namespace(domain, '')}{{{{ ti.dag_id | replace('-', '_') }}}}"
    mapped = "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}"
    run = f"run_id={{{{ ti.run_id }}}}/task_id={{{{ ti.task_id }}}}/{mapped}"
    return f"{product}/{folder}/{run}attempt={{{{ try_number|default(ti.try_number) }}}}.log"
