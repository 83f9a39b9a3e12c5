"""What an orchestrator must know to notice new data in the inputs of a product, for all orchestrators that do.

The program `new_data.py` asks the catalog for the snapshots of the inputs, with the product's own client, which may
read exactly these. So it does not matter which orchestrator, in which domain, runs what writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from floe_compiler.kit.products.lakehouse import lakehouse
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import Catalog
from floe_compiler.model.catalog_clients import AwsSignature, BearerToken, Credentials, OAuth2Credentials
from floe_compiler.model.data_access import OutputTable
from floe_compiler.model.durations import parse_duration
from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import SecretFile
from floe_compiler.model.plan import Context, Product, Refusal

PROGRAM = script(__package__, "new_data.py")
"""The program that asks the catalog."""

CHECK_EVERY = 60
"""Seconds between two questions about a product."""

FOLDER = "/run/secrets/catalog"


class Trigger(msgspec.Struct, frozen=True):
    """A product's trigger: what the program reads, the files with the login, and the servers that it calls."""

    data: dict[str, Any]
    secret_files: tuple[SecretFile, ...]
    calls: tuple[Endpoint, ...]


def trigger_of(context: Context[Any], product: Product) -> Trigger | None:
    """Return a product's trigger; None if new data does not start it."""
    tables = lakehouse(context, product)
    if product.trigger is None or tables is None:
        return None
    login, files = _login(tables.client.credentials, f"{FOLDER}/{product.name}")
    return Trigger(
        {
            "inputs": product.trigger.inputs,
            "tables": sorted(
                {
                    OutputTable(table.domain or product.domain, table.product, table.output).identifier
                    for table in product.spec.inputs
                }
            ),
            "delay": parse_duration(product.trigger.delay),
            "at_most_every": _seconds(product.trigger.at_most_every),
            "at_least_every": _seconds(product.trigger.at_least_every),
            "check_every": CHECK_EVERY,
            "catalog": _place(tables.catalog, login),
        },
        files,
        tables.catalog.calls(),
    )


def refusals(context: Context[Any]) -> Iterator[Refusal]:
    """Yield why new data cannot be noticed: the program cannot sign its requests."""
    for product in context.instance.products:
        tables = lakehouse(context, product) if product.trigger else None
        if tables and isinstance(tables.client.credentials, AwsSignature):
            yield Refusal(
                f'cannot notice new data for product "{product.name}", as each request to the catalog must be signed',
                hint="give the product a schedule instead of the trigger, or use another catalog",
            )


def _place(catalog: Catalog, login: dict[str, str] | None) -> dict[str, Any]:
    return {
        "uri": catalog.uri,
        "warehouse": catalog.warehouse,
        "headers": dict(catalog.headers),
        "login": login,
    }


def _login(credentials: Credentials | None, folder: str) -> tuple[dict[str, str] | None, tuple[SecretFile, ...]]:
    """Return how a client logs in, with the files that hold its secrets, and these."""
    match credentials:
        case OAuth2Credentials():
            client_id, client_secret = f"{folder}/client-id", f"{folder}/client-secret"
            login = {"client_id": client_id, "client_secret": client_secret}
            files = SecretFile(client_id, credentials.client_id), SecretFile(client_secret, credentials.client_secret)
            return {**login, "url": credentials.token_url, "scope": credentials.scope}, files
        case BearerToken():
            token = f"{folder}/token"
            return {"token": token}, (SecretFile(token, credentials.token),)
        case AwsSignature() | None:
            return None, ()


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else parse_duration(duration)
