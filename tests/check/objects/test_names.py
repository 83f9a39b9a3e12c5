"""Names of objects and in them."""

from __future__ import annotations

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.objects.names import check


def rejected(platform: Platform) -> list[tuple[str, str]]:
    findings = platform.findings(check)
    assert {code for code, _, _ in findings} <= {"C014"}
    return [(subject, message.partition(":")[0]) for _, subject, message in findings]


@pytest.mark.parametrize(
    ("api_version", "kind", "good", "bad"),
    [
        ("v1", "ConfigMap", "a.b-c", "A_b"),
        ("v1", "Service", "web", "1web"),
        ("v1", "Service", "w" * 63, "w" * 64),
        ("rbac.authorization.k8s.io/v1", "Role", "system:Reader", "a/b"),
        ("batch/v1", "CronJob", "c" * 52, "c" * 53),
        ("batch/v1", "Job", "j" * 63, "j" * 64),
        ("apps/v1", "StatefulSet", "s" * 52, "s" * 53),
        ("v1", "ConfigMap", "c" * 253, "c" * 254),
    ],
)
def test_invalid_names_of_objects_are_reported(api_version: str, kind: str, good: str, bad: str) -> None:
    platform = sample()
    platform.add(resource(api_version, kind, good))
    assert rejected(platform) == []
    platform.add(resource(api_version, kind, bad))
    assert [message for _, message in rejected(platform)] == ["metadata.name"]


def test_invalid_names_inside_pods_are_reported() -> None:
    platform = sample()
    pod = platform.pod("Deployment/polaris")
    pod["volumes"][0]["name"] = "Config"
    pod["containers"][0]["name"] = "Main"
    pod["containers"][0]["env"][0]["name"] = "1ST"
    pod["containers"][0]["ports"][0]["name"] = "a-name-much-too-long"
    place = "spec.template.spec.containers[Main]"
    assert [message for _, message in rejected(platform)] == [
        "spec.template.spec.volumes[Config].name",
        f"{place}.name",
        f"{place}.env[1ST].name",
        f"{place}.ports[a-name-much-too-long].name",
    ]


@pytest.mark.parametrize("name", ["http", "4-a", "a" * 15])
def test_port_names_that_are_allowed(name: str) -> None:
    platform = sample()
    platform.container("Deployment/polaris")["ports"][0]["name"] = name
    assert rejected(platform) == []


@pytest.mark.parametrize("name", ["http--x", "-a", "80", "Http", "a_b", "a" * 16])
def test_port_names_that_are_not(name: str) -> None:
    platform = sample()
    platform.container("Deployment/polaris")["ports"][0]["name"] = name
    assert len(rejected(platform)) == 1


def test_keys_of_config_maps_and_ports_of_services() -> None:
    platform = sample()
    platform["ConfigMap/polaris"]["data"]["a/b"] = "x"
    platform["Service/polaris"]["spec"]["ports"][0]["name"] = "Main"
    assert rejected(platform) == [
        ("ConfigMap floe-platform/polaris", "data.a/b"),
        ("Service floe-platform/polaris", "spec.ports[Main].name"),
    ]
