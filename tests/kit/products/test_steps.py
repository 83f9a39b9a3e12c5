"""What the steps of a data product run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.components.orchestrator_kubernetes import COMPONENT
from floe_compiler.kit.products.steps import PlannedStep, named_secrets, planned_steps
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import Capability, Lineage
from floe_compiler.model.plan import Product
from products import EVERYTHING, SALES, product
from support import context_of


def planned(product_: Product, capabilities: tuple[Capability, ...] = EVERYTHING) -> tuple[PlannedStep, ...]:
    return planned_steps(context_of(COMPONENT, capabilities=capabilities, scope="sales", products=[product_]), product_)


def step(**spec: Any) -> PlannedStep:
    return planned(product(steps=[{"name": "only", **spec}]))[0]


def test_steps_keep_their_order() -> None:
    assert [step_.name for step_ in planned(product())] == ["load-orders", "transform", "verify"]


def test_dlt_runs_its_script() -> None:
    assert step(type="dlt", script="pipelines/orders.py").command == ("python", "pipelines/orders.py")


def test_dlt_loads_into_the_domains_namespace_of_the_catalog() -> None:
    variables = dict(step(type="dlt", script="load.py").variables)
    assert variables["DATASET_NAME"] == "sales__customer_360"
    assert variables["DESTINATION__FILESYSTEM__ENABLE_DATASET_NAME_NORMALIZATION"] == "false"
    assert variables["ICEBERG_CATALOG__ICEBERG_CATALOG_TYPE"] == "rest"
    assert variables["DESTINATION_TYPE"] == "filesystem"
    assert variables["DLT_DATA_DIR"].startswith("/tmp/")
    assert variables["RUNTIME__DLTHUB_TELEMETRY"] == "false"


def test_dlt_without_a_catalog_keeps_its_own_destination() -> None:
    (only,) = planned(product(steps=[{"name": "only", "type": "dlt", "script": "load.py"}], inputs=[]), capabilities=())
    assert not {"DATASET_NAME", "DESTINATION_TYPE"} & {name for name, _ in only.variables}


def test_dbt_builds_with_the_platforms_profile() -> None:
    assert " ".join(step(type="dbt").command) == (
        "dbt build --project-dir dbt --profiles-dir /etc/dbt --profile floe --target dev --no-use-colors"
    )
    assert step(type="dbt", select=["tag:daily", "orders+"]).command[-3:] == ("--select", "tag:daily", "orders+")


def test_dbt_reports_lineage_if_enabled_and_if_there_is_a_service() -> None:
    dbt = step(type="dbt", lineage=True)
    assert dbt.command[:2] == ("dbt-ol", "build")
    assert dict(dbt.variables)["OPENLINEAGE__TRANSPORT__URL"] == "http://marquez.floe-platform.svc.cluster.local:5000"
    assert dict(dbt.variables)["OPENLINEAGE__TRANSPORT__RETRY__TOTAL"] == "0", "it must not outlast the run's time"
    silent = step(type="dbt")
    assert silent.command[0] == "dbt"
    assert not [name for name, _ in silent.variables if name.startswith("OPENLINEAGE__")]
    product_ = product(steps=[{"name": "only", "type": "dbt", "lineage": True}], inputs=[])
    assert (
        planned(product_, tuple(capability for capability in EVERYTHING if not isinstance(capability, Lineage)))[0]
        == silent
    )


def test_dbt_writes_only_below_tmp() -> None:
    variables = dict(step(type="dbt").variables)
    assert variables["DBT_TARGET_PATH"].startswith("/tmp/")
    assert variables["DBT_LOG_PATH"].startswith("/tmp/")
    assert variables["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"


def test_contracts_are_verified_without_telemetry() -> None:
    quality = step(type="quality", data_source="ds.yml", contracts=["a.yml", "b.yml"])
    assert quality.command == ("sh", "/etc/soda/verify-contracts.sh", "ds.yml", "a.yml", "b.yml")
    assert dict(quality.variables) == {"SODA_CORE_TELEMETRY_ENABLED": "false"}


def test_a_custom_step_runs_its_command() -> None:
    assert step(type="custom", command=["echo", "$(HOME)"]).command == ("echo", "$(HOME)")


def test_variables_of_a_step_have_precedence() -> None:
    dbt = step(type="dbt", variables={"DBT_LOG_FORMAT": "text", "REGION": "eu"})
    assert dict(dbt.variables)["DBT_LOG_FORMAT"] == "text"
    assert dict(dbt.variables)["REGION"] == "eu"


def test_a_step_reaches_the_servers_it_names() -> None:
    (server,) = planned(product())[0].servers
    assert server.group is None
    assert server.address() == "api.shop.example:443"
    assert server.cidr == "203.0.113.0/24"


def test_a_secret_has_the_keys_of_all_steps_and_products() -> None:
    def using(name: str, key: str) -> Product:
        uses = {"TOKEN": {"secret": "shop-api", "key": key}}
        return product(name, steps=[{"name": "only", "type": "custom", "command": ["true"], "secrets": uses}])

    secrets = named_secrets([using("a", "write"), using("b", "read"), using("c", "read")], SALES)
    assert list(secrets) == ["shop-api"]
    assert secrets["shop-api"].owner == SALES
    assert [key.name for key in secrets["shop-api"].keys] == ["read", "write"]


def test_a_cluster_without_a_vault_generates_a_value_so_that_the_pod_can_start() -> None:
    (secret,) = (reference.secret for _, reference in planned(product())[0].secrets)
    assert all(key.generated for key in secret.keys)


@pytest.mark.parametrize(
    ("codes", "expected"), [([0, 0], 0), ([0, 2], 0), ([1, 0], 1), ([0, 3], 1), ([4, 0], 1)], ids=str
)
def test_the_script_verifies_all_contracts_and_fails_if_one_fails(
    tmp_path: Path, codes: list[int], expected: int
) -> None:
    soda = tmp_path / "soda"
    soda.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nexit "${{6%.yml}}"\n')
    soda.chmod(0o755)
    contracts = [f"{code}.yml" for code in codes]
    run = subprocess.run(
        ["sh", "-c", script("floe_compiler.kit.products", "verify-contracts.sh"), "verify", "ds.yml", *contracts],
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        check=False,
        capture_output=True,
        text=True,
    )
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == [f"contract verify --data-source ds.yml --contract {contract}" for contract in contracts]
    assert run.returncode == expected
