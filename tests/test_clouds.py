"""A mesh in three clouds: every pod with an identity gets all that its cloud requires, whoever starts it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.components.orchestrator_dagster.runs import CONTEXT
from floe_compiler.pipeline import compile_mesh

MESH = Path(__file__).parent / "meshes/clouds"
LABEL, CLIENT = "azure.workload.identity/use", "azure.workload.identity/client-id"
ROBOT = "iam.gke.io/gcp-service-account"
USERS = {
    ("floe-finance-domain", "ledger"),
    ("floe-marketing-domain", "airflow-api-server"),
    ("floe-marketing-domain", "database-backups"),
    ("floe-marketing-domain", "run-campaigns-load"),
    ("floe-marketing-domain", "run-campaigns-transform"),
    ("floe-platform", "database-backups"),
    ("floe-platform", "polaris"),
    ("floe-sales-domain", "database-backups"),
    ("floe-sales-domain", "run-orders"),
}
"""The accounts whose pods use a store: a CronJob, Airflow's server and steps, backups, Polaris, Dagster's runs."""


@cache
def objects() -> Mapping[str, tuple[dict[str, Any], ...]]:
    """Return the objects of each environment."""
    objects_: dict[str, tuple[dict[str, Any], ...]] = {}
    for path, text in sorted(compile_mesh(MESH).files.items()):
        environment = path.split("/")[1]
        if path.endswith(".yaml"):
            objects_[environment] = (*objects_.get(environment, ()), yaml.load(text, yaml.CSafeLoader))
    return objects_


def templates(environment: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield namespace, metadata and spec of the pods in the objects, and of those that orchestrators start."""
    for manifest in objects()[environment]:
        namespace = manifest["metadata"].get("namespace", "")
        spec = manifest.get("spec", {})
        job = spec.get("jobTemplate", {}).get("spec", spec) if isinstance(spec, dict) else {}
        if "template" in job and "spec" in job["template"] and "containers" in job["template"]["spec"]:
            yield namespace, job["template"]["metadata"], job["template"]["spec"]
            yield from _of_runs(namespace, job["template"]["spec"])
        for text in manifest.get("data", {}).values() if manifest["kind"] == "ConfigMap" else ():
            if "kind: Pod\n" in text:
                pod = yaml.load(text, yaml.CSafeLoader)
                yield namespace, pod["metadata"], pod["spec"]


def _of_runs(namespace: str, spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the pods of Dagster's runs, which are in a variable of the code location."""
    for variable in (variable for container in spec["containers"] for variable in container.get("env", ())):
        if variable["name"] == CONTEXT:
            config = json.loads(variable["value"])["k8s"]["run_k8s_config"]
            pod = {**config["pod_spec_config"], "containers": [config["container_config"]]}
            yield namespace, config["pod_template_spec_metadata"], pod


def accounts(environment: str, annotation: str) -> set[tuple[str, str]]:
    """Return the ServiceAccounts with an annotation."""
    return {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        for manifest in objects()[environment]
        if manifest["kind"] == "ServiceAccount" and annotation in manifest["metadata"].get("annotations", {})
    }


def reaching(environment: str, cidr: str, port: int) -> set[tuple[str, str]]:
    """Return the accounts of the pods that a policy lets out to an address."""
    selected = [
        (manifest["metadata"]["namespace"], manifest["spec"]["podSelector"]["matchLabels"])
        for manifest in objects()[environment]
        if manifest["kind"] == "NetworkPolicy"
        for rule in manifest["spec"].get("egress", ())
        if {"protocol": "TCP", "port": port} in rule["ports"]
        and any(peer.get("ipBlock", {}).get("cidr") == cidr for peer in rule.get("to", ()))
    ]
    return {
        (namespace, spec["serviceAccountName"])
        for namespace, metadata, spec in templates(environment)
        for own, labels in selected
        if own == namespace and labels.items() <= metadata["labels"].items()
    }


def test_azure_accounts_have_their_annotation_and_all_of_their_pods_the_label() -> None:
    assert accounts("aks", CLIENT) == USERS
    labelled = {
        (namespace, spec["serviceAccountName"], metadata["labels"].get(LABEL) == "true")
        for namespace, metadata, spec in templates("aks")
    }
    assert {(namespace, name) for namespace, name, marked in labelled if marked} == USERS
    assert {(namespace, name) for namespace, name, marked in labelled if not marked} & USERS == set()


def test_only_pods_that_use_it_reach_the_metadata_server_of_google() -> None:
    assert reaching("gke", "169.254.169.254/32", 80) == USERS
    assert reaching("gke", "169.254.169.252/32", 988) == USERS
    # The others act as themselves.
    assert accounts("gke", ROBOT) == {("floe-platform", "polaris")}


def test_only_pods_that_use_it_reach_the_agent_of_aws() -> None:
    assert reaching("eks", "169.254.170.23/32", 80) == USERS
    assert accounts("eks", "eks.amazonaws.com/role-arn") == set()


@pytest.mark.parametrize("environment", ["gke", "aks", "eks"])
def test_no_pod_has_a_key(environment: str) -> None:
    names = {
        variable["name"]
        for _, _, spec in templates(environment)
        for container in (*spec.get("initContainers", ()), *spec["containers"])
        for variable in container.get("env", ())
    }
    assert names & {"AWS_SECRET_ACCESS_KEY", "AZURE_CLIENT_SECRET", "GOOGLE_APPLICATION_CREDENTIALS"} == set()


def test_the_catalog_issues_credentials_for_single_tables() -> None:
    catalogs = {
        environment: next(
            json.loads(manifest["data"]["setup.json"])["catalog"]
            for manifest in objects()[environment]
            if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == "polaris-setup"
        )
        for environment in objects()
    }
    assert {name: item["storageConfigInfo"] for name, item in catalogs.items()} == {
        "gke": {
            "storageType": "GCS",
            "allowedLocations": ["gs://acme-warehouse/lake/"],
            "gcsServiceAccount": "floe-tables@acme-data.iam.gserviceaccount.com",
        },
        "aks": {
            "storageType": "AZURE",
            "allowedLocations": ["abfss://warehouse@acmewarehouse.dfs.core.windows.net/lake/"],
            "tenantId": "00000000-0000-0000-0000-000000000001",
            "hierarchical": True,
        },
        "eks": {
            "storageType": "S3",
            "allowedLocations": ["s3://acme-warehouse/"],
            "region": "eu-central-1",
            "roleArn": "arn:aws:iam::123456789012:role/tables",
        },
    }
