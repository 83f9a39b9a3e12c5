"""How Airflow notices new data in the inputs of products: its triggerer asks the catalog for all products."""

from __future__ import annotations

import msgspec

from floe_compiler.components.orchestrator_airflow.configuration import MODULES
from floe_compiler.components.orchestrator_airflow.settings import AirflowConfig
from floe_compiler.kit.products.triggers import PROGRAM, trigger_of
from floe_compiler.kit.scripts import script
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import ConfigFile, SecretFile
from floe_compiler.model.plan import Context

FILES = (
    ConfigFile(f"{MODULES}/inputs_trigger.py", script(__package__, "inputs_trigger.py"), "airflow-inputs"),
    ConfigFile(f"{MODULES}/new_data.py", PROGRAM, "airflow-inputs"),
)
"""The modules that DAGs of such products import, and the triggerer runs."""


class Noticing(msgspec.Struct, frozen=True):
    """What the triggerer needs: modules, the products' logins at the catalog, and its servers."""

    files: tuple[ConfigFile, ...] = ()
    secret_files: tuple[SecretFile, ...] = ()
    calls: tuple[Endpoint, ...] = ()


def noticing(context: Context[AirflowConfig]) -> Noticing:
    """Return what the triggerer needs to notice new data; nothing if no product of the domain waits for any."""
    of_products = (trigger_of(context, product) for product in context.instance.products)
    triggers = [trigger for trigger in of_products if trigger]
    return Noticing(
        FILES if triggers else (),
        tuple(file for trigger in triggers for file in trigger.secret_files),
        tuple(dict.fromkeys(server for trigger in triggers for server in trigger.calls)),
    )
