"""The models of the inputs: no unknown keys, no conversions, and defaults that are valid as written values."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

import floe_compiler.model.inputs as inputs
from floe_compiler.components import built_in
from floe_compiler.model.addresses import Reach
from floe_compiler.model.dns import DnsServers
from floe_compiler.model.field_docs import field_docs
from floe_compiler.model.inputs import (
    Cluster,
    DatabaseSecret,
    DataProduct,
    Dns,
    Environment,
    ExternalPostgresql,
    Input,
    PlatformManifest,
    PostgresqlServer,
    Quota,
    StoreReference,
    Toleration,
)
from products import STEPS
from tables import table


def models() -> list[type[BaseModel]]:
    declared = [model for model in vars(inputs).values() if isinstance(model, type) and issubclass(model, Input)]
    return [*declared, *(component.config for component in built_in())]


DEFAULTS = {
    f"{model.__name__}.{name}": field
    for model in models()
    for name, field in model.model_fields.items()
    if not field.is_required()
}


@table("model", models(), ids=lambda model: model.__name__)
def test_every_document_is_strict_and_frozen(model: type[BaseModel]) -> None:
    config = model.model_config
    assert (config.get("extra"), config.get("frozen"), config.get("strict")) == ("forbid", True, True)


@table("model", models(), ids=lambda model: model.__name__)
def test_every_key_has_a_description(model: type[BaseModel]) -> None:
    assert [*field_docs(model)] == [*model.model_fields]


@table("name, field", DEFAULTS.items())
def test_every_default_is_valid_as_a_written_value(name: str, field: FieldInfo) -> None:
    default = field.get_default(call_default_factory=True)
    annotated: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    assert TypeAdapter(annotated).validate_python(default) == default


def product(**changes: Any) -> DataProduct:
    document = {
        "apiVersion": "floe.dev/v1",
        "kind": "DataProduct",
        "metadata": {"name": "orders", "version": "1.0.0", "owner": "@acme/sales"},
        "image": "sales/orders:1.0.0",
        "steps": STEPS,
    }
    return DataProduct.model_validate({**document, **changes})


def test_lists_are_accepted_where_order_matters() -> None:
    assert [step.name for step in product().steps] == [step["name"] for step in STEPS]


@table(
    "change",
    [
        {"steps": []},
        {"steps": [{"name": "a", "type": "quality", "contracts": [], "data_source": "x"}]},
        {"steps": [{"name": "a", "type": "custom", "command": []}]},
        {"steps": [{"name": "a", "type": "custom"}]},
        {"steps": [{"name": "a", "type": "shell", "command": ["x"]}]},
        {"retries": -1},
        {"retries": 11},
        {"retries": "1"},
        {"retries": True},
        {"timeout": "0s"},
        {"schedule": {"cron": "0 5 * *"}},
        {"schedule": {"cron": "0 5 * * *", "enabled": "yes"}},
        {"kind": "Domain"},
        {"apiVersion": "floe.dev/v2"},
        {"image": None},
        {"more": 1},
    ],
)
def test_a_product_that_cannot_run_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        product(**change)


@pytest.mark.parametrize("port", [0, 65536, "443", 443.0])
def test_a_port_is_between_1_and_65535(port: object) -> None:
    with pytest.raises(ValidationError):
        ExternalPostgresql.model_validate(
            {"type": "external", "host": "db.example.com", "port": port, "secret": {"name": "db"}}
        )


def test_an_external_database_speaks_postgresql_to_anywhere_by_default() -> None:
    database = ExternalPostgresql.model_validate(
        {"type": "external", "host": "db.example.com", "secret": {"name": "team.db-login"}}
    )
    assert (database.port, database.cidr, database.database, database.user) == (5432, "0.0.0.0/0", None, None)
    assert (database.secret.keys.username, database.secret.keys.password) == ("username", "password")


@pytest.mark.parametrize("name", ["1db", "Db", "db-1", "x" * 64, ""])
def test_the_name_of_a_database_needs_no_quotes_in_sql(name: str) -> None:
    with pytest.raises(ValidationError):
        ExternalPostgresql.model_validate(
            {"type": "external", "host": "db.example.com", "database": name, "secret": {"name": "db"}}
        )


def test_a_database_is_inside_the_cluster_by_default() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(inputs.DatabaseChoice)
    assert adapter.validate_python({"server": "shared"}) == PostgresqlServer(server="shared")
    assert isinstance(
        adapter.validate_python({"type": "external", "host": "db.example.com", "secret": {"name": "db"}}),
        ExternalPostgresql,
    )
    with pytest.raises(ValidationError):
        adapter.validate_python([])


@pytest.mark.parametrize("version", ["1.34", "1.99"])
def test_valid_versions_of_kubernetes_are_accepted(version: str) -> None:
    assert inputs.Kubernetes(version=version).version == version


@pytest.mark.parametrize("version", ["1.9", "v1.34", "1.34.0", "2.10", "1.340"])
def test_invalid_versions_of_kubernetes_are_refused(version: str) -> None:
    with pytest.raises(ValidationError):
        inputs.Kubernetes(version=version)


def test_external_objects_may_have_any_name_that_kubernetes_accepts() -> None:
    long = "4th." + "a" * 60
    assert StoreReference(name=long).name == DatabaseSecret(name=long).name == long
    assert Cluster(name="prod", ingress_namespace="3scale-ingress").ingress_namespace == "3scale-ingress"
    with pytest.raises(ValidationError):
        Cluster(name="prod", ingress_namespace="ingress.nginx")


def test_a_quota_has_room_for_at_least_one_pod() -> None:
    assert Quota(cpu="2000m").cpu == "2"
    with pytest.raises(ValidationError):
        Quota(pods=0)


def test_a_toleration_keeps_new_pods_away_by_default() -> None:
    assert Toleration(key="data").effect == "NoSchedule"
    with pytest.raises(ValidationError):
        Toleration.model_validate({"key": "data", "effect": "NoRun"})


@pytest.mark.parametrize("field", ["networks", "reachable_networks", "api_server_cidr"])
def test_networks_may_not_be_those_of_a_node(field: str) -> None:
    value = "169.254.0.0/16"
    with pytest.raises(ValidationError, match="serves the credentials of the node"):
        Cluster.model_validate({"name": "prod", field: value if field == "api_server_cidr" else [value]})


def test_external_servers_may_not_be_in_the_cluster() -> None:
    own = {"name": "prod", "networks": ["10.96.0.0/12"]}
    with pytest.raises(ValidationError, match=r"10.96.0.0/16, which is in networks; remove it from one of them"):
        Cluster.model_validate({**own, "reachable_networks": ["10.96.0.0/16"]})
    assert Cluster.model_validate({**own, "reachable_networks": ["10.0.0.0/8"]}).reach == Reach(
        ("10.96.0.0/12",), ("10.0.0.0/8",)
    )


def test_dns_needs_a_place() -> None:
    assert Dns().servers == DnsServers()
    assert Dns.model_validate({"addresses": ["169.254.20.10"]}).servers.addresses == ("169.254.20.10/32",)
    assert Dns.model_validate({"namespaces": ["dns"]}).servers == DnsServers(("dns",), labels=())
    with pytest.raises(ValidationError, match="no pod could resolve names"):
        Dns.model_validate({"namespaces": []})
    with pytest.raises(ValidationError):
        Dns.model_validate({"ports": []})
    with pytest.raises(ValidationError):
        Dns.model_validate({"addresses": ["dns.acme.example"]})


@pytest.mark.parametrize("server", ["http://api.example.com", "https://", "https://a b"])
def test_the_api_server_needs_https(server: str) -> None:
    with pytest.raises(ValidationError):
        Cluster(name="prod", server=server)


@pytest.mark.parametrize(
    ("repository", "known_to"),
    [
        ("https://github.com/acme/data.git", {"argocd", "flux"}),
        ("ssh://git@github.com/acme/data.git", {"argocd", "flux"}),
        ("git@github.com:acme/data.git", {"argocd"}),
        ("http://github.com/acme/data.git", set()),
        ("https://github.com/acme/data .git", set()),
    ],
)
def test_repositories_have_urls_that_delivery_tools_accept(repository: str, known_to: set[str]) -> None:
    tools = set()
    for tool in ("argocd", "flux"):
        try:
            TypeAdapter(inputs.Delivery).validate_python({"type": tool, "repository": repository})
        except ValidationError:
            continue
        tools.add(tool)
    assert tools == known_to


def test_documents_have_free_mappings_only_for_overrides() -> None:
    free = {
        f"{model.__name__}.{name}"
        for model in (PlatformManifest, Environment, inputs.Domain, DataProduct)
        for name, field in model.model_fields.items()
        if field.annotation in (dict[str, Any], dict[str, dict[str, Any]])
    }
    assert free == {"Environment.platform", "Environment.domains"}
