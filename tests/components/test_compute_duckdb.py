"""DuckDB: how dbt connects to it, with a catalog and without."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

import dbt_program
from floe_compiler.components import compute_duckdb
from floe_compiler.components.compute_duckdb import COMPONENT, DuckDbConfig
from floe_compiler.kit.products import dbt, step_environment
from floe_compiler.model.capabilities import Capability, Compute
from floe_compiler.model.facts import Parts
from floe_compiler.model.trust import Trust
from products import CATALOG, EVERYTHING, LAKEHOUSE, STORE, contributed_to_product, product
from support import DEVELOPMENT, context_of


def _compute(**config: Any) -> Compute:
    return compute_duckdb.provides(context_of(COMPONENT, config, scope="sales").instance)[0]


def _variables(target: dict[str, object]) -> set[str]:
    return set(re.findall(r"env_var\('(\w+)'", json.dumps(target)))


@pytest.mark.parametrize(
    ("kind", "vends", "refused"),
    [("gcs", "never", 1), ("adls", "never", 1), ("gcs", "always", 0), ("adls", "by-the-store", 0), ("s3", "never", 0)],
)
def test_it_needs_the_credentials_of_the_catalog_in_other_clouds(kind: Any, vends: Any, refused: int) -> None:
    store = replace(STORE, kind=kind, issues_credentials=True, warehouse="gs://lake/")
    capabilities = (replace(CATALOG, vends_credentials=vends), store)
    refusals = [*COMPONENT.refuses(context_of(COMPONENT, capabilities=capabilities, scope="sales"))]
    assert len(refusals) == refused
    assert all("tables in gs:// only by temporary credentials" in refusal.message for refusal in refusals)
    assert [*COMPONENT.refuses(context_of(COMPONENT, capabilities=(store,), scope="sales"))] == []


@pytest.mark.parametrize(
    ("kind", "extensions"),
    [
        ("s3", ["httpfs", "avro", "aws", "iceberg"]),
        ("gcs", ["httpfs", "avro", "iceberg"]),
        ("adls", ["httpfs", "avro", "azure", "iceberg"]),
    ],
)
def test_the_extensions_are_those_for_the_files_of_tables(kind: Any, extensions: list[str]) -> None:
    lakehouse = replace(
        LAKEHOUSE,
        catalog=replace(CATALOG, vends_credentials="always"),
        store=replace(STORE, kind=kind),
    )
    target = dbt.target(_compute(), lakehouse)
    assert target["extensions"] == extensions
    assert [secret["name"] for secret in target["secrets"]] == ["catalog"]


def test_nothing_is_rendered() -> None:
    assert COMPONENT.build(context_of(COMPONENT, scope="sales")) == Parts()


def test_the_extension_that_reads_over_the_network_trusts_the_environments_authorities() -> None:
    settings = replace(DEVELOPMENT, trust=Trust("company-ca"))
    (compute,) = compute_duckdb.provides(context_of(COMPONENT, settings=settings, scope="sales").instance)
    assert dbt.target(compute, LAKEHOUSE)["config_options"]["ca_cert_file"] == "/etc/floe-trust/certificates.pem"
    # DuckDB fails for a setting of an extension that is not loaded.
    assert "ca_cert_file" not in dbt.target(compute, None)["config_options"]
    assert "ca_cert_file" not in dbt.target(_compute(), LAKEHOUSE)["config_options"]


def test_duckdb_writes_only_to_its_own_folder() -> None:
    compute = _compute(storage="50Gi")
    (scratch,) = compute.scratch
    target: dict[str, Any] = dbt.target(compute, None)
    paths = [target["path"], *(target["config_options"][key] for key in ("temp_directory", "home_directory"))]
    assert all(path.startswith(scratch.path) for path in paths)
    assert scratch.size == "50Gi"


def test_folders_are_known_before_extensions_are_loaded() -> None:
    target: dict[str, Any] = dbt.target(_compute(), LAKEHOUSE)
    assert target["config_options"]["extension_directory"] == "/opt/duckdb"
    assert target["config_options"]["autoinstall_known_extensions"] == "false"
    assert "settings" not in target


def test_no_extension_is_needed_without_a_catalog() -> None:
    assert dbt.target(_compute(), None)["extensions"] == []
    assert not _variables(dbt.target(_compute(), None))


def test_the_catalog_is_attached_where_there_is_one() -> None:
    target: dict[str, Any] = dbt.target(_compute(extensions=["spatial", "httpfs"]), LAKEHOUSE)
    assert target["extensions"] == ["httpfs", "avro", "aws", "iceberg", "spatial"]
    (attached,) = target["attach"]
    assert attached["alias"] == "lakehouse"
    assert attached["options"]["type"] == "iceberg"
    assert attached["options"]["access_delegation_mode"] == "none"


def test_the_profile_reads_only_variables_that_every_step_has() -> None:
    context = context_of(COMPONENT, scope="sales", capabilities=EVERYTHING)
    variables = {variable.name for variable in step_environment.environment(context, product())}
    assert _variables(dbt.target(_compute(), LAKEHOUSE)) <= variables
    assert "POLARIS_URI" in _variables(dbt.target(_compute(), LAKEHOUSE))


def test_the_profile_has_no_secret() -> None:
    target: dict[str, Any] = dbt.target(_compute(), LAKEHOUSE)
    values = [value for secret in target["secrets"] for key, value in secret.items() if "client" in key]
    assert values
    assert all(value.startswith("{{ env_var(") for value in values)


@pytest.mark.parametrize("config", [{"threads": 0}, {"extensions": ["http fs"]}, {"extension_directory": "relative"}])
def test_bad_settings_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DuckDbConfig.model_validate(config)


@pytest.mark.real
@pytest.mark.parametrize("catalog", [False, True])
def test_dbt_reads_the_profile(tmp_path: Path, catalog: bool) -> None:
    target = dbt.target(_compute(), LAKEHOUSE if catalog else None)
    output = dbt_program.parse(tmp_path, "duckdb", target, dict.fromkeys(_variables(target), "x"))
    assert "duckdb" in output


@pytest.mark.parametrize("capabilities", [(), (CATALOG, STORE)], ids=["alone", "catalog"])
def test_contributed(capabilities: tuple[Capability, ...], snapshot: SnapshotAssertion) -> None:
    assert contributed_to_product(_compute(), *capabilities) == snapshot
