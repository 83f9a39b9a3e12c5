"""Secrets: read from a store or generated in the cluster; the output never has a value."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.kit.secret_stores import NotGeneratable, secret_objects, shared_store
from floe_compiler.model.inputs import ExternalSecrets, StoreReference
from floe_compiler.model.objects import Object
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings
from kit.samples import SECRET
from support import DEVELOPMENT, PRODUCTION, changed

TOKEN = Secret("crm", "floe-sales-domain", (SecretKey("token", remote="api-token"),), path="crm/prod")


def only(settings: Settings, namespace: str, secret: Secret) -> dict[str, Any]:
    (external_secret,) = (
        manifest for manifest in secret_objects(settings, namespace, [secret]) if manifest["kind"] == "ExternalSecret"
    )
    assert external_secret["apiVersion"] == "external-secrets.io/v1"
    assert external_secret["metadata"]["labels"]["app.kubernetes.io/component"] == "secrets"
    assert external_secret["metadata"]["name"] == external_secret["spec"]["target"]["name"] == secret.name
    return dict(external_secret["spec"])


def kinds(objects: list[Object]) -> list[str]:
    return [f"{manifest['kind']} {manifest['metadata']['name']}" for manifest in objects]


def test_each_secret_key_is_fetched_from_the_store() -> None:
    store = StoreReference(kind="SecretStore", name="aws")
    backend = ExternalSecrets(type="external-secrets", store=store, refresh_interval="30m")
    settings = changed(PRODUCTION, platform={"secrets": backend})
    spec = only(settings, "floe-platform", SECRET)
    assert spec["secretStoreRef"] == {"kind": "SecretStore", "name": "aws"}
    assert spec["refreshInterval"] == "30m0s"
    assert spec["data"] == [
        {
            "secretKey": "password",
            "remoteRef": {
                "key": "acme/prod/floe-platform/login",
                "property": "password",
                "conversionStrategy": "Default",
                "decodingStrategy": "None",
                "metadataPolicy": "None",
            },
        }
    ]


def test_keys_that_are_not_secret_are_added_by_the_template() -> None:
    for settings in (PRODUCTION, DEVELOPMENT):
        target = only(settings, "floe-platform", SECRET)["target"]
        assert target["template"] == {
            "engineVersion": "v2",
            "mergePolicy": "Merge",
            "type": "Opaque",
            "data": {"username": "app"},
        }
        assert (target["creationPolicy"], target["deletionPolicy"]) == ("Owner", "Retain")


def test_a_secret_may_be_elsewhere_under_another_name() -> None:
    (data,) = only(PRODUCTION, "floe-sales-domain", TOKEN)["data"]
    assert data["secretKey"] == "token"
    assert (data["remoteRef"]["key"], data["remoteRef"]["property"]) == ("crm/prod", "api-token")


def test_readers_in_other_namespaces_ask_the_store_for_the_owners_value() -> None:
    (data,) = only(PRODUCTION, "floe-sales-domain", SECRET)["data"]
    assert data["remoteRef"]["key"] == "acme/prod/floe-platform/login"


def test_the_type_of_a_secret_is_kept() -> None:
    login = Secret("pull", "floe-platform", (SecretKey(".dockerconfigjson"),), "kubernetes.io/dockerconfigjson")
    target = only(PRODUCTION, "floe-platform", login)["target"]
    assert target["template"]["type"] == "kubernetes.io/dockerconfigjson"
    assert "data" not in target["template"]


def test_nothing_is_rendered_for_an_existing_secret() -> None:
    assert secret_objects(PRODUCTION, "floe-platform", [replace(SECRET, existing=True)]) == []
    assert secret_objects(DEVELOPMENT, "floe-platform", [replace(SECRET, existing=True)]) == []


def test_values_that_are_not_remembered_are_generated_again_on_a_change() -> None:
    """Otherwise an added key would never be generated."""
    (external_secret, *_) = secret_objects(DEVELOPMENT, "floe-platform", [replace(SECRET, remembered=False)])
    assert (external_secret["spec"]["refreshPolicy"], external_secret["spec"]["refreshInterval"]) == ("OnChange", "0s")
    assert "annotations" not in external_secret["metadata"]


def test_without_a_store_the_owner_generates_values_once() -> None:
    spec = only(DEVELOPMENT, "floe-platform", SECRET)
    assert (spec["refreshPolicy"], spec["refreshInterval"]) == ("CreatedOnce", "0s")
    (external_secret, *_) = secret_objects(DEVELOPMENT, "floe-platform", [SECRET])
    annotations = external_secret["metadata"]["annotations"]
    assert "Prune=false" in annotations["argocd.argoproj.io/sync-options"], "a volume keeps the password, too"
    assert spec["dataFrom"] == [
        {
            "rewrite": [{"regexp": {"source": "^password$", "target": "password"}}],
            "sourceRef": {
                "generatorRef": {
                    "apiVersion": "generators.external-secrets.io/v1alpha1",
                    "kind": "Password",
                    "name": "password-32",
                }
            },
        }
    ]


def test_each_length_has_one_generator_where_it_is_used() -> None:
    secrets = [
        SECRET,
        Secret("key", "floe-platform", (SecretKey("key", generated=64), SecretKey("salt", generated=32))),
        Secret("elsewhere", "floe-sales-domain", (SecretKey("key", generated=16),)),
        Secret("plain", "floe-platform", (SecretKey("user", literal="x"),)),
    ]
    manifests = secret_objects(DEVELOPMENT, "floe-platform", secrets)
    assert kinds(manifests)[-2:] == ["Password password-32", "Password password-64"]
    assert sum(manifest["kind"] == "Password" for manifest in manifests) == 2
    generator = manifests[-1]
    assert generator["apiVersion"] == "generators.external-secrets.io/v1alpha1"
    assert generator["metadata"]["labels"]["app.kubernetes.io/component"] == "secrets"
    # No symbols: values end up in URLs and shells. The operator demands the two switches.
    assert generator["spec"] == {
        "length": 64,
        "digits": 16,
        "symbols": 0,
        "noUpper": False,
        "allowRepeat": True,
    }
    assert "Password" not in {manifest["kind"] for manifest in secret_objects(PRODUCTION, "floe-platform", secrets)}


def test_without_a_store_others_read_the_values_of_the_owner() -> None:
    spec = only(DEVELOPMENT, "floe-sales-domain", SECRET)
    assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "floe-platform-secrets"}
    assert spec["refreshInterval"] == "1m0s"
    (data,) = spec["data"]
    assert (data["secretKey"], data["remoteRef"]["key"], data["remoteRef"]["property"]) == (
        "password",
        "login",
        "password",
    )


def test_a_value_that_only_another_system_knows_cannot_be_generated() -> None:
    lost = Secret("crm", "floe-platform", (SecretKey("user", literal="x"), SecretKey("token"), SecretKey("id")))
    with pytest.raises(NotGeneratable) as refused:
        secret_objects(DEVELOPMENT, "floe-platform", [lost])
    assert (refused.value.secret, refused.value.keys) == (lost, ("token", "id"))
    assert str(refused.value) == "secret crm (token, id) cannot be generated"


def test_secrets_are_sorted_and_unique() -> None:
    more = [replace(TOKEN, name=f"secret-{number}") for number in range(5)]
    manifests = secret_objects(PRODUCTION, "floe-sales-domain", [SECRET, TOKEN, *reversed(more), SECRET])
    names = ["crm", "login", *(secret.name for secret in more)]
    assert kinds(manifests) == [f"ExternalSecret {name}" for name in names]


def test_the_shared_store_lets_readers_read_only_the_named_secrets() -> None:
    account, role, binding, store = shared_store(DEVELOPMENT, "floe-platform", {"b", "a"}, ["s2", "s1"])
    assert [f"{manifest['apiVersion']} {manifest['kind']}" for manifest in (account, role, binding, store)] == [
        "v1 ServiceAccount",
        "rbac.authorization.k8s.io/v1 Role",
        "rbac.authorization.k8s.io/v1 RoleBinding",
        "external-secrets.io/v1 ClusterSecretStore",
    ]
    reader = {"name": "secret-reader", "namespace": "floe-platform"}
    for manifest in (account, role, binding):
        assert {key: manifest["metadata"][key] for key in reader} == reader
        assert manifest["metadata"]["labels"]["app.kubernetes.io/component"] == "secrets"
    assert account["automountServiceAccountToken"] is False
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["s1", "s2"], "verbs": ["get"]}
    ]
    assert binding["subjects"] == [{"kind": "ServiceAccount", **reader}]
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "secret-reader",
    }
    assert store["metadata"]["name"] == "floe-platform-secrets"
    assert "namespace" not in store["metadata"]
    assert store["spec"] == {
        "conditions": [{"namespaces": ["a", "b"]}],
        "provider": {
            "kubernetes": {
                "remoteNamespace": "floe-platform",
                "server": {
                    "caProvider": {
                        "type": "ConfigMap",
                        "name": "kube-root-ca.crt",
                        "key": "ca.crt",
                        "namespace": "floe-platform",
                    }
                },
                "auth": {"serviceAccount": reader},
            }
        },
    }
