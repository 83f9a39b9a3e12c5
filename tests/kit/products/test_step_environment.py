"""The variables that tell the steps of a data product about the platform."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from floe_compiler.components.orchestrator_kubernetes import COMPONENT
from floe_compiler.kit.products.step_environment import distinct, environment
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import Capability
from floe_compiler.model.facts import Variable
from products import CATALOG, COLLECTOR, COMPUTE, EVERYTHING, LINEAGE, STORE, product
from support import context_of


def step_variables(*capabilities: Capability, **changes: Any) -> dict[str, Variable]:
    product_ = product(**changes)
    variables = environment(
        context_of(COMPONENT, capabilities=capabilities, scope="sales", products=[product_]), product_
    )
    names = [variable.name for variable in variables]
    assert len(names) == len(set(names))
    return {variable.name: variable for variable in variables}


def test_the_shared_services_have_the_names_of_the_deployment_view() -> None:
    variables = step_variables(*EVERYTHING)
    assert variables["POLARIS_HOST"].value == "polaris.floe-platform.svc.cluster.local"
    assert variables["OTLP_ENDPOINT"].value == "http://otel-collector.floe-platform.svc.cluster.local:4317"
    assert variables["OPENLINEAGE_URL"].value == "http://marquez.floe-platform.svc.cluster.local:5000"


def test_missing_services_have_no_variables() -> None:
    assert set(step_variables()) == {
        "FLOE_DOMAIN",
        "FLOE_ENVIRONMENT",
        "FLOE_PRODUCT",
        "FLOE_PRODUCT_VERSION",
        "HOME",
        "PYTHONUNBUFFERED",
    }


def test_a_domain_logs_in_as_itself() -> None:
    variables = step_variables(CATALOG)
    assert variables["POLARIS_NAMESPACE"].value == "sales__customer_360"
    secret = variables["POLARIS_CLIENT_SECRET"].secret
    assert secret is not None
    assert (secret.secret.name, secret.key) == ("polaris-client-sales-customer-360", "client-secret")


def test_credentials_are_composed_by_kubernetes_from_earlier_variables() -> None:
    variables = step_variables(CATALOG)
    names = list(variables)
    assert variables["POLARIS_CREDENTIAL"].value == "$(POLARIS_CLIENT_ID):$(POLARIS_CLIENT_SECRET)"
    assert names.index("POLARIS_CLIENT_SECRET") < names.index("POLARIS_CREDENTIAL")
    assert names.index("POLARIS_CREDENTIAL") < names.index("PYICEBERG_CATALOG__DEFAULT__CREDENTIAL")


def test_every_secret_in_a_variable_has_a_reason() -> None:
    assert all(variable.reason for variable in step_variables(*EVERYTHING).values() if variable.secret)


def test_tables_of_other_products_are_known_by_name() -> None:
    variables = step_variables(CATALOG)
    assert variables["FLOE_INPUT_MARKETING__CAMPAIGN_PERF__CLICKS"].value == "marketing__campaign_perf.clicks"
    assert variables["FLOE_OUTPUT_SEGMENTS"].value == "sales__customer_360.segments"


def test_an_input_without_a_domain_is_in_the_products_own() -> None:
    variables = step_variables(CATALOG, inputs=[{"product": "order-analytics", "output": "orders"}])
    assert variables["FLOE_INPUT_SALES__ORDER_ANALYTICS__ORDERS"].value == "sales__order_analytics.orders"


def test_the_object_store_is_the_same_for_all_programs() -> None:
    variables = step_variables(CATALOG, STORE)
    url = "http://minio.floe-platform.svc.cluster.local:9000"
    assert variables["AWS_ENDPOINT_URL_S3"].value == url
    assert variables["DESTINATION__FILESYSTEM__CREDENTIALS__ENDPOINT_URL"].value == url
    assert variables["PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT"].value == url
    assert variables["S3_ENDPOINT"].value == url.removeprefix("http://")
    assert variables["S3_USE_SSL"].value == "false"
    assert variables["S3_URL_STYLE"].value == "path"
    assert variables["AWS_REGION"].value == variables["AWS_DEFAULT_REGION"].value == "us-east-1"


def test_amazons_own_store_needs_no_endpoint_and_a_workload_identity_no_keys() -> None:
    annotations = (("eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/sales"),)
    identity = WorkloadIdentity(annotations)
    store = replace(STORE, url="", path_style=False, access_key=None, secret_key=None, identity=identity)
    variables = step_variables(CATALOG, store)
    assert not [name for name in variables if "ENDPOINT_URL" in name or "ACCESS_KEY" in name]
    assert variables["S3_USE_SSL"].value == "true"
    assert variables["S3_URL_STYLE"].value == "vhost"


def test_stores_of_other_clouds_have_their_url() -> None:
    variables = step_variables(CATALOG, replace(STORE, kind="gcs", warehouse="gs://acme/", url=""))
    assert variables["WAREHOUSE_URL"].value == "gs://acme/"
    assert not [name for name in variables if name.startswith(("AWS_", "S3_"))]


def test_traces_have_domain_and_environment() -> None:
    variables = step_variables(COLLECTOR)
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"].value.endswith(":4317")
    assert variables["OTEL_EXPORTER_OTLP_PROTOCOL"].value == "grpc"
    assert variables["OTEL_SERVICE_NAME"].value == "customer-360"
    assert variables["OTEL_RESOURCE_ATTRIBUTES"].value == (
        "deployment.environment.name=dev,service.namespace=sales,service.version=1.4.2"
    )


def test_lineage_has_a_namespace_for_each_domain() -> None:
    assert step_variables(LINEAGE)["OPENLINEAGE_NAMESPACE"].value == "acme.sales"


def test_only_products_that_run_dbt_get_the_engines_variables() -> None:
    assert "DUCKDB_PATH" in step_variables(COMPUTE)
    assert "DUCKDB_PATH" not in step_variables(COMPUTE, steps=[{"name": "only", "type": "dlt", "script": "load.py"}])


def test_the_last_variable_wins_at_the_position_of_the_first() -> None:
    variables = (Variable("A", "1"), Variable("B", "$(A)"), Variable("A", "2"))
    assert distinct(variables) == (Variable("A", "2"), Variable("B", "$(A)"))
