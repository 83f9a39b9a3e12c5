"""The variables of steps for a catalog, for each kind of catalog and login."""

from __future__ import annotations

from msgspec.structs import replace

from floe_compiler.kit.products.catalog import catalog_variables
from floe_compiler.kit.products.lakehouse import Lakehouse
from floe_compiler.model.catalog_clients import BearerToken, OAuth2Credentials
from floe_compiler.model.facts import Variable
from products import LAKEHOUSE, product

LOGIN = LAKEHOUSE.client.credentials
PYICEBERG = "PYICEBERG_CATALOG__DEFAULT__"


def variables_of(lakehouse: Lakehouse = LAKEHOUSE) -> dict[str, Variable]:
    return {variable.name: variable for variable in catalog_variables(lakehouse, product())}


def test_a_catalog_may_need_more_variables_than_all_catalogs() -> None:
    assert next(iter(variables_of())) == "POLARIS_HOST"
    nessie = replace(LAKEHOUSE, catalog=replace(LAKEHOUSE.catalog, prefix="NESSIE_", variables=()))
    assert not [name for name in variables_of(nessie) if "POLARIS" in name and "REALM" not in name]
    assert variables_of(nessie)["NESSIE_URI"].value == variables_of()["POLARIS_URI"].value


def test_headers_reach_pyiceberg_under_its_own_names() -> None:
    assert variables_of()[f"{PYICEBERG}HEADER__POLARIS_REALM"].value == "floe"
    without = replace(LAKEHOUSE, catalog=replace(LAKEHOUSE.catalog, headers=()))
    assert [name for name in variables_of(without) if "HEADER" in name] == [
        f"{PYICEBERG}HEADER__X_ICEBERG_ACCESS_DELEGATION"
    ]


def test_without_a_scope_none_is_requested() -> None:
    assert isinstance(LOGIN, OAuth2Credentials)
    variables = variables_of(replace(LAKEHOUSE, client=replace(LAKEHOUSE.client, credentials=replace(LOGIN, scope=""))))
    assert not [name for name in variables if "SCOPE" in name]


def test_a_token_is_sent_unchanged() -> None:
    assert isinstance(LOGIN, OAuth2Credentials)
    bearer = replace(LAKEHOUSE.client, credentials=BearerToken(LOGIN.client_secret))
    variables = variables_of(replace(LAKEHOUSE, client=bearer))
    assert variables["POLARIS_TOKEN"].secret == LOGIN.client_secret
    assert variables["POLARIS_TOKEN"].reason
    assert variables[f"{PYICEBERG}TOKEN"].value == "$(POLARIS_TOKEN)"
    assert not [name for name in variables if "CLIENT" in name or "CREDENTIAL" in name or "TOKEN_URI" in name]


def test_without_a_login_there_are_no_credentials() -> None:
    variables = variables_of(replace(LAKEHOUSE, client=replace(LAKEHOUSE.client, credentials=None)))
    assert not [name for name, variable in variables.items() if variable.secret or "TOKEN" in name or "CRED" in name]
    assert variables[f"{PYICEBERG}URI"].value


def test_clients_request_credentials_if_the_catalog_issues_them() -> None:
    """PyIceberg sends the header by itself, unless it is told to send an empty one."""
    vended = replace(LAKEHOUSE, catalog=replace(LAKEHOUSE.catalog, vends_credentials="always"))
    assert f"{PYICEBERG}HEADER__X_ICEBERG_ACCESS_DELEGATION" not in variables_of(vended)


def test_each_table_is_in_the_namespace_of_its_product() -> None:
    variables = variables_of()
    assert variables["POLARIS_NAMESPACE"].value == "sales__customer_360"
    assert variables["FLOE_OUTPUT_SEGMENTS"].value == "sales__customer_360.segments"
    assert variables["FLOE_INPUT_MARKETING__CAMPAIGN_PERF__CLICKS"].value == "marketing__campaign_perf.clicks"
