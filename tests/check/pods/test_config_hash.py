"""Hashes of configuration."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import sample
from floe_compiler.check.pods.config_hash import check


def test_a_workload_that_reads_configuration_has_its_hash() -> None:
    platform = sample()
    del platform["Deployment/polaris"]["spec"]["template"]["metadata"]["annotations"]
    message = "spec.template.metadata.annotations lacks floe.dev/config-hash, but it reads polaris"
    assert platform.findings(check) == [("C140", "Deployment.apps floe-platform/polaris", message)]
    hint = 'write floe.dev/config-hash: "" there; the compiler replaces it with the hash'
    assert platform.hints(check) == [hint]


@pytest.mark.parametrize("changed", [{"data": {}}, {"data": {"other": "x"}}, {"binaryData": {"icon": "AAAA"}}])
def test_the_hash_follows_the_configuration(changed: dict[str, Any]) -> None:
    platform = sample()
    assert platform.findings(check) == []
    platform["ConfigMap/polaris"].update(changed)
    message = "spec.template.metadata.annotations[floe.dev/config-hash] is not the hash of what it reads from polaris"
    assert platform.findings(check) == [("C140", "Deployment.apps floe-platform/polaris", message)]


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ({"envFrom": [{"configMapRef": {"name": "polaris"}}]}, ["C140"]),
        ({"envFrom": [{"configMapRef": {"name": "theirs"}}]}, []),
        ({"envFrom": [{"secretRef": {"name": "polaris"}}]}, []),
    ],
)
def test_only_rendered_config_maps_count(source: dict[str, Any], codes: list[str]) -> None:
    platform = sample()
    platform.container("Deployment/dagster").update(source)
    assert [code for code, _, _ in platform.findings(check)] == codes


def test_external_config_maps_do_not_count_even_if_hand_written() -> None:
    platform = sample()
    platform.container("Deployment/dagster")["envFrom"] = [{"configMapRef": {"name": "polaris"}}]
    assert [code for code, _, _ in platform.findings(check)] == ["C140"]
    platform.facts["existing_config_maps"] = frozenset({"polaris"})
    assert platform.findings(check) == []


def test_cron_jobs_need_no_hash() -> None:
    platform = sample()
    platform.container("CronJob/backup")["envFrom"] = [{"configMapRef": {"name": "polaris"}}]
    assert platform.findings(check) == []
