"""Secrets that the Secrets Store CSI driver mounts into pods."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from crds import assert_valid
from floe_compiler.kit.accounts import accounts
from floe_compiler.kit.csi import copied_secrets, csi_files, place, provider_class
from floe_compiler.kit.pods import pod_spec
from floe_compiler.kit.secret_stores import secret_objects
from floe_compiler.model.accounts import AS_ITSELF, TwoIdentities, WorkloadIdentity
from floe_compiler.model.facts import Parts, Pod, SecretFile, Variable, Workload
from floe_compiler.model.inputs import CsiSecrets, Placement, SecretRule
from floe_compiler.model.objects import Object
from floe_compiler.model.secret_roles import check_secret_roles
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from floe_compiler.model.yaml_text import from_yaml
from kit.samples import container, instance, pod
from support import PRODUCTION, changed

LOGIN = Secret("login.app", "floe-platform", (SecretKey("user-name"), SecretKey("password", remote="pass")))
OTHER = Secret("other", "floe-platform", (SecretKey("token"),))
VAULT = {"type": "vault", "address": "https://vault.acme.example:8200", "role": "floe"}
AWS = {"type": "aws", "region": "eu-central-1"}
AZURE = {"type": "azure", "vault": "acme-data", "tenant": "t", "client": "c"}
GCP = {"type": "gcp", "project": "acme-data"}


def way(provider: dict[str, Any]) -> CsiSecrets:
    return CsiSecrets.model_validate({"type": "csi", "provider": provider})


RULE = SecretRule.model_validate({"names": ["login.app"], "use": {"type": "csi", "provider": VAULT}})
SETTINGS = changed(PRODUCTION, platform={"secret_rules": (RULE,)})


def rendered(provider: dict[str, Any], *, copied: bool = False) -> Object:
    provider_class_ = provider_class(SETTINGS, way(provider), LOGIN, "acme/prod/x/login", copied=copied)
    assert_valid(provider_class_)
    return provider_class_


def spec_of(pod_: Pod) -> Object:
    return pod_spec(instance(SETTINGS), "web", pod_, Placement())


def test_vault() -> None:
    spec = rendered(VAULT)["spec"]
    assert (spec["provider"], "secretObjects" in spec) == ("vault", False)
    assert (spec["parameters"]["vaultAddress"], spec["parameters"]["roleName"]) == (VAULT["address"], "floe")
    assert from_yaml(spec["parameters"]["objects"]) == [
        {"objectName": "user-name", "secretPath": "secret/data/acme/prod/x/login", "secretKey": "user-name"},
        {"objectName": "password", "secretPath": "secret/data/acme/prod/x/login", "secretKey": "pass"},
    ]


def test_aws() -> None:
    parameters = rendered(AWS)["spec"]["parameters"]
    assert (parameters["region"], parameters["usePodIdentity"]) == ("eu-central-1", "true")
    fields = [{"path": '"user-name"', "objectAlias": "user-name"}, {"path": '"pass"', "objectAlias": "password"}]
    entry = {"objectName": "acme/prod/x/login", "objectType": "secretsmanager", "jmesPath": fields}
    assert from_yaml(parameters["objects"]) == [entry]
    assert "usePodIdentity" not in rendered({**AWS, "identity": "service-account"})["spec"]["parameters"]


def test_azure() -> None:
    parameters = rendered(AZURE)["spec"]["parameters"]
    assert (parameters["keyvaultName"], parameters["tenantID"], parameters["clientID"]) == ("acme-data", "t", "c")
    assert [from_yaml(text) for text in from_yaml(parameters["objects"])["array"]] == [
        {"objectName": "acme--prod--x--login--user-name", "objectType": "secret", "objectAlias": "user-name"},
        {"objectName": "acme--prod--x--login--pass", "objectType": "secret", "objectAlias": "password"},
    ]


def test_google() -> None:
    parameters = rendered(GCP)["spec"]["parameters"]
    name = "projects/acme-data/secrets/acme--prod--x--login/versions/latest"
    assert from_yaml(parameters["secrets"]) == [
        {"resourceName": name, "path": "user-name", "extractJSONKey": "user-name"},
        {"resourceName": name, "path": "password", "extractJSONKey": "pass"},
    ]


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (VAULT, ("secret/data/acme/x", "pass_word")),
        (AWS, ("acme/x", "pass_word")),
        (AZURE, ("acme-data", "acme--x--pass-word---f464d948")),
        (GCP, ("acme--x", "pass_word")),
    ],
)
def test_a_value_may_have_another_path_in_the_store(provider: dict[str, Any], expected: tuple[str, str]) -> None:
    assert place(way(provider), "acme/x", SecretKey("pass_word")) == expected


def test_a_copy_has_all_keys() -> None:
    (copy,) = rendered(VAULT, copied=True)["spec"]["secretObjects"]
    keys = [{"objectName": key, "key": key} for key in ("user-name", "password")]
    assert copy == {"secretName": "login.app", "type": "Opaque", "data": keys}


def test_each_file_is_mounted_separately_under_its_own_name() -> None:
    pod_ = pod(container(secret_files=(SecretFile("/run/secrets/app/pw", LOGIN.key("password")),)))
    spec = spec_of(pod_)
    (volume,) = [volume for volume in spec["volumes"] if "csi" in volume]
    assert volume == {
        "name": "csi-login-app-fc55d4f6",
        "csi": {
            "driver": "secrets-store.csi.k8s.io",
            "readOnly": True,
            "volumeAttributes": {"secretProviderClass": "login.app"},
        },
    }
    mounts = [mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"] == "csi-login-app-fc55d4f6"]
    path = "/run/secrets/app/pw"
    assert mounts == [{"name": "csi-login-app-fc55d4f6", "mountPath": path, "subPath": "password", "readOnly": True}]
    assert not any("projected" in entry for entry in spec["volumes"])
    assert copied_secrets(SETTINGS, "platform", [pod_]) == frozenset()


def test_a_variable_needs_a_synced_secret_and_a_mount() -> None:
    pod_ = pod(container(variables=(Variable("PASSWORD", secret=LOGIN.key("password"), reason="no files"),)))
    mounts = [
        mount for mount in spec_of(pod_)["containers"][0]["volumeMounts"] if mount["name"] == "csi-login-app-fc55d4f6"
    ]
    assert mounts == [{"name": "csi-login-app-fc55d4f6", "mountPath": "/mnt/secrets-store/login.app", "readOnly": True}]
    assert copied_secrets(SETTINGS, "platform", [pod_]) == {"login.app"}


def test_only_containers_that_read_it_mount_it() -> None:
    reads = container(secret_files=(SecretFile("/run/secrets/app/pw", LOGIN.key("password")),))
    spec = spec_of(pod(reads, container("beside")))
    assert [
        any("csi" in mount["name"] for mount in container_["volumeMounts"]) for container_ in spec["containers"]
    ] == [
        True,
        False,
    ]


def test_a_folder_with_files_of_other_secrets_is_a_volume_of_secrets() -> None:
    """A file cannot be mounted into a folder that is mounted read-only."""
    files = (SecretFile("/run/secrets/pw", LOGIN.key("password")), SecretFile("/run/secrets/token", OTHER.key("token")))
    pod_ = pod(container(secret_files=files))
    assert csi_files(SETTINGS, "platform", pod_).files == frozenset()
    assert copied_secrets(SETTINGS, "platform", [pod_]) == {"login.app"}
    (projected,) = [volume["projected"] for volume in spec_of(pod_)["volumes"] if "projected" in volume]
    assert [source["secret"]["name"] for source in projected["sources"]] == ["login.app", "other"]


def test_pods_without_such_secrets_are_unchanged() -> None:
    without_csi = pod(container(secret_files=(SecretFile("/run/secrets/token", OTHER.key("token")),)))
    assert spec_of(without_csi) == pod_spec(instance(PRODUCTION), "web", without_csi, Placement())
    settings = changed(SETTINGS, platform={"secret_rules": (RULE.model_copy(update={"scopes": ("sales",)}),)})
    pod_ = pod(container(secret_files=(SecretFile("/run/secrets/pw", LOGIN.key("password")),)))
    assert csi_files(settings, "platform", pod_).secrets == frozenset()
    assert csi_files(settings, "sales", pod_).secrets == {"login.app"}


def test_each_secret_has_a_provider_class() -> None:
    manifests = secret_objects(SETTINGS, "floe-platform", [LOGIN, OTHER], copied=["login.app"])
    assert [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests] == [
        ("SecretProviderClass", "login.app"),
        ("ExternalSecret", "other"),
    ]
    assert manifests[0]["spec"]["secretObjects"][0]["secretName"] == "login.app"
    assert secret_objects(SETTINGS, "floe-platform", [replace(LOGIN, existing=True)]) == []


ROLE = "arn:aws:iam::123456789012:role/secrets-{scope}"
OF_SALES = "arn:aws:iam::123456789012:role/secrets-sales-domain"


def notes_of(settings: Settings, *pods: Pod) -> dict[str, str]:
    """Return the annotations of the account that the pods of a domain share."""
    domain = replace(instance(settings), scope="sales")
    shared = [("web", replace(pod_, account="web")) for pod_ in pods]
    (account,) = (manifest for manifest in accounts(domain, shared) if manifest["kind"] == "ServiceAccount")
    return dict(account["metadata"].get("annotations", {}))


def with_roles(**roles: str) -> Settings:
    """Return settings by which the secret of each name is read with this role."""
    rules = tuple(
        SecretRule.model_validate(
            {
                "names": [name.replace("_", ".")],
                "use": {"type": "csi", "provider": {**AWS, "identity": "service-account", "role": role}},
            }
        )
        for name, role in roles.items()
    )
    return changed(PRODUCTION, platform={"secret_rules": rules})


READS = pod(container(secret_files=(SecretFile("/run/secrets/app/pw", LOGIN.key("password")),)))
READS_BOTH = replace(
    READS, containers=(*READS.containers, container("b", variables=(Variable("T", secret=OTHER.key("token")),)))
)


def test_the_account_of_pods_with_such_secrets_has_the_role() -> None:
    settings = with_roles(login_app=ROLE)
    assert notes_of(settings, READS) == {"eks.amazonaws.com/role-arn": OF_SALES}
    assert notes_of(settings, pod(container()), READS) == {"eks.amazonaws.com/role-arn": OF_SALES}
    assert notes_of(settings, pod(container())) == {}, "it reads none"
    assert notes_of(SETTINGS, READS) == {}, "from Vault"


def test_a_pod_with_a_role_reads_its_secrets_with_that_role() -> None:
    settings = with_roles(login_app=ROLE)
    for value, expected in (("arn:aws:iam::123456789012:role/mine", True), (AS_ITSELF, False)):
        identity = WorkloadIdentity((("eks.amazonaws.com/role-arn", value),))
        notes = notes_of(settings, replace(READS, workload_identity=identity))
        assert notes == ({"eks.amazonaws.com/role-arn": value} if expected else {})


def test_two_roles_for_one_pod_are_refused() -> None:
    settings = with_roles(login_app=ROLE, other="arn:aws:iam::123456789012:role/others")
    with pytest.raises(TwoIdentities, match="secrets-sales-domain"):
        check_secret_roles(settings.platform, "sales", Parts(workloads=(Workload("web", READS_BOTH),)))
    check_secret_roles(settings.platform, "sales", Parts(workloads=(Workload("web", READS),)))
    same_role = with_roles(login_app=ROLE, other=ROLE)
    check_secret_roles(same_role.platform, "sales", Parts(workloads=(Workload("web", READS_BOTH),)))


def test_a_role_is_for_service_accounts() -> None:
    with pytest.raises(ValidationError, match="write identity: service-account"):
        way({**AWS, "role": ROLE})
