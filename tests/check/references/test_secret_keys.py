"""The keys of Secrets that will exist."""

from __future__ import annotations

from typing import Any

from floe_compiler.check.references.secret_keys import SecretKeys, secrets_of
from floe_compiler.model.objects import identify
from floe_compiler.model.rendered import ExistingSecret
from tables import table

REMOTE = {"key": "path"}
PASSWORD = {"sourceRef": {"generatorRef": {"kind": "Password", "name": "x"}}}


def secret_of(api_version: str, kind: str, **rest: Any) -> SecretKeys:
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "ns", "name": "own"}, **rest}
    (secret,) = secrets_of([(identify(manifest), manifest)], ())
    return secret


@table(
    "spec, keys",
    [
        ({"data": [{"secretKey": "a", "remoteRef": REMOTE}, {"secretKey": "b", "remoteRef": REMOTE}]}, {"a", "b"}),
        ({"dataFrom": [{"extract": REMOTE}]}, None),
        ({"dataFrom": [{"find": {"path": "x"}}], "data": [{"secretKey": "a"}]}, None),
        ({"dataFrom": [PASSWORD]}, {"password"}),
        ({"dataFrom": [PASSWORD | {"rewrite": []}]}, None),
        ({"dataFrom": [PASSWORD], "data": [{"secretKey": "a"}]}, {"a", "password"}),
        ({"data": [{"secretKey": "a"}], "target": {"template": {"data": {"b": ""}}}}, {"b"}),
        ({"dataFrom": [{"extract": REMOTE}], "target": {"template": {"data": {"b": ""}}}}, {"b"}),
        (
            {"data": [{"secretKey": "a"}], "target": {"template": {"mergePolicy": "Merge", "data": {"b": ""}}}},
            {"a", "b"},
        ),
        ({"target": {"template": {"templateFrom": [{"literal": "x"}]}}}, None),
        ({"data": [{"secretKey": "a"}], "target": {"template": {"type": "x"}}}, {"a"}),
    ],
)
def test_keys_of_external_secrets_follow_data_and_template(spec: dict[str, Any], keys: set[str] | None) -> None:
    secret = secret_of("external-secrets.io/v1", "ExternalSecret", spec=spec)
    assert secret.keys == (None if keys is None else frozenset(keys))


def test_name_and_type_of_external_secrets() -> None:
    secret = secret_of("external-secrets.io/v1", "ExternalSecret", spec={})
    assert (secret.namespace, secret.name, secret.type) == ("ns", "own", "Opaque")
    target = {"name": "other", "template": {"type": "kubernetes.io/tls"}}
    secret = secret_of("external-secrets.io/v1", "ExternalSecret", spec={"target": target})
    assert (secret.name, secret.type) == ("other", "kubernetes.io/tls")


def test_an_external_secret_that_only_fetches_writes_nothing() -> None:
    manifest = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "spec": {"target": {"creationPolicy": "None"}},
    }
    assert list(secrets_of([(identify(manifest), manifest)], ())) == []


def external(name: str, policy: str, *keys: str) -> Any:
    spec = {"data": [{"secretKey": key} for key in keys], "target": {"name": "shared", "creationPolicy": policy}}
    metadata = {"namespace": "ns", "name": name}
    return {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": metadata, "spec": spec}


def test_an_external_secret_that_merges_adds_keys_and_is_not_a_second_writer() -> None:
    manifests = [external("a", "Merge", "x"), external("b", "Orphan", "y"), external("c", "Merge", "z")]
    (secret,) = secrets_of([(identify(manifest), manifest) for manifest in manifests], ())
    assert (secret.keys, secret.writer) == (frozenset("xyz"), "ExternalSecret.external-secrets.io ns/b")
    somebody = [ExistingSecret("ns", "shared", ("w",), "Opaque")]
    (secret,) = secrets_of([(identify(manifests[0]), manifests[0])], somebody)
    assert (secret.keys, secret.writer) == (frozenset("wx"), "")
    (secret,) = secrets_of([(identify(manifest), manifest) for manifest in manifests[::2]], ())
    assert secret.keys == frozenset("xz")


def test_other_writers_of_secrets_are_known() -> None:
    sealed = {"encryptedData": {"a": "x"}, "template": {"type": "T", "data": {"b": "y"}}}
    secret = secret_of("bitnami.com/v1alpha1", "SealedSecret", spec=sealed)
    assert (secret.name, secret.keys, secret.type) == ("own", frozenset({"a", "b"}), "T")
    secret = secret_of("cert-manager.io/v1", "Certificate", spec={"secretName": "web-tls"})
    assert (secret.name, secret.type) == ("web-tls", "kubernetes.io/tls")
    assert secret.keys == frozenset({"ca.crt", "tls.crt", "tls.key"})
    secret = secret_of("v1", "Secret", data={"a": ""}, stringData={"b": ""})
    assert (secret.keys, secret.type) == (frozenset({"a", "b"}), "Opaque")


def test_secrets_written_elsewhere_are_accepted() -> None:
    existing = [ExistingSecret("ns", "b", ("user",)), ExistingSecret("ns", "a")]
    assert [(secret.name, secret.keys) for secret in secrets_of((), existing)] == [("a", None), ("b", {"user"})]
