"""The steps' variables for the catalog: those of the platform's contract, and those of PyIceberg (and so dlt).

PyIceberg 0.12 reads these names (`pyiceberg/utils/config.py`); they were tested with dlt and PyIceberg.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.kit.products import environment_names as names
from floe_compiler.kit.products.lakehouse import Lakehouse
from floe_compiler.model.catalog_clients import AwsSignature, BearerToken, OAuth2Credentials
from floe_compiler.model.data_access import OutputTable
from floe_compiler.model.facts import Variable
from floe_compiler.model.inputs import ProductInput
from floe_compiler.model.joined_names import identifier, joined_identifiers
from floe_compiler.model.plan import Product

FROM_ENVIRONMENT = "Iceberg clients, dbt and the AWS SDKs take their credentials from the environment"
PYICEBERG = "PYICEBERG_CATALOG__DEFAULT__"
"""PyIceberg's `load_catalog()` without a name, and dlt, use the catalog `default`."""


def catalog_variables(lakehouse: Lakehouse, product: Product) -> Iterator[Variable]:
    """Yield a product's variables for the catalog and its tables."""
    yield from lakehouse.catalog.variables
    yield from _contract(lakehouse)
    yield from _pyiceberg(lakehouse)
    yield from _tables(product)


def _contract(lakehouse: Lakehouse) -> Iterator[Variable]:
    catalog, login, name = lakehouse.catalog, lakehouse.client.credentials, lakehouse.variable
    yield Variable(name(names.URI), catalog.uri)
    if isinstance(login, OAuth2Credentials):
        yield Variable(name(names.TOKEN_URI), login.token_url)
        if login.scope:
            yield Variable(name(names.SCOPE), login.scope)
    yield Variable(name(names.WAREHOUSE), catalog.warehouse)
    yield Variable(name(names.NAMESPACE), lakehouse.namespace)
    match login:
        case OAuth2Credentials():
            client_id, client_secret = name(names.CLIENT_ID), name(names.CLIENT_SECRET)
            yield Variable(client_id, secret=login.client_id, reason=FROM_ENVIRONMENT)
            yield Variable(client_secret, secret=login.client_secret, reason=FROM_ENVIRONMENT)
            # Kubernetes inserts the values of the two variables above.
            yield Variable(name(names.CREDENTIAL), f"$({client_id}):$({client_secret})")
        case BearerToken():
            yield Variable(name(names.TOKEN), secret=login.token, reason=FROM_ENVIRONMENT)
        case AwsSignature():
            yield Variable(name(names.SIGNING_SERVICE), login.service)
            yield Variable(name(names.SIGNING_REGION), login.region)


def _pyiceberg(lakehouse: Lakehouse) -> Iterator[Variable]:
    catalog, login = lakehouse.catalog, lakehouse.client.credentials
    yield Variable(f"{PYICEBERG}TYPE", "rest")
    yield Variable(f"{PYICEBERG}URI", catalog.uri)
    yield Variable(f"{PYICEBERG}WAREHOUSE", catalog.warehouse)
    match login:
        case OAuth2Credentials():
            yield Variable(f"{PYICEBERG}CREDENTIAL", f"$({lakehouse.variable(names.CREDENTIAL)})")
            if login.scope:
                yield Variable(f"{PYICEBERG}SCOPE", login.scope)
            yield Variable(f"{PYICEBERG}OAUTH2_SERVER_URI", login.token_url)
        case BearerToken():
            yield Variable(f"{PYICEBERG}TOKEN", f"$({lakehouse.variable(names.TOKEN)})")
        case AwsSignature():
            yield Variable(f"{PYICEBERG}REST__SIGV4_ENABLED", "true")
            yield Variable(f"{PYICEBERG}REST__SIGNING_NAME", login.service)
            yield Variable(f"{PYICEBERG}REST__SIGNING_REGION", login.region)
    for name, value in catalog.headers:
        yield Variable(f"{PYICEBERG}HEADER__{identifier(name).upper()}", value)
    if not lakehouse.is_vended:
        # PyIceberg requests vended credentials by default, and Polaris refuses access to a table if it does not vend
        # them (apache/polaris#2711).
        yield Variable(f"{PYICEBERG}HEADER__X_ICEBERG_ACCESS_DELEGATION", "")


def _tables(product: Product) -> Iterator[Variable]:
    for output in product.spec.outputs:
        table = OutputTable(product.domain, product.name, output.name)
        yield Variable(f"FLOE_OUTPUT_{identifier(output.name).upper()}", table.identifier)
    for declared in product.spec.inputs:
        table = OutputTable(declared.domain or product.domain, declared.product, declared.output)
        yield Variable(input_name(product, declared), table.identifier)


def input_name(product: Product, declared: ProductInput) -> str:
    """Return the name of the variable with an input's table: `FLOE_INPUT_SALES__CUSTOMER_360__SEGMENTS`."""
    names = (declared.domain or product.domain, declared.product, declared.output)
    return f"FLOE_INPUT_{joined_identifiers(*names).upper()}"
