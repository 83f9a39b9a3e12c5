"""Data products as pods."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from examples import FEW
from floe_compiler.components.orchestrator_kubernetes import COMPONENT, build
from floe_compiler.kit.pods import resources
from floe_compiler.kit.products import dbt
from floe_compiler.kit.products.data_product import requirements
from floe_compiler.kit.volumes import mounts, volumes
from floe_compiler.model.accounts import WorkloadIdentity
from floe_compiler.model.capabilities import Capability, Compute
from floe_compiler.model.facts import Container, Pod
from floe_compiler.model.launched_templates import literal
from floe_compiler.model.plan import Product, Requirement
from floe_compiler.model.settings import Settings
from products import COMPUTE, EVERYTHING, LAKEHOUSE, STORE, product
from support import DEVELOPMENT, PRODUCTION, context_of


def pod(product_: Product, capabilities: tuple[Capability, ...] = EVERYTHING, settings: Settings = DEVELOPMENT) -> Pod:
    return (
        build(context_of(COMPONENT, settings=settings, capabilities=capabilities, scope="sales", products=[product_]))
        .tasks[0]
        .pod
    )


def first(product_: Product, settings: Settings = DEVELOPMENT) -> Container:
    declared = pod(product_, settings=settings)
    return (*declared.setup, *declared.containers)[0]


def custom(**spec: Any) -> Product:
    return product(steps=[{"name": "only", "type": "custom", "command": ["true"], **spec}])


def test_steps_run_one_after_the_other_and_the_last_ends_the_pod() -> None:
    declared = pod(product())
    assert [container.name for container in declared.setup] == ["load-orders", "transform"]
    assert [container.name for container in declared.containers] == ["verify"]


def test_a_product_of_one_step_needs_no_setup() -> None:
    declared = pod(custom())
    assert not declared.setup
    assert [container.name for container in declared.containers] == ["only"]


def test_steps_run_as_a_default_user_without_a_token() -> None:
    declared = pod(product())
    assert declared.identity.user == declared.identity.group == 10001
    assert not declared.kubernetes_api


def test_steps_may_call_what_they_use_and_what_they_name() -> None:
    hosts = [call.host.split(".")[0] for call in pod(product()).calls]
    assert hosts == ["polaris", "otel-collector", "marquez", "minio", "api"]


def test_only_products_that_run_dbt_call_an_external_warehouse() -> None:
    snowflake = replace(COMPUTE, endpoint=replace(STORE.endpoint, host="acme.snowflakecomputing.com", group=None))
    capabilities = (*(capability for capability in EVERYTHING if not isinstance(capability, Compute)), snowflake)
    assert "acme.snowflakecomputing.com" in [call.host for call in pod(product(), capabilities).calls]
    assert "acme.snowflakecomputing.com" not in [call.host for call in pod(custom(), capabilities).calls]


def test_a_step_is_limited_to_four_cores_by_default() -> None:
    resources = first(product(), PRODUCTION).resources
    assert (resources.cpu, resources.memory, resources.cpu_limit, resources.memory_limit) == ("1", "2Gi", "4", "4Gi")
    amounts = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}
    assert first(custom(resources=amounts)).resources.cpu == "100m"


def test_tmp_has_the_configured_size() -> None:
    scratch = {volume.path: volume.size for volume in first(product()).scratch}
    assert scratch == {"/tmp": "4Gi", "/var/duckdb": "10Gi"}


def test_dbt_finds_its_profile_with_the_environment_as_target() -> None:
    (profiles,) = [file for file in first(product()).config if file.path == "/etc/dbt/profiles.yml"]
    read = yaml.load(profiles.text, yaml.CSafeLoader)
    assert read == {"floe": {"target": "dev", "outputs": {"dev": dbt.target(COMPUTE, LAKEHOUSE)}}}


def test_only_products_that_verify_contracts_get_the_script() -> None:
    assert "/etc/soda/verify-contracts.sh" in [file.path for file in first(product()).config]
    assert first(custom()).config == ()


def test_secrets_of_steps_are_variables_with_a_reason() -> None:
    variables = {variable.name: variable for variable in first(product()).variables}
    key = variables["API_KEY"]
    assert key.secret is not None
    assert key.secret.secret.name == "shop-api"
    assert key.reason


def test_steps_have_the_identity_for_the_store() -> None:
    identity = WorkloadIdentity((("eks.amazonaws.com/role-arn", "x"),))
    assert pod(custom(), (replace(STORE, identity=identity),)).workload_identity == identity
    assert pod(custom(), (STORE,)).workload_identity is None


def test_only_dbt_needs_an_engine() -> None:
    with_dbt = context_of(COMPONENT, scope="sales", products=[product()])
    without = context_of(COMPONENT, scope="sales", products=[custom()])
    assert Requirement(Compute) in requirements(with_dbt.instance)
    assert all(requirement.optional for requirement in requirements(without.instance))


def test_references_in_user_text_are_escaped_for_kubernetes() -> None:
    container = first(custom(command=["sh", "-c", "echo $(HOME) $$ $1"], variables={"PRICE": "$(HOME)"}))
    assert expanded(container.command[2], {"HOME": "/tmp"}) == "echo $(HOME) $$ $1"
    (price,) = [variable.value for variable in container.variables if variable.name == "PRICE"]
    assert expanded(price, {"HOME": "/tmp"}) == "$(HOME)"


def expanded(text: str, variables: dict[str, str]) -> str:
    """Expand as Kubernetes does (k8s.io/kubernetes, third_party/forked/golang/expansion)."""
    return re.sub(
        r"\$(?:\$|\(([^)]*)\))",
        lambda match: "$" if match[0] == "$$" else variables.get(match[1], match[0]),
        text,
    )


@given(st.text(alphabet="$()A ", max_size=12))
@FEW
def test_any_text_survives_the_expansion_of_kubernetes(text: str) -> None:
    assert expanded(literal(text), {"A": "replaced", "": "empty"}) == text


def test_pods_have_labels_of_product_and_domain() -> None:
    product_ = product()
    pod_ = pod(product_)
    assert dict(pod_.labels) == {"floe.dev/domain": "sales", "floe.dev/product": product_.name}
    assert dict(pod_.annotations) == {"floe.dev/owner": product_.spec.metadata.owner}


VOLUMES = [
    {"path": "/data/reference", "claim": "reference"},
    {"path": "/data/out", "claim": "out", "writable": True},
    {"path": "/etc/tables", "config_map": "tables"},
    {"path": "/etc/keys", "secret": "shop", "keys": ["token", "user"]},
]


def test_a_step_mounts_its_declared_volumes() -> None:
    product_ = custom(volumes=VOLUMES, secrets={"PASSWORD": {"secret": "shop", "key": "password"}})
    declared = pod(product_)
    by_name = {volume["name"]: volume for volume in volumes(declared)}
    assert by_name["claim-reference"] == {
        "name": "claim-reference",
        "persistentVolumeClaim": {"claimName": "reference", "readOnly": True},
    }
    assert by_name["claim-out"] == {"name": "claim-out", "persistentVolumeClaim": {"claimName": "out"}}
    assert by_name["given-tables"]["configMap"]["name"] == "tables"
    (source,) = by_name["secret-etc-keys"]["projected"]["sources"]
    assert source["secret"]["items"] == [{"key": "token", "path": "token"}, {"key": "user", "path": "user"}]
    mounted = {mount["mountPath"]: mount for mount in mounts(first(product_))}
    assert mounted["/data/reference"] == {"name": "claim-reference", "mountPath": "/data/reference", "readOnly": True}
    assert mounted["/data/out"] == {"name": "claim-out", "mountPath": "/data/out"}
    assert mounted["/etc/tables"]["readOnly"] is mounted["/etc/keys"]["readOnly"] is True
    (secret,) = {file.secret.secret for file in first(product_).secret_files if file.path.startswith("/etc/keys/")}
    assert [key.name for key in secret.keys] == ["password", "token", "user"], "one secret with all of its keys"


def test_a_claim_may_be_read_only_in_one_step_and_writable_in_another() -> None:
    steps = [
        {
            "name": "a",
            "type": "custom",
            "command": ["x"],
            "volumes": [{"path": "/data/x", "claim": "x", "writable": True}],
        },
        {"name": "b", "type": "custom", "command": ["x"], "volumes": [{"path": "/data/x", "claim": "x"}]},
    ]
    declared = pod(product(steps=steps))
    (volume,) = [volume for volume in volumes(declared) if volume["name"] == "claim-x"]
    assert "readOnly" not in volume["persistentVolumeClaim"]
    (mount,) = [mount for mount in mounts(declared.containers[0]) if mount["name"] == "claim-x"]
    assert mount["readOnly"] is True


def test_a_step_has_its_declared_disk_space() -> None:
    steps = [
        {"name": "a", "type": "custom", "command": ["x"], "scratch": "20Gi"},
        {"name": "b", "type": "custom", "command": ["x"], "scratch": "2Gi"},
        {"name": "c", "type": "custom", "command": ["x"]},
    ]
    declared = pod(product(steps=steps))
    requested = [
        resources(container.resources)["requests"].get("ephemeral-storage")
        for container in (*declared.setup, *declared.containers)
    ]
    assert requested == ["20Gi", "2Gi", None]
    (temporary,) = [volume for volume in volumes(declared) if volume["name"] == "tmp"]
    assert temporary["emptyDir"]["sizeLimit"] == "20Gi"


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"path": "/data/x"}, "/data/x is nothing; write one of config_map, secret, claim"),
        ({"path": "/data/x", "claim": "x", "config_map": "y"}, "/data/x is config_map and claim; write one of"),
        ({"path": "/data/x", "secret": "x"}, "/data/x has no keys; list its keys"),
        ({"path": "/data/x", "claim": "x", "keys": ["a"]}, "/data/x has keys; only a secret has keys"),
        ({"path": "/data/x", "config_map": "x", "writable": True}, "only a claim can be writable"),
    ],
)
def test_a_volume_has_exactly_one_source(volume: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        custom(volumes=[volume])


@pytest.mark.parametrize(
    ("first_volume", "second_volume", "is_right"),
    [
        ({"path": "/data/x", "claim": "x"}, {"path": "/data/x", "claim": "x", "writable": True}, True),
        ({"path": "/data/x", "claim": "x"}, {"path": "/data/y", "claim": "x"}, True),
        ({"path": "/data/x", "claim": "x"}, {"path": "/data/x", "claim": "y"}, False),
        ({"path": "/data/x", "claim": "x"}, {"path": "/data/x/y", "config_map": "y"}, False),
        ({"path": "/data/x", "secret": "x", "keys": ["a"]}, {"path": "/data/x", "secret": "x", "keys": ["b"]}, False),
    ],
)
def test_volumes_of_two_steps_do_not_conflict(
    first_volume: dict[str, Any], second_volume: dict[str, Any], is_right: bool
) -> None:
    steps = [
        {"name": name, "type": "custom", "command": ["x"], "volumes": [volume]}
        for name, volume in (("a", first_volume), ("b", second_volume))
    ]
    if is_right:
        volumes(pod(product(steps=steps)))
    else:
        with pytest.raises(ValidationError, match="in each other's way"):
            product(steps=steps)
