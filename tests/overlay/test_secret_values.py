"""Hand-written objects and patches that give secrets away, and those that only refer to them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compiler.model.credentials import secret_in
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import Document
from floe_compiler.overlay import secret_values
from floe_compiler.overlay.secret_values import check_secret_values
from overlay.overlay_mesh import Mesh

VALUE = "hunter2"
HEAD = "apiVersion: {}\nkind: {}\nmetadata: {{name: a, namespace: sales}}\n"
CONFIG_MAP = HEAD.format("v1", "ConfigMap")
EXTERNAL = HEAD.format("external-secrets.io/v1", "ExternalSecret")
CUSTOM = HEAD.format("acme.example/v1", "Shop")
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n"
FILE = "base/kustomization.yaml"
REFERENCE = Path(__file__).parents[2] / "output"
NAME = "has a value, but its name is that of a secret"


def problems(data: Any) -> list[str]:
    findings = Findings()
    check_secret_values(Document("a.yaml", data), findings)
    assert all(
        diagnostic.secret and VALUE not in diagnostic.message + diagnostic.hint for diagnostic in findings.diagnostics
    )
    return [diagnostic.message for diagnostic in findings.diagnostics]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (f"{CONFIG_MAP}data:\n  DB_PASSWORD: {VALUE}\n", "5:16", f"data.DB_PASSWORD {NAME}"),
        (f"{CONFIG_MAP}binaryData:\n  api-token: aHVudGVyMg==\n", "5:14", f"binaryData.api-token {NAME}"),
        (
            f"{ACCOUNT}  annotations:\n    acme.example/token: {VALUE}\n",
            "6:25",
            f"metadata.annotations.acme.example/token {NAME}",
        ),
        (
            f"{ACCOUNT}  annotations:\n    note: app:{VALUE}@db\n",
            "6:11",
            "metadata.annotations.note holds what looks like a user and a password before a host",
        ),
        (f"{CUSTOM}spec:\n  password: {VALUE}\n", "5:13", f"spec.password {NAME}"),
        (f"{CUSTOM}spec:\n  users:\n  - password: 12345678\n", "6:15", f"spec.users[0].password {NAME}"),
        (
            f"{CUSTOM}spec:\n  parameters:\n  - name: db.password\n    value: {VALUE}\n",
            "7:12",
            'spec.parameters[0].value gives "db.password" a value',
        ),
        (
            f"{EXTERNAL}spec:\n  target:\n    template:\n      data:\n        password: {VALUE}\n",
            "8:19",
            f"spec.target.template.data.password {NAME}",
        ),
        (f"{CUSTOM}spec:\n  client_secret: {VALUE}\n", "5:18", f"spec.client_secret {NAME}"),
        (f"{CONFIG_MAP}data:\n  CLIENT_SECRET: {VALUE}\n", "5:18", f"data.CLIENT_SECRET {NAME}"),
        (f"{CONFIG_MAP}data:\n  APP_SECRET: {VALUE}\n", "5:15", f"data.APP_SECRET {NAME}"),
    ],
)
def test_a_secret_value_in_an_object_is_refused_at_its_place(mesh: Mesh, text: str, place: str, message: str) -> None:
    mesh.write({FILE: "resources: [a.yaml]\n", "base/a.yaml": text})

    (problem,) = mesh.problems()
    assert (problem.rule.code, str(problem.span), problem.message) == ("K021", f"base/a.yaml:{place}", message)
    assert problem.secret
    assert "ExternalSecret" in problem.hint


@pytest.mark.parametrize(
    ("patch", "place", "message"),
    [
        (f"{CONFIG_MAP}data:\n  DB_PASSWORD: {VALUE}\n", "5:16", f"data.DB_PASSWORD {NAME}"),
        (f"- op: add\n  path: /data/DB_PASSWORD\n  value: {VALUE}\n", "3:10", f"data.DB_PASSWORD {NAME}"),
        (f"- op: add\n  path: /data\n  value: {{DB_PASSWORD: {VALUE}}}\n", "3:24", f"data.DB_PASSWORD {NAME}"),
        (
            f"- op: add\n  path: /metadata/annotations/acme.example~1token\n  value: {VALUE}\n",
            "3:10",
            f"metadata.annotations.acme.example/token {NAME}",
        ),
    ],
)
def test_a_secret_value_in_a_patch_is_refused_at_its_place(mesh: Mesh, patch: str, place: str, message: str) -> None:
    entry = {"path": "p.yaml", "target": {"kind": "ConfigMap", "name": "a"}}
    mesh.write({FILE: json.dumps({"resources": ["a.yaml"], "patches": [entry]})})
    mesh.write({"base/a.yaml": CONFIG_MAP, "base/p.yaml": patch})

    (problem,) = mesh.problems()
    assert (problem.rule.code, str(problem.span), problem.message) == ("K021", f"base/p.yaml:{place}", message)


@pytest.mark.parametrize(
    "spec",
    [
        {"secretName": "db"},
        {"passwordSecretRef": {"name": "db", "key": "password"}},
        {"passwordKey": "password"},
        {"secretKeyRef": {"name": "db", "password": "pass"}},
        {"keys": {"password": "pass"}},
        {"auth": {"secret": {"password": "pass"}}},
        {"secret": "db", "credentials": "db"},
        {"tls-secret": "sales/db", "passwordSecret": "db"},
        {"data": [{"secretKey": "password", "remoteRef": {"key": "db"}}]},
        {"secretTargetRef": [{"parameter": "password", "name": "db", "key": "password"}]},
        {"env": [{"name": "DB_SECRET", "value": "db"}, {"name": "DB_PASSWORD_FILE", "value": "x"}]},
        {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
        {"password": ""},
        {"password": None, "token": True, "apiKey": "true"},
        {"password": "/run/secrets/password", "token": "$(TOKEN)", "pwd": "${PWD}", "api_key": "<key>"},
        {"password": "{{ .password }}", "passphrase": "{{ .a }}", "pg_pass": "PG_PASSWORD"},
        {"passwordPolicy": "strong", "tokenExpirationSeconds": 3600, "secretStoreRef": {"name": "vault"}},
        {"rules": {"kafka": [{"apiKey": "produce"}]}},
        {"provider": {"oracle": {"encryptionKey": "ocid1.key.oc1..a"}}},
        {"access-key": "warehouse", "AWS_ACCESS_KEY": "warehouse"},
        {"privateKey": {"algorithm": "RSA"}},
        {"encryptedData": {"password": "AgBy"}},
        {"image": "ghcr.io/acme/data:1.2@sha256:" + "0a" * 32},
        {"url": "postgresql://$(USER):$(PASSWORD)@db"},
    ],
)
def test_references_to_secrets_are_accepted(spec: dict[str, Any]) -> None:
    assert problems({"apiVersion": "acme.example/v1", "kind": "Shop", "metadata": {"name": "a"}, "spec": spec}) == []


@pytest.mark.parametrize(
    "annotations",
    [
        {"nginx.ingress.kubernetes.io/auth-secret": "basic-auth"},
        {"nginx.ingress.kubernetes.io/auth-tls-secret": "sales/ca"},
        {"vault.hashicorp.com/agent-inject-secret-password": "secret/data/db"},
        {"vault.hashicorp.com/agent-inject-token": "true"},
        {"acme.example/owner": "jane@acme.example"},
        {"floe.dev/exception-automountServiceAccountToken": "it reads the Services of the namespace"},
        {"floe.dev/accept-C117": "the program replaces TOKEN itself"},
    ],
)
def test_annotations_with_names_of_secrets_are_accepted(annotations: dict[str, str]) -> None:
    assert problems({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "annotations": annotations}}) == []


def test_secrets_and_definitions_are_left_to_other_rules() -> None:
    assert problems({"apiVersion": "v1", "kind": "Secret", "stringData": {"password": VALUE}}) == []
    schema = {"description": f"such as user:{VALUE}@host", "default": {"password": VALUE}}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": schema}
    assert problems(definition) == []


@pytest.mark.parametrize("data", [None, "x", [], [5], [{"op": "add"}], [{"op": "remove", "path": "/a/token"}]])
def test_malformed_objects_are_left_to_other_rules(data: Any) -> None:
    assert problems(data) == []


KEY_ID = "spec.target.template.data.access-key "
"""The ID of an access key of SeaweedFS, with capitals. It is no secret, but looks like one in a hand-written object."""


@pytest.mark.parametrize(
    "environment", ["prod", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("dev", "staging"))]
)
def test_nothing_that_the_reference_mesh_renders_would_be_refused(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_values, "secret_in", cache(secret_in))  # most texts are in many files
    files = sorted((REFERENCE / environment).rglob("*.yaml"))
    assert files
    for file in files:
        messages = problems(yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader))
        assert [message for message in messages if not message.startswith(KEY_ID)] == [], file
