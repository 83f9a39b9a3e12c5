"""ConfigMaps that nothing reads."""

from __future__ import annotations

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.references.unused_config import check


@pytest.fixture
def platform() -> Platform:
    platform_ = sample()
    platform_.add(resource("v1", "ConfigMap", "sampling", data={"policy": "x"}))
    return platform_


def test_a_config_map_that_nothing_reads_is_reported(platform: Platform) -> None:
    name = "ConfigMap floe-platform/sampling"
    assert platform.findings(check) == [("C043", name, "no pod mounts it, and no object names it")]


def test_a_config_map_that_a_pod_reads_is_used(platform: Platform) -> None:
    platform.container("CronJob/backup")["envFrom"] = [{"configMapRef": {"name": "sampling"}}]
    assert platform.findings(check) == []


def test_a_pod_of_another_namespace_is_not_a_reader(platform: Platform) -> None:
    platform["ConfigMap/sampling"]["metadata"]["namespace"] = "elsewhere"
    platform.container("CronJob/backup")["envFrom"] = [{"configMapRef": {"name": "sampling"}}]
    assert [code for code, _, _ in platform.findings(check)] == ["C043"]


def test_a_config_map_named_in_an_argument_is_used(platform: Platform) -> None:
    platform["ConfigMap/polaris"]["data"]["launcher.yaml"] = "env_config_maps: [sampling]"
    assert platform.findings(check) == []


def test_a_config_map_named_in_a_custom_resource_is_used(platform: Platform) -> None:
    source = {"configMap": {"name": "sampling", "items": [{"key": "policy"}]}}
    target = {"template": {"templateFrom": [source]}}
    platform["ExternalSecret/polaris-db"]["spec"]["target"] = target
    assert platform.findings(check) == []


@pytest.mark.parametrize("label", ["grafana_dashboard", "grafana_datasource"])
def test_a_config_map_selected_by_label_is_used(platform: Platform, label: str) -> None:
    platform["ConfigMap/sampling"]["metadata"]["labels"][label] = "1"
    assert platform.findings(check) == []


def test_a_config_map_may_declare_its_reader(platform: Platform) -> None:
    platform["ConfigMap/sampling"]["metadata"]["annotations"] = {"floe.dev/used-by": "the operator"}
    assert platform.findings(check) == []


def test_another_object_that_only_has_its_name_is_not_a_reader(platform: Platform) -> None:
    platform.container("CronJob/backup")["name"] = "sampling"
    assert [code for code, _, _ in platform.findings(check)] == ["C043"]
