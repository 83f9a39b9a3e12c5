"""ConfigMaps and Secrets that pods use."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import Platform, resource, sample
from floe_compiler.check.references.config_references import check
from floe_compiler.model.rendered import ExistingSecret

POLARIS = "Deployment.apps floe-platform/polaris"
POD = "spec.template.spec"
MAIN = f"{POD}.containers[polaris]"


def with_volume(volume: dict[str, Any], **mount: str) -> Platform:
    platform = sample()
    platform.pod("Deployment/polaris")["volumes"].append({"name": "more", **volume})
    mounts = platform.container("Deployment/polaris")["volumeMounts"]
    mounts.append({"name": "more", "mountPath": "/more", **mount})
    return platform


def with_variable(source: dict[str, Any]) -> Platform:
    platform = sample()
    platform.container("Deployment/polaris")["env"].append({"name": "MORE", "valueFrom": source})
    return platform


def test_a_misspelt_config_map_is_reported() -> None:
    platform = with_volume({"configMap": {"name": "polariss"}})
    message = f"{POD}.volumes[more] uses ConfigMap polariss, which does not exist"
    assert platform.findings(check) == [("C040", POLARIS, message)]
    assert platform.hints(check) == ['did you mean "polaris"?']


@pytest.mark.parametrize(
    "volume",
    [
        {"configMap": {"name": "gone"}},
        {"secret": {"secretName": "gone"}},
        {"projected": {"sources": [{"configMap": {"name": "gone"}}]}},
        {"projected": {"sources": [{"secret": {"name": "gone"}}]}},
    ],
)
def test_volumes_of_missing_objects_are_reported(volume: dict[str, Any]) -> None:
    platform = with_volume(volume)
    assert [code for code, _, _ in platform.findings(check)] == ["C040"]


@pytest.mark.parametrize(
    ("volume", "key"),
    [
        ({"configMap": {"name": "polaris", "items": [{"key": "log.properties", "path": "x"}]}}, "log.properties"),
        ({"secret": {"secretName": "polaris-db", "items": [{"key": "user", "path": "x"}]}}, "user"),
        ({"projected": {"sources": [{"secret": {"name": "polaris-db", "items": [{"key": "user"}]}}]}}, "user"),
    ],
)
def test_volumes_of_missing_keys_are_reported(volume: dict[str, Any], key: str) -> None:
    ((code, _, message),) = with_volume(volume).findings(check)
    assert code == "C041"
    assert f"reads key {key} of " in message


def test_a_single_file_of_a_config_map_is_one_of_its_keys() -> None:
    volume = {"configMap": {"name": "polaris"}}
    assert with_volume(volume, subPath="application.properties").findings(check) == []
    assert [code for code, _, _ in with_volume(volume, subPath="app.properties").findings(check)] == ["C041"]


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ({"secretKeyRef": {"name": "polaris-db", "key": "password"}}, []),
        ({"secretKeyRef": {"name": "polaris-db", "key": "postgresql-password"}}, ["C041"]),
        ({"secretKeyRef": {"name": "polaris", "key": "password"}}, ["C040"]),
        ({"secretKeyRef": {"name": "polaris", "key": "password", "optional": True}}, []),
        ({"configMapKeyRef": {"name": "polaris", "key": "application.properties"}}, []),
        ({"configMapKeyRef": {"name": "polaris", "key": "nothing"}}, ["C041"]),
        ({"configMapKeyRef": {"name": "polaris-db", "key": "nothing"}}, ["C040"]),
        ({"configMapKeyRef": {"name": "kube-root-ca.crt", "key": "ca.crt"}}, []),
        ({"fieldRef": {"fieldPath": "status.podIP"}}, []),
    ],
)
def test_variables_of_missing_objects_and_keys_are_reported(source: dict[str, Any], codes: list[str]) -> None:
    assert [code for code, _, _ in with_variable(source).findings(check)] == codes


def test_keys_of_a_secret_are_those_of_its_external_secret() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["env"][1]["valueFrom"]["secretKeyRef"]["key"] = "pasword"
    message = f"{MAIN}.env[PASSWORD] reads key pasword of Secret polaris-db, which has no such key"
    assert platform.findings(check) == [("C041", POLARIS, message)]
    assert platform.hints(check) == ['did you mean "password"?']


def test_env_from_needs_an_existing_object() -> None:
    platform = sample()
    platform.container("Deployment/polaris")["envFrom"] = [{"secretRef": {"name": "gone"}}]
    assert [message for _, _, message in platform.findings(check)] == [
        f"{MAIN}.envFrom uses Secret gone, which does not exist"
    ]


def test_pods_of_a_cron_job_are_checked() -> None:
    platform = sample()
    platform.container("CronJob/backup")["envFrom"] = [{"configMapRef": {"name": "gone"}}]
    assert [code for code, _, _ in platform.findings(check)] == ["C040"]


def test_objects_of_another_namespace_do_not_count() -> None:
    platform = sample()
    platform["ExternalSecret/polaris-db"]["metadata"]["namespace"] = "elsewhere"
    assert [code for code, _, _ in platform.findings(check)] == ["C040"]


def test_secrets_created_elsewhere_are_accepted() -> None:
    platform = with_variable({"secretKeyRef": {"name": "theirs", "key": "user"}})
    platform.facts["existing_secrets"] = frozenset({ExistingSecret("floe-platform", "theirs", ("user",))})
    assert platform.findings(check) == []
    platform.facts["existing_secrets"] = frozenset({ExistingSecret("floe-platform", "theirs", ("name",))})
    assert [code for code, _, _ in platform.findings(check)] == ["C041"]
    platform.facts["existing_secrets"] = frozenset({ExistingSecret("floe-platform", "theirs")})
    assert platform.findings(check) == []


def test_config_maps_created_elsewhere_are_accepted() -> None:
    platform = with_volume({"configMap": {"name": "company-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}})
    assert [code for code, _, _ in platform.findings(check)] == ["C040"]
    platform.facts["existing_config_maps"] = frozenset({"company-ca"})
    assert platform.findings(check) == []


def test_a_hand_written_object_may_declare_an_external_reference() -> None:
    platform = with_volume({"secret": {"secretName": "theirs"}})
    metadata = platform["Deployment/polaris"]["metadata"]
    metadata["annotations"] = {"floe.dev/external-references": "ConfigMap/theirs, Secret/other"}
    assert [code for code, _, _ in platform.findings(check)] == ["C040"]
    metadata["annotations"] = {"floe.dev/external-references": "ConfigMap/theirs, Secret/theirs"}
    assert platform.findings(check) == []


def test_two_writers_of_one_secret_are_reported() -> None:
    platform = sample()
    second = platform.copy_of("ExternalSecret/polaris-db", "second")
    second["spec"]["target"] = {"name": "polaris-db"}
    name = "ExternalSecret.external-secrets.io floe-platform"
    message = f"the Secret polaris-db is written by {name}/polaris-db and by {name}/second"
    assert platform.findings(check) == [("C042", f"{name}/polaris-db", message)]
    second["spec"]["target"] = {"name": "another"}
    assert platform.findings(check) == []


def test_a_secret_that_is_also_written_elsewhere_is_reported() -> None:
    platform = sample()
    existing = {ExistingSecret("floe-platform", "polaris-db", (key,)) for key in ("password", "user")}
    platform.facts["existing_secrets"] = frozenset(existing)
    ((code, _, message),) = platform.findings(check)
    assert code == "C042"
    assert message.endswith("and by somebody else, somebody else")
    platform["ExternalSecret/polaris-db"]["metadata"]["name"] = "other"
    assert platform.findings(check) == []


def test_a_plain_secret_has_the_keys_in_its_data() -> None:
    platform = with_variable({"secretKeyRef": {"name": "plain", "key": "user"}})
    secret = platform.add(resource("v1", "Secret", "plain", stringData={"user": "x"}))
    assert platform.findings(check) == []
    secret["stringData"] = {"name": "x"}
    assert [code for code, _, _ in platform.findings(check)] == ["C041"]
