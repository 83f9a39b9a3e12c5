"""Who has a login of its own to the object store, as that of the whole store opens everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from floe_compiler.model.capabilities import Capability, Catalog, ObjectStore
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.diagnostics import ENVIRONMENT_END, Findings
from floe_compiler.model.settings import Settings
from floe_compiler.model.vending import is_vended
from floe_compiler.resolve.capabilities import Placed, provided
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.rules import WHOLE_STORE
from floe_compiler.resolve.slots import slot_path

SHOWN = 3
PATH = slot_path(ObjectStore.slot)
ROLES = 'add `products: {type: identity, role: "arn:aws:iam::<account>:role/data-{domain}-{product}"}` to storage'
KEYS = "add `products: {type: secret}` to storage: a secret for each product, with its own login"
IDS = "add `products: {type: identity, client_ids: {<domain>/<product>: <client ID>}}` to storage"


def with_vending(placed: Sequence[Placed]) -> list[Placed]:
    """Return the shared components, whose object store knows whether the catalog issues credentials for tables.

    It then makes no logins for those who reach files only through the catalog: nothing would read them.
    """
    slots = (Catalog.slot, ObjectStore.slot)
    # Without their many clients, as who issues credentials does not depend on them.
    alone = ((component, replace(instance, domains=(), served=(), file_users=())) for component, instance in placed)
    capabilities = provided((component, instance) for component, instance in alone if component.slot in slots)
    catalog = next((capability for capability in capabilities if isinstance(capability, Catalog)), None)
    store = next((capability for capability in capabilities if isinstance(capability, ObjectStore)), None)
    vended = is_vended(catalog, store)
    return [
        (component, replace(instance, tables_are_vended=vended and component.slot == ObjectStore.slot))
        for component, instance in placed
    ]


def check_store_logins(
    settings: Settings,
    provided: Iterable[Capability],
    served: Iterable[ServedProduct],
    merged: Merged,
    findings: Findings,
) -> None:
    """Warn of products that get the login of the whole store.

    Args:
        settings: The environment's.
        provided: What the shared services provide.
        served: The products, and what else has a login to the store.
        merged: The documents of the platform.
        findings: The warning is added here.
    """
    capabilities = tuple(provided)
    catalog = next((capability for capability in capabilities if isinstance(capability, Catalog)), None)
    for store in (capability for capability in capabilities if isinstance(capability, ObjectStore)):
        by_account = store.identity is not None and store.identity.as_itself
        if store.clients or by_account:
            continue
        needing = [product for product in served if product.reaches_files or not is_vended(catalog, store)]
        sharing = [product for product in needing if not product.only_reads] or needing
        if sharing:
            named = ", ".join(f"{product.domain}/{product.name}" for product in sharing[:SHOWN])
            more = f" and {len(sharing) - SHOWN} more" if len(sharing) > SHOWN else ""
            findings.add(
                WHOLE_STORE,
                f'{named}{more} can read and delete all of "{store.bucket}", as all share its login',
                merged.span((*PATH, "type")),
                subject=f"{settings.environment.name}{ENVIRONMENT_END}{ObjectStore.slot}",
                hint=_fix(store),
            )


def _fix(store: ObjectStore) -> str:
    if store.secret_key or store.url:
        return IDS.replace("identity", "secret") if store.kind == "adls" else KEYS
    return {"s3": ROLES, "gcs": "add `products: {type: identity}` to storage", "adls": IDS}[store.kind]
